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

// What rules an output may send, and those that rules.preset leaves out.
struct KnownRules {
  std::vector<std::string> names, left_out;
};

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

void look_up_rules(const std::vector<std::string>& patterns, const KnownRules& known, const std::string& path,
                   LoadedConfig& loaded) {
  std::vector<std::string> others;
  for (const std::string& pattern : patterns) {
    if (std::ranges::find(known.left_out, pattern) == known.left_out.end()) {
      others.push_back(pattern);
      continue;
    }
    loaded.diagnostics.warning("unknown-name", fmt::format("{}: rules.preset leaves \"{}\" out", path, pattern),
                               loaded.span_of(path), "choose a larger preset, or remove it here");
  }
  look_up(others, "rule", known.names, path, loaded);
}

KnownRules known_rules(const Config& config, const Env& env) {
  const SelectedRules selected = read_selection(selection_of(config.rules), env.now());
  const LoadedRules loaded = load_rules(selected.sources, selected.options);
  KnownRules known;
  std::vector<std::string>& names = known.names;
  for (const Rule& rule : loaded.rules.rules) {
    names.push_back(rule.meta.name);
    names.push_back(rule.meta.id);
  }
  for (const SelfAlertRow& row : self_alert_rows()) {
    names.push_back(fmt::format("kubevigil_{}", row.name));
    names.emplace_back(row.rule_id);
  }
  known.left_out = loaded.rules.left_out;
  return known;
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
  const KnownRules known = known_rules(loaded.config, env);
  for (size_t i = 0; i < outputs.size(); ++i) {
    look_up_rules(outputs[i].filter.rules, known, fmt::format("outputs[{}].filter.rules", i), loaded);
    look_up_rules(outputs[i].filter.not_rules, known, fmt::format("outputs[{}].filter.not-rules", i), loaded);
  }
}

}  // namespace kubevigil
