#include "engine/app/policy_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string place_of(const PolicyReport& report, size_t rule) {
  if (rule >= report.policy.rules.size()) return "no rule";
  return fmt::format("line {}", report.policy.rules[rule].span.line);
}

std::string percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::vector<const RuleSight*> sights_of(const PolicyReport& report, const RuleSet& rules, Sight sight) {
  std::vector<const RuleSight*> out;
  for (const RuleSight& s : report.sights) {
    if (s.sight == sight && rules.rules[s.rule].alerts) out.push_back(&s);
  }
  std::sort(out.begin(), out.end(), [&](const RuleSight* a, const RuleSight* b) {
    return rules.rules[a->rule].meta.name < rules.rules[b->rule].meta.name;
  });
  return out;
}

std::string reason(const PolicyReport& report, const LostRequests& lost) {
  const std::string what = lost.stage ? "its stage is omitted" : fmt::format("needs {}", to_text(lost.needed));
  return fmt::format("{}, {}, {}: {} requests such as {}", place_of(report, lost.policy_rule), to_text(lost.given),
                     what, lost.requests, printable(lost.example));
}

std::string name_of(const RuleSet& rules, uint32_t rule) { return printable(rules.rules[rule].meta.name); }

void write_lost(const PolicyReport& report, const RuleSet& rules, const RuleSight& sight, size_t most,
                std::string& out) {
  for (size_t i = 0; i < std::min(most, sight.lost.size()); ++i) {
    out += "      " + reason(report, sight.lost[i]) + "\n";
  }
  if (sight.lost.size() > most) out += fmt::format("      and {} more reasons (--all)\n", sight.lost.size() - most);
  for (const uint32_t lacking : sight.lacking)
    out += "      reads " + name_of(rules, lacking) + ", which does not see all\n";
}

void write_sights(const PolicyReport& report, const RuleSet& rules, bool all, std::string& out) {
  const auto blind = sights_of(report, rules, Sight::Blind), part = sights_of(report, rules, Sight::Part);
  const size_t whole = sights_of(report, rules, Sight::Whole).size();
  out += fmt::format("rules: {} see all they need, {} see a part, {} are blind\n", whole, part.size(), blind.size());
  for (const RuleSight* sight : blind) {
    out += fmt::format("  blind  {} (needs {})\n", name_of(rules, sight->rule), to_text(sight->needed));
    write_lost(report, rules, *sight, all ? SIZE_MAX : 1, out);
  }
  for (const RuleSight* sight : part) {
    out += fmt::format("  part   {}\n", name_of(rules, sight->rule));
    if (all) write_lost(report, rules, *sight, SIZE_MAX, out);
  }
  if (!all && !part.empty()) out += "  What they do not see: --all\n";
}

void write_use(const std::string& where, std::string_view level, const PolicyUse& use, std::string& out) {
  out += fmt::format("  {:<10} {:<16} {:>10} {:>10} {:>14} {:>14} {:>8}\n", where, level, use.events, use.logged,
                     use.bytes, use.logged_bytes, percent(use.logged_bytes, use.bytes));
}

void write_tally(const PolicyReport& report, std::string& out) {
  const PolicyTally& tally = *report.tally;
  out += fmt::format("log:\n  {:<10} {:<16} {:>10} {:>10} {:>14} {:>14} {:>8}\n", "rule at", "level", "events",
                     "logged", "bytes", "would be", "share");
  for (size_t i = 0; i < report.policy.rules.size(); ++i) {
    write_use(place_of(report, i), to_text(report.policy.rules[i].level), tally.rules[i], out);
  }
  write_use("no rule", "None", tally.rules.back(), out);
  const PolicyUse sum = tally.total();
  write_use("all", "", sum, out);
  if (sum.below > 0) {
    out += fmt::format(
        "  {} events are in the log at a lower level than this policy asks for: what their bodies would add\n"
        "  is not in these figures\n",
        sum.below);
  }
  if (report.unread > 0) out += fmt::format("  {} records hold no audit event\n", report.unread);
}

void json_use(JsonWriter& json, const PolicyUse& use) {
  json.member("events", use.events).member("logged", use.logged).member("bytes", use.bytes);
  json.member("logged_bytes", use.logged_bytes).member("below_level", use.below);
}

void json_problems(JsonWriter& json, const PolicyReport& report) {
  json.key("problems").begin_array();
  for (const Diagnostic& d : report.diagnostics.entries()) {
    json.begin_object().member("severity", to_text(d.severity)).member("code", d.code).member("line", d.span.line);
    json.member("column", d.span.column).member("message", d.message).optional("hint", d.hint).end_object();
  }
  json.end_array();
}

void json_lost(JsonWriter& json, const PolicyReport& report, const LostRequests& lost) {
  json.begin_object();
  if (lost.policy_rule < report.policy.rules.size())
    json.member("line", report.policy.rules[lost.policy_rule].span.line);
  json.member("given", to_text(lost.given)).member("needed", to_text(lost.needed));
  json.member("stage_omitted", lost.stage).member("requests", lost.requests).member("example", lost.example);
  json.end_object();
}

void json_sights(JsonWriter& json, const PolicyReport& report, const RuleSet& rules) {
  json.key("rules").begin_array();
  for (const RuleSight& sight : report.sights) {
    const Rule& rule = rules.rules[sight.rule];
    json.begin_object().member("name", rule.meta.name).member("id", rule.meta.id).member("alerts", rule.alerts);
    json.member("sight", to_text(sight.sight)).member("needed", to_text(sight.needed)).key("lost").begin_array();
    for (const LostRequests& lost : sight.lost) json_lost(json, report, lost);
    json.end_array();
    std::vector<std::string> lacking;
    for (const uint32_t other : sight.lacking) lacking.push_back(rules.rules[other].meta.name);
    json.optional("reads", lacking).end_object();
  }
  json.end_array();
}

void json_tally(JsonWriter& json, const PolicyReport& report) {
  json.key("log").begin_object();
  json_use(json, report.tally->total());
  json.member("unread", report.unread).key("by_rule").begin_array();
  for (size_t i = 0; i < report.tally->rules.size(); ++i) {
    json.begin_object();
    if (i < report.policy.rules.size()) {
      json.member("line", report.policy.rules[i].span.line).member("level", to_text(report.policy.rules[i].level));
    }
    json_use(json, report.tally->rules[i]);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::vector<std::string> rules_with(const PolicyReport& report, const RuleSet& rules, Sight sight) {
  std::vector<std::string> names;
  for (const RuleSight* s : sights_of(report, rules, sight)) names.push_back(rules.rules[s->rule].meta.name);
  return names;
}

std::string policy_text(const PolicyReport& report, const RuleSet& rules, bool all) {
  std::string out = render(report.diagnostics, report.sources);
  out += fmt::format("{}: {} rules, {} errors, {} warnings\n", printable(report.file), report.policy.rules.size(),
                     report.diagnostics.count(Severity::Error), report.diagnostics.count(Severity::Warning));
  if (report.diagnostics.has_errors()) return out;
  write_sights(report, rules, all, out);
  if (report.tally) write_tally(report, out);
  return out;
}

std::string policy_json(const PolicyReport& report, const RuleSet& rules) {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.policy-check/v1").member("file", report.file);
  json_problems(json, report);
  json_sights(json, report, rules);
  if (report.tally) json_tally(json, report);
  return json.end_object().take() + "\n";
}

}  // namespace kubevigil
