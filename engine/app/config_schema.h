// The JSON Schema (draft 2020-12) of the configuration file, out of the key table. Pure; the same text every time.
#pragma once

#include <string>

namespace kubevigil {

std::string config_schema();  // indented, with a line feed at the end

}  // namespace kubevigil
