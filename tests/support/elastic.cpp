// Elasticsearch "Bulk API" (data streams: create only, _id at most 512 bytes, last line ends in a newline); elastic/ecs
// generated/ecs/ecs_flat.yml for types and allowed values.
#include <set>

#include "engine/base/network.h"
#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

using Kind = Json::Kind;

void check_action(FormatFacts& facts, const Json& action) {
  facts.expect(action.members.size() == 1 && action.members[0].first == "create", "an action other than create");
  const Json* id = facts.need(action, "create/_id", Kind::String);
  facts.expect(id != nullptr && !id->text.empty() && id->text.size() <= 512, "_id");
  const Json* index = facts.need(action, "create/_index", Kind::String);
  facts.expect(index != nullptr && index->text.starts_with("logs-"), "External Alerts reads logs-*");
}

void check_address(FormatFacts& facts, const Json& value) {
  facts.expect(value.kind == Kind::String && parse_address(value.text).has_value(), "not an ip: " + value.text);
}

void check_allowed(FormatFacts& facts, const Json& document, const char* path, const std::set<std::string>& allowed) {
  const Json* value = FormatFacts::find(document, path);
  if (value == nullptr) return facts.problem(std::string(path) + " is missing");
  const std::vector<Json> values = value->kind == Kind::Array ? value->items : std::vector<Json>{*value};
  for (const Json& v : values) facts.expect(allowed.contains(v.text), std::string(path) + ": " + v.text);
}

// Dots in keys make objects; an annotation key of Kubernetes would.
void check_keys(FormatFacts& facts, const Json& value) {
  for (const auto& [name, inner] : value.members) {
    facts.expect(name.find('.') == std::string::npos, "a dot in the key " + name);
    facts.expect(name != "kibana", "kibana.* belongs to Kibana");
    check_keys(facts, inner);
  }
}

}  // namespace

Problems ecs_problems(std::string_view text) {
  FormatFacts facts;
  const Json document = facts.parsed(text);
  for (const char* path : {"@timestamp", "event/start", "event/end"}) {
    const Json* time = facts.need(document, path, Kind::String);
    facts.expect(time != nullptr && parse_rfc3339(time->text).has_value(), std::string(path) + " is no date");
  }
  const Json* message = facts.need(document, "message", Kind::String);
  facts.expect(message != nullptr && !message->text.empty(), "message names the alert in Kibana");
  facts.need(document, "ecs/version", Kind::String);
  facts.need(document, "event/id", Kind::String);
  check_allowed(facts, document, "event/kind", {"alert", "event"});
  check_allowed(facts, document, "event/category", {"intrusion_detection"});
  check_allowed(facts, document, "event/type", {"allowed", "denied", "info"});
  check_allowed(facts, document, "event/module", {"kubevigil"});
  if (FormatFacts::find(document, "event/outcome") != nullptr) {
    check_allowed(facts, document, "event/outcome", {"success", "failure", "unknown"});
  }
  facts.need(document, "event/severity", Kind::Number);
  facts.may(document, "http/response/status_code", Kind::Number);
  if (const Json* ip = facts.may(document, "source/ip", Kind::String)) check_address(facts, *ip);
  for (const char* path : {"related/ip", "kubernetes/audit/sourceIPs"}) {
    const Json* list = facts.may(document, path, Kind::Array);
    for (const Json& ip : list == nullptr ? std::vector<Json>{} : list->items) check_address(facts, ip);
  }
  check_keys(facts, document);
  return facts.problems();
}

Problems es_bulk_problems(std::string_view body) {
  FormatFacts facts;
  facts.expect(!body.empty() && body.back() == '\n', "the last line does not end in a newline: 400");
  std::set<std::string> ids;
  std::vector<std::string_view> lines = split(body, '\n');
  lines.pop_back();
  facts.expect(lines.size() % 2 == 0, "an action without its document");
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    const Json action = facts.parsed(lines[i]);
    check_action(facts, action);
    const Json* id = FormatFacts::find(action, "create/_id");
    facts.expect(id != nullptr && ids.insert(id->text).second, "an _id twice: 409");
    for (const std::string& problem : ecs_problems(lines[i + 1])) facts.problem(problem);
  }
  return facts.problems();
}

}  // namespace kubevigil::test
