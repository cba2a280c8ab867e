// Comparison of the alerts that a case expects with those that came, field by field.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/run/case_file.h"
#include "engine/run/case_stream.h"

namespace kubevigil {

// One finding each: a missing alert, an unexpected one, or one that differs, with every field that does. Only alerts of
// `under_test` and of rules that `expected` names are looked at. Empty: all as expected.
std::vector<std::string> compare_alerts(const RuleSet& rules, const std::set<uint32_t>& under_test,
                                        std::span<const ExpectedAlert> expected, std::span<const StreamAlert> actual,
                                        Timestamp start);

// (rule, group) of each alert of `under_test`, as text.
std::set<std::string> alert_keys(const RuleSet& rules, const std::set<uint32_t>& under_test,
                                 std::span<const StreamAlert> alerts);

}  // namespace kubevigil
