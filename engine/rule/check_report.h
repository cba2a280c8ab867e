// The result of `rules check`: every problem of all files at once, in one of four forms.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/rule/rule_loader.h"

namespace kubevigil {

enum class CheckFormat : uint8_t { Text, Json, Sarif, Junit };
std::optional<CheckFormat> parse_check_format(std::string_view name);

struct CheckOptions {
  bool portable = false;  // list which rules convert with other Sigma tools
  std::string version;    // of the program, for sarif
};

// Text is escaped for terminals; json is one document; sarif is 2.1.0 (OASIS); junit is XML with a suite of one case a
// file. Ends with a newline.
std::string check_report(const LoadedRules& loaded, CheckFormat format, const CheckOptions& options);

// What a check of some files says when they were loaded with others that they refer to: leaves out the others' rules,
// problems and lines. The references of correlations in what is left are dead.
void keep_checked(LoadedRules& loaded, const std::set<std::string>& files);

// No errors. Warnings and notes pass.
bool check_passed(const LoadedRules& loaded);

}  // namespace kubevigil
