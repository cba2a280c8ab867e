#include "engine/run/sink_filter.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/match/pattern_set.h"

namespace kubevigil {
namespace {

bool names(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return name_fits(pattern, text); });
}

bool names_rule(const std::vector<std::string>& patterns, const Alert& alert) {
  return names(patterns, alert.rule_name) || names(patterns, alert.rule_id);
}

}  // namespace

bool name_fits(const std::string& pattern, std::string_view name) { return glob_matches(folded(pattern), name, true); }

bool passes(const SinkFilter& filter, const Alert& alert) {
  if (alert.level < filter.min_level) return false;
  if (!filter.rules.empty() && !names_rule(filter.rules, alert)) return false;
  if (names_rule(filter.not_rules, alert)) return false;
  return filter.clusters.empty() || names(filter.clusters, alert.cluster);
}

}  // namespace kubevigil
