// The built-in pack: rules, lists and cases of detections/, compiled into the program by cmake/pack.cmake.
// Names are paths from the root of the source tree, so that diagnostics point where an author would look.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rule/rule_loader.h"
#include "engine/run/case_file.h"

namespace kubevigil {

struct PackFile {
  std::string_view path;  // "detections/pods/privileged_pod.yaml"
  std::string_view text;
};

// All files, sorted by path. Defined by the generated source.
std::span<const PackFile> pack_files();

std::vector<RuleSource> builtin_rules();
// "lists/miner_images" -> YAML text, as LoadOptions::lists wants it.
std::map<std::string, std::string> builtin_lists();
std::vector<CaseSource> builtin_cases();
std::string_view builtin_threats();  // detections/threats.yaml

}  // namespace kubevigil
