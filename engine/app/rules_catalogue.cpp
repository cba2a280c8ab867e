#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/alert/attack.h"
#include "engine/app/rule_facts.h"
#include "engine/app/rules_pages.h"
#include "engine/base/text.h"
#include "engine/rule/check_formats.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHead = R"(# The built-in rules

Made by `kubevigil rules catalogue`; a test holds this page against the rules, `make docs` makes it anew. Audit level: what the
audit policy must log of the requests that a rule looks at, with Metadata for the rest. Preset: the smallest one in which the
rule alerts. `kubevigil rules show NAME` says more of each, [COVERAGE.md](COVERAGE.md) what they are for.

)";

constexpr std::string_view kRoot = "detections/";

// The folder of a built-in rule: "pods".
std::string area_of(const Rule& rule) {
  const std::string& file = rule.meta.span.file;
  if (!rule.meta.builtin || !file.starts_with(kRoot)) return "your own";
  const size_t end = file.find('/', kRoot.size());
  return end == std::string::npos ? "others" : file.substr(kRoot.size(), end - kRoot.size());
}

struct Area {
  std::vector<const Rule*> alerting, read;
};

std::map<std::string, Area> areas_of(const RuleSet& rules) {
  std::map<std::string, Area> areas;
  for (const Rule& rule : rules.rules) {
    if (is_view(rule)) continue;
    Area& area = areas[area_of(rule)];
    (rule.alerts ? area.alerting : area.read).push_back(&rule);
  }
  const auto by_name = [](const Rule* a, const Rule* b) { return a->meta.name < b->meta.name; };
  const auto by_level = [](const Rule* a, const Rule* b) {
    return a->meta.level != b->meta.level ? a->meta.level > b->meta.level : a->meta.name < b->meta.name;
  };
  for (auto& [name, area] : areas) {
    std::sort(area.alerting.begin(), area.alerting.end(), by_level);
    std::sort(area.read.begin(), area.read.end(), by_name);
  }
  return areas;
}

std::string row_of(const Rule& rule, const RuleSet& rules) {
  return fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", rule.meta.name, cell(rule.meta.title),
                     to_text(rule.meta.level), fmt::join(techniques_of(rule), " "), facts_of(rule, rules).needed_level,
                     to_text(rule.extension.stage), rule.meta.builtin ? to_text(rule.extension.preset) : "own");
}

std::string totals(const RuleSet& rules) {
  std::array<size_t, kLevelNames.size()> levels{};
  std::array<size_t, kPresetNames.size()> presets{};
  size_t alerting = 0, read = 0;
  for (const Rule& rule : rules.rules) {
    if (is_view(rule)) continue;
    ++(rule.alerts ? alerting : read);
    if (!rule.alerts) continue;
    ++levels[static_cast<size_t>(rule.meta.level)];
    ++presets[static_cast<size_t>(rule.extension.preset)];
  }
  std::string out = fmt::format("{} rules alert", alerting);
  for (size_t i = levels.size(); i-- > 0;) out += fmt::format(", {} {}", levels[i], kLevelNames[i]);
  out += fmt::format("; {} more are only read by these. Of those that alert,", read);
  for (size_t i = 0; i < presets.size(); ++i) {
    out += fmt::format("{} {} {}", i == 0 ? "" : ",", presets[i], i == 0 ? "are of core" : kPresetNames[i]);
  }
  return out + ".\n";
}

}  // namespace

std::string cell(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::string out;
  for (const char c : printable(line)) {
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
      continue;
    }
    if (c == '|' || c == '\\' || c == '[') out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string> techniques_of(const Rule& rule) {
  std::vector<std::string> ids;
  for (const AlertAttack& attack : attack_of_tags(rule.meta.tags)) {
    const std::string& id = attack.technique_id;
    if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

std::string catalogue_page(const RuleSet& rules) {
  std::string out = std::string(kHead) + totals(rules);
  for (const auto& [name, area] : areas_of(rules)) {
    out += "\n## " + name + "\n";
    if (!area.alerting.empty()) {
      out += "\n| rule | title | level | ATT&CK | audit level | stage | preset |\n|---|---|---|---|---|---|---|\n";
      for (const Rule* rule : area.alerting) out += row_of(*rule, rules);
    }
    if (area.read.empty()) continue;
    out += "\nOnly read by others:";
    for (const Rule* rule : area.read) out += (rule == area.read.front() ? " `" : ", `") + rule->meta.name + "`";
    out += ".\n";
  }
  return out;
}

}  // namespace kubevigil
