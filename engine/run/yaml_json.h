// JSON text of a YAML node: plain scalars become numbers, booleans and null as YAML 1.2's core schema says, quoted
// ones stay strings. For bodies written in case files.
#pragma once

#include <string>

#include "engine/rule/yaml.h"

namespace kubevigil {

std::string to_json(const YamlNode& node);

}  // namespace kubevigil
