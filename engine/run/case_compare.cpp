#include "engine/run/case_compare.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string group_text(const StreamAlert& alert) {
  std::string out;
  for (const auto& [name, value] : alert.group) out += (out.empty() ? "" : ", ") + name + "=" + printable(value);
  return "{" + out + "}";
}

const std::string* group_value(const StreamAlert& alert, const std::string& name) {
  for (const auto& [key, value] : alert.group) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string describe(const Rule& rule, const StreamAlert& alert, Timestamp start) {
  return rule.meta.name + " at " + format_duration(alert.opened - start) + ", level " +
         std::string(to_text(alert.level)) + ", count " + std::to_string(alert.count) + ", group " + group_text(alert);
}

void add_difference(std::vector<std::string>& out, const std::string& field, const std::string& want,
                    const std::string& got) {
  if (want != got) out.push_back("    " + field + ": expected " + want + ", found " + got);
}

// The fields in which an alert is not as expected, one line each.
std::vector<std::string> differences(const ExpectedAlert& want, const StreamAlert& got, Timestamp start) {
  std::vector<std::string> out;
  if (want.at) add_difference(out, "at", format_duration(*want.at), format_duration(got.opened - start));
  if (want.level) add_difference(out, "level", std::string(to_text(*want.level)), std::string(to_text(got.level)));
  if (want.count) add_difference(out, "count", std::to_string(*want.count), std::to_string(got.count));
  for (const auto& [name, value] : want.group) {
    const std::string* found = group_value(got, name);
    add_difference(out, "group " + name, value, found == nullptr ? "no such part of the group" : printable(*found));
  }
  return out;
}

}  // namespace

std::vector<std::string> compare_alerts(const RuleSet& rules, const std::set<uint32_t>& under_test,
                                        std::span<const ExpectedAlert> expected, std::span<const StreamAlert> actual,
                                        Timestamp start) {
  std::vector<std::string> findings;
  std::vector<bool> taken(actual.size(), false);
  std::set<uint32_t> looked_at = under_test;
  for (const ExpectedAlert& want : expected) {
    const Rule* rule = rules.find(want.rule);
    if (rule == nullptr) {
      findings.push_back("expected an alert of \"" + want.rule + "\", which is no rule");
      continue;
    }
    const auto index = static_cast<uint32_t>(rule - rules.rules.data());
    looked_at.insert(index);
    // The alert of that rule with the fewest differences; ties go to the earliest.
    size_t best = actual.size();
    std::vector<std::string> best_differences;
    for (size_t i = 0; i < actual.size(); ++i) {
      if (taken[i] || actual[i].rule != index) continue;
      std::vector<std::string> found = differences(want, actual[i], start);
      if (best != actual.size() && found.size() >= best_differences.size()) continue;
      best = i;
      best_differences = std::move(found);
    }
    if (best == actual.size()) {
      findings.push_back("missing: " + want.rule + " (line " + std::to_string(want.span.line) + ")");
      continue;
    }
    taken[best] = true;
    if (best_differences.empty()) continue;
    std::string finding = "different: " + describe(*rule, actual[best], start);
    for (const std::string& line : best_differences) finding += "\n" + line;
    findings.push_back(std::move(finding));
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    if (taken[i] || !looked_at.contains(actual[i].rule)) continue;
    findings.push_back("unexpected: " + describe(rules.rules[actual[i].rule], actual[i], start));
  }
  return findings;
}

std::set<std::string> alert_keys(const RuleSet& rules, const std::set<uint32_t>& under_test,
                                 std::span<const StreamAlert> alerts) {
  std::set<std::string> keys;
  for (const StreamAlert& alert : alerts) {
    if (under_test.contains(alert.rule)) keys.insert(rules.rules[alert.rule].meta.name + " " + group_text(alert));
  }
  return keys;
}

}  // namespace kubevigil
