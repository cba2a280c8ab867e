#include "engine/app/log_coverage_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::array kWorstFirst = {Seen::Blind, Seen::Part, Seen::Absent, Seen::Learning, Seen::Evaluable};

std::vector<const RuleCoverage*> alerting(const LogCoverageReport& report, const RuleSet& rules, Seen seen) {
  std::vector<const RuleCoverage*> out;
  for (const RuleCoverage& c : report.rules) {
    if (c.seen == seen && rules.rules[c.rule].alerts) out.push_back(&c);
  }
  std::sort(out.begin(), out.end(), [&](const RuleCoverage* a, const RuleCoverage* b) {
    return rules.rules[a->rule].meta.name < rules.rules[b->rule].meta.name;
  });
  return out;
}

std::string lacking_text(const RuleCoverage& c, const RuleSet& rules) {
  std::string out;
  for (const uint32_t other : c.lacking) out += (out.empty() ? "" : ", ") + printable(rules.rules[other].meta.name);
  return out;
}

// Of what is too little: what it is that is not there.
std::string lost_text(const RuleCoverage& c) {
  std::string out;
  if (c.cut > 0) out += fmt::format("; the bodies of {} are cut or not there", c.cut);
  if (c.stage_missing > 0) out += fmt::format("; of {} the stage that it looks at is not there", c.stage_missing);
  return out;
}

std::string reason(const RuleCoverage& c, const RuleSet& rules) {
  switch (c.seen) {
    case Seen::Absent:
      return c.lacking.empty() ? "no request of its kind in the log: nobody made one, or the policy drops them"
                               : "nothing for what it reads: " + lacking_text(c, rules);
    case Seen::Blind:
      return fmt::format("needs {}; {} of {} requests of its kind carry less", to_text(c.needed),
                         c.too_low == c.requests ? "all" : std::to_string(c.too_low), c.requests) +
             lost_text(c);
    case Seen::Part:
      return c.lacking.empty() ? fmt::format("needs {}; {} of {} requests of its kind carry less", to_text(c.needed),
                                             c.too_low, c.requests) +
                                     lost_text(c)
                               : "reads what does not see all: " + lacking_text(c, rules);
    case Seen::Learning:
      return fmt::format("learns for {}, longer than the log: give a baseline, or a longer log",
                         format_duration(c.learns));
    case Seen::Evaluable:
      return fmt::format("{} requests of its kind", c.requests);
  }
  return "";
}

std::string_view meaning(Seen seen) {
  switch (seen) {
    case Seen::Blind:
      return "cannot fire, or hardly, on logs like this one";
    case Seen::Part:
      return "miss what the requests at a low level did";
    case Seen::Absent:
      return "had nothing to judge";
    case Seen::Learning:
      return "see what they need, but only learned";
    case Seen::Evaluable:
      return "see what they need";
  }
  return "";
}

}  // namespace

std::string log_coverage_text(const LogCoverageReport& report, const RuleSet& rules) {
  std::string out = fmt::format("log: {} events, {} kinds of requests, {} from first to last\n", report.log.events(),
                                report.log.kinds().size(), format_duration(report.log.longest()));
  if (report.log.left_out() > 0) {
    out += fmt::format("  {} events of further kinds are left out\n", report.log.left_out());
  }
  if (report.unread > 0) out += fmt::format("  {} records hold no audit event\n", report.unread);
  for (const Seen seen : kWorstFirst) {
    const auto some = alerting(report, rules, seen);
    if (some.empty()) continue;
    out += fmt::format("{}: {} rules {}\n", to_text(seen), some.size(), meaning(seen));
    for (const RuleCoverage* c : some) {
      out += fmt::format("  {:<44} {}\n", printable(rules.rules[c->rule].meta.name), reason(*c, rules));
    }
  }
  return out;
}

std::string log_coverage_json(const LogCoverageReport& report, const RuleSet& rules) {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.log-coverage/v1").member("events", report.log.events());
  json.member("kinds", report.log.kinds().size()).member("left_out", report.log.left_out());
  json.member("unread", report.unread).member("seconds", report.log.longest().micros / 1'000'000);
  json.key("rules").begin_array();
  for (const RuleCoverage& c : report.rules) {
    const Rule& rule = rules.rules[c.rule];
    json.begin_object().member("name", rule.meta.name).member("id", rule.meta.id).member("alerts", rule.alerts);
    json.member("state", to_text(c.seen)).member("needed", to_text(c.needed)).member("requests", c.requests);
    json.member("too_low", c.too_low).member("bodies_cut", c.cut).member("stage_missing", c.stage_missing);
    json.member("reason", reason(c, rules));
    std::vector<std::string> lacking;
    for (const uint32_t other : c.lacking) lacking.push_back(rules.rules[other].meta.name);
    json.optional("reads", lacking).end_object();
  }
  json.end_array();
  return json.end_object().take() + "\n";
}

}  // namespace kubevigil
