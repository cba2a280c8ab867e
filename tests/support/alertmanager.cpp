// prometheus/alertmanager: api/v2/openapi.yaml (postableAlerts, labelSet), types/types.go and common model.Alert
// (Validate), template expansion without escaping.
#include <cctype>
#include <set>

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

bool is_label_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  for (const char c : name) {
    if (c != '_' && std::isalnum(static_cast<unsigned char>(c)) == 0) return false;
  }
  return true;
}

void check_set(FormatFacts& facts, const Json& set, const std::string& what, size_t most) {
  std::set<std::string> seen;
  for (const auto& [name, value] : set.members) {
    facts.expect(is_label_name(name), what + " name " + name);
    facts.expect(seen.insert(name).second, what + " twice: " + name);
    facts.expect(value.kind == Json::Kind::String, what + " " + name + " is not a string");
    facts.expect(!value.text.empty(), what + " " + name + " is empty: it would be removed");
    facts.expect(is_utf8(value.text), what + " " + name + " is not UTF-8");
    facts.expect(value.text.size() <= most, what + " " + name + " is too long");
    facts.expect(value.text.find_first_of("<>\n\r\x1b") == std::string::npos, what + " " + name + " could be markup");
  }
}

void check_alert(FormatFacts& facts, const Json& alert) {
  static const std::set<std::string, std::less<>> kMembers = {"labels", "annotations", "startsAt", "endsAt",
                                                              "generatorURL"};
  for (const auto& [name, value] : alert.members) facts.expect(kMembers.contains(name), "unknown member " + name);
  const Json* labels = facts.need(alert, "labels", Json::Kind::Object);
  if (labels == nullptr) return;
  check_set(facts, *labels, "label", 256);
  facts.expect(!labels->members.empty(), "no labels");
  facts.expect(FormatFacts::find(*labels, "alertname") != nullptr, "no alertname");
  for (const char* unstable : {"audit_id", "count", "source_ip", "user_agent", "revision", "alert_id"}) {
    facts.expect(FormatFacts::find(*labels, unstable) == nullptr, std::string("unstable label ") + unstable);
  }
  if (const Json* notes = facts.may(alert, "annotations", Json::Kind::Object)) {
    check_set(facts, *notes, "annotation", 1024);
  }
  const Json* starts = facts.need(alert, "startsAt", Json::Kind::String);
  const Json* ends = facts.need(alert, "endsAt", Json::Kind::String);
  if (starts == nullptr || ends == nullptr) return;
  const auto from = parse_rfc3339(starts->text), to = parse_rfc3339(ends->text);
  facts.expect(from && to, "a time is not RFC 3339");
  facts.expect(from && to && *to >= *from, "endsAt is before startsAt: invalid");
}

}  // namespace

Problems alertmanager_problems(std::string_view body) {
  FormatFacts facts;
  const Json root = facts.parsed(body);
  facts.expect(root.kind == Json::Kind::Array, "not an array");
  for (const Json& alert : root.items) check_alert(facts, alert);
  return facts.problems();
}

}  // namespace kubevigil::test
