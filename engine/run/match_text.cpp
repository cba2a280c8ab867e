// MatchRecord as text: for people, and for tests that hold a record against a golden one.
#include <fmt/format.h>

#include "engine/alert/alert_builder.h"
#include "engine/base/text.h"
#include "engine/match/group_key.h"
#include "engine/run/match_record.h"

namespace kubevigil {
namespace {

std::string shown(std::string_view encoded) {
  std::string out;
  for (const std::string& element : decode_group_key(encoded)) out += (out.empty() ? "" : " / ") + printable(element);
  return "[" + out + "]";
}

std::string shown(Timestamp time) { return time == Timestamp::min() ? "none" : format_rfc3339(time); }

std::string text_of(const OpeningFacts& facts) {
  std::string out = fmt::format("  event {}\n", printable(to_json(facts.event)));
  for (const auto& [name, text] : facts.texts) out += fmt::format("  text {} = {}\n", printable(name), printable(text));
  for (const auto& [rule, entries] : facts.why) {
    for (const AlertWhy& why : entries) {
      out += fmt::format("  why {}: {} ({})", rule, printable(why.condition), printable(why.field));
      for (const std::string& value : why.values) out += " " + printable(value);
      out += "\n";
    }
  }
  return out;
}

std::string text_of(const MatchEvent& e) {
  std::string out = fmt::format("event {} robust {}{}{}{}{}\n", shown(e.time), shown(e.robust_time),
                                e.role == StageRole::Later ? " later" : "", e.long_running ? " long" : "",
                                e.audit_id_reused ? " reused" : "", e.cut ? " CUT" : "");
  out += fmt::format("  identity {} request {} audit-stage {} intent {:x} cluster {:x}\n", to_hex(e.identity),
                     to_hex(e.request), to_hex(e.audit_stage), e.intent, e.cluster);
  out += fmt::format("  actor {} at {} {}:{} inner {} size {} id {}\n", shown(e.actor), printable(e.source), e.offset,
                     e.line, e.inner, e.size, uuid_text(e.audit_id));
  for (const MatchHit& hit : e.hits) {
    out += fmt::format("  hit {}{} {}\n", hit.rule, hit.opens ? " opens" : "", shown(hit.dedup));
    for (const MatchOperand& o : hit.operands) {
      out += fmt::format("    feed {} {} value {} number {}\n", o.feed, shown(o.key), shown(o.value), o.number);
    }
  }
  return out + (e.facts ? text_of(*e.facts) : "");
}

std::string text_of(const MatchWatermarks& w) {
  std::string out;
  for (const MatchWatermark& of : w.sources) {
    out += fmt::format("watermark {} of {}{}\n", shown(of.time), printable(of.source), of.idle ? " idle" : "");
  }
  return out;
}

std::string text_of(const MatchRules& r) { return fmt::format("rules {}\n", printable(r.hash)); }

}  // namespace

std::string to_text(const MatchRecord& record) {
  return fmt::format("match 1 key {} rules {:x}\n", to_hex(record.header.key), record.header.rules) +
         std::visit([](const auto& body) { return text_of(body); }, record.body);
}

}  // namespace kubevigil
