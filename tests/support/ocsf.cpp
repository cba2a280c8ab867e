// github.com/ocsf/ocsf-schema 1.6.0: events/findings/finding.json and detection_finding.json, events/base_event.json,
// objects/{metadata,product,finding_info,analytic,attack,evidences,actor,user,group,api,network_endpoint,url}.json,
// profiles/security_control.json, dictionary.json (types).
#include <array>
#include <set>

#include "engine/base/network.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

using Kind = Json::Kind;

double number(const Json* value) { return value == nullptr ? -1 : value->number; }

void check_enum(FormatFacts& facts, const Json& from, const char* path, const std::set<int>& allowed) {
  const Json* value = facts.need(from, path, Kind::Number);
  facts.expect(value != nullptr && allowed.contains(static_cast<int>(value->number)),
               std::string(path) + " is not of its enumeration");
}

void check_one_of(FormatFacts& facts, const Json& object, const char* what, const std::vector<const char*>& names) {
  bool found = false;
  for (const char* name : names) found |= FormatFacts::find(object, name) != nullptr;
  facts.expect(found, std::string(what) + " needs at least one of its members");
}

void check_class(FormatFacts& facts, const Json& event) {
  check_enum(facts, event, "activity_id", {0, 1, 2, 3, 99});
  check_enum(facts, event, "category_uid", {2});
  check_enum(facts, event, "class_uid", {2004});
  check_enum(facts, event, "severity_id", {0, 1, 2, 3, 4, 5, 6, 99});
  check_enum(facts, event, "status_id", {0, 1, 2, 3, 4, 99});
  check_enum(facts, event, "action_id", {0, 1, 2});
  check_enum(facts, event, "disposition_id", {0, 1, 2});
  const double type = number(facts.need(event, "type_uid", Kind::Number));
  facts.expect(type == 200400 + number(FormatFacts::find(event, "activity_id")),
               "type_uid does not follow activity_id");
  static constexpr std::array<std::string_view, 6> kNames = {"Unknown", "Informational", "Low",
                                                             "Medium",  "High",          "Critical"};
  const double severity = number(FormatFacts::find(event, "severity_id"));
  const Json* name = facts.need(event, "severity", Kind::String);
  facts.expect(name != nullptr && severity >= 0 && severity < 6 && name->text == kNames[static_cast<size_t>(severity)],
               "severity does not caption severity_id");
  for (const char* path : {"time", "start_time", "end_time"}) {
    const Json* time = facts.need(event, path, Kind::Number);
    facts.expect(time != nullptr && time->text.find_first_of(".eE") == std::string::npos && time->number > 1e11,
                 std::string(path) + " is not in milliseconds");
  }
  facts.expect(number(facts.need(event, "count", Kind::Number)) >= 1, "count is below 1");
}

void check_metadata(FormatFacts& facts, const Json& event) {
  const Json* version = facts.need(event, "metadata/version", Kind::String);
  facts.expect(version != nullptr && version->text == "1.6.0", "metadata.version");
  facts.need(event, "metadata/product/name", Kind::String);
  facts.need(event, "metadata/product/vendor_name", Kind::String);
  const Json* profiles = facts.need(event, "metadata/profiles", Kind::Array);
  facts.expect(profiles != nullptr && profiles->items.size() == 1 && profiles->items[0].text == "security_control",
               "action_id and disposition_id need the profile security_control; cloud would require more");
}

void check_attacks(FormatFacts& facts, const Json& event) {
  const Json* attacks = facts.may(event, "finding_info/attacks", Kind::Array);
  if (attacks == nullptr) return;
  for (const Json& attack : attacks->items) {
    check_one_of(facts, attack, "attack", {"tactic", "technique", "sub_technique"});
    for (const char* part : {"tactic", "technique", "sub_technique"}) {
      const Json* found = facts.may(attack, part, Kind::Object);
      if (found != nullptr) check_one_of(facts, *found, part, {"uid", "name"});
    }
    if (const Json* technique = FormatFacts::find(attack, "technique/uid")) {
      facts.expect(technique->text.find('.') == std::string::npos, "a sub-technique in place of a technique");
    }
  }
}

void check_finding(FormatFacts& facts, const Json& event) {
  for (const char* path : {"finding_info/uid", "finding_info/title"}) {
    const Json* text = facts.need(event, path, Kind::String);
    facts.expect(text != nullptr && !text->text.empty(), std::string(path) + " is empty");
  }
  const Json info = *FormatFacts::find(event, "finding_info");
  check_enum(facts, info, "analytic/type_id", {0, 1, 2, 3, 4, 99});
  check_one_of(facts, *FormatFacts::find(info, "analytic"), "analytic", {"uid", "name"});
  check_attacks(facts, event);
  const Json* related = facts.may(info, "related_events", Kind::Array);
  for (const Json& r : related == nullptr ? std::vector<Json>{} : related->items) facts.need(r, "uid", Kind::String);
}

void check_evidence(FormatFacts& facts, const Json& evidence) {
  check_one_of(facts, evidence, "evidences", {"actor", "api", "src_endpoint", "url", "data"});
  if (const Json* actor = facts.may(evidence, "actor", Kind::Object)) {
    check_one_of(facts, *actor, "actor", {"user", "invoked_by", "session", "process"});
    if (const Json* user = facts.may(*actor, "user", Kind::Object)) {
      check_one_of(facts, *user, "user", {"account", "name", "uid"});
      const Json* groups = facts.may(*user, "groups", Kind::Array);
      for (const Json& g : groups == nullptr ? std::vector<Json>{} : groups->items) {
        check_one_of(facts, g, "group", {"name", "uid"});
      }
      facts.expect(groups == nullptr || groups->items.size() <= 32, "groups are not bounded");
    }
  }
  if (FormatFacts::find(evidence, "api") != nullptr) facts.need(evidence, "api/operation", Kind::String);
  if (const Json* ip = facts.may(evidence, "src_endpoint/ip", Kind::String)) {
    facts.expect(parse_address(ip->text).has_value(), "ip_t: " + ip->text);
  }
}

}  // namespace

Problems ocsf_problems(std::string_view text) {
  FormatFacts facts;
  const Json event = facts.parsed(text);
  if (facts.need(event, "finding_info", Kind::Object) == nullptr) return facts.problems();
  check_class(facts, event);
  check_metadata(facts, event);
  check_finding(facts, event);
  if (const Json* evidences = facts.may(event, "evidences", Kind::Array)) {
    for (const Json& evidence : evidences->items) check_evidence(facts, evidence);
  }
  if (const Json* resources = facts.may(event, "resources", Kind::Array)) {
    for (const Json& r : resources->items) check_one_of(facts, r, "resource_details", {"name", "uid"});
  }
  facts.may(event, "unmapped", Kind::Object);
  return facts.problems();
}

}  // namespace kubevigil::test
