// Names in the filters of outputs, against what there is: one that fits nothing sends no alert, or leaves none out, and
// nobody would notice. A warning, since rules may come later.
#include <fmt/format.h>

#include <algorithm>

#include "engine/app/config_check.h"
#include "engine/app/rule_selection.h"
#include "engine/app/serve_rules.h"
#include "engine/base/text.h"
#include "engine/run/self_alert.h"
#include "engine/run/sink_filter.h"

namespace kubevigil {
namespace {

void look_up(const std::vector<std::string>& patterns, std::string_view kind, const std::vector<std::string>& known,
             const std::string& path, LoadedConfig& loaded) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  for (const std::string& pattern : patterns) {
    if (std::ranges::any_of(known, [&](const std::string& name) { return name_fits(pattern, name); })) continue;
    const std::string_view meant = nearest(pattern, candidates);
    loaded.diagnostics.warning("unknown-name", fmt::format("{}: there is no {} \"{}\"", path, kind, pattern),
                               loaded.span_of(path), meant.empty() ? "" : fmt::format("did you mean {}?", meant));
  }
}

std::vector<std::string> rule_names(const Config& config, const Env& env) {
  const SelectedRules selected = read_selection(selection_of(config), env.now());
  const LoadedRules loaded = load_rules(selected.sources, selected.options);
  std::vector<std::string> names;
  for (const Rule& rule : loaded.rules.rules) {
    names.push_back(rule.meta.name);
    names.push_back(rule.meta.id);
  }
  for (const SelfAlertRow& row : self_alert_rows()) {
    names.push_back(fmt::format("kubevigil_{}", row.name));
    names.emplace_back(row.rule_id);
  }
  return names;
}

}  // namespace

void check_filter_clusters(LoadedConfig& loaded) {
  const Config& config = loaded.config;
  const auto known = known_clusters(config.inputs);
  if (!known) return;
  for (size_t i = 0; i < config.outputs.size(); ++i) {
    look_up(config.outputs[i].filter.clusters, "cluster", *known, fmt::format("outputs[{}].filter.clusters", i),
            loaded);
  }
}

void check_filter_rules(LoadedConfig& loaded, const Env& env) {
  const std::vector<OutputConfig>& outputs = loaded.config.outputs;
  const auto names_any = [](const OutputConfig& o) { return !o.filter.rules.empty() || !o.filter.not_rules.empty(); };
  if (std::ranges::none_of(outputs, names_any)) return;
  const std::vector<std::string> known = rule_names(loaded.config, env);
  for (size_t i = 0; i < outputs.size(); ++i) {
    look_up(outputs[i].filter.rules, "rule", known, fmt::format("outputs[{}].filter.rules", i), loaded);
    look_up(outputs[i].filter.not_rules, "rule", known, fmt::format("outputs[{}].filter.not-rules", i), loaded);
  }
}

}  // namespace kubevigil
