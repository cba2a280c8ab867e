#include "engine/app/filter_facts.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/match/pattern_set.h"
#include "engine/run/self_alert.h"

namespace kubevigil {
namespace {

using Texts = std::vector<std::string>;

Texts names_of(const RuleSet& rules) {
  Texts out;
  for (const Rule& rule : rules.rules) {
    out.push_back(rule.meta.name);
    out.push_back(rule.meta.id);
  }
  for (const SelfAlertRow& row : self_alert_rows()) {
    out.push_back("kubevigil_" + std::string(row.name));
    out.emplace_back(row.rule_id);
  }
  return out;
}

bool fits_any(const std::string& pattern, const Texts& texts) {
  const std::string wanted = folded(pattern);
  return std::ranges::any_of(
      texts, [&](const std::string& text) { return !text.empty() && glob_matches(wanted, text, true); });
}

}  // namespace

std::vector<IdlePattern> idle_patterns(const Config& config, const RuleSet& rules) {
  const Texts names = names_of(rules);
  const auto clusters = known_clusters(config.inputs);
  std::vector<IdlePattern> out;
  const auto look = [&](const std::string& output, std::string_view key, const Texts& patterns, const Texts& known) {
    for (const std::string& pattern : patterns) {
      if (!fits_any(pattern, known)) out.push_back({output, std::string(key), pattern});
    }
  };
  for (const OutputConfig& output : config.outputs) {
    look(output.name, "rules", output.filter.rules, names);
    look(output.name, "not-rules", output.filter.not_rules, names);
    if (clusters) look(output.name, "clusters", output.filter.clusters, *clusters);
  }
  return out;
}

}  // namespace kubevigil
