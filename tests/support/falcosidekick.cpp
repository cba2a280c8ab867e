// falcosecurity/falcosidekick: types/types.go (FalcoPayload), handlers.go (newFalcoPayload, checkPayload), outputs.
#include <set>

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "tests/support/consumers.h"
#include "tests/support/format_facts.h"

namespace kubevigil::test {
namespace {

const std::set<std::string, std::less<>> kPriorities = {"emergency", "alert",         "critical", "error", "warning",
                                                        "notice",    "informational", "info",     "debug"};
// Go types of the members that the decoder knows; another type fails the whole POST.
const std::set<std::string, std::less<>> kTexts = {"uuid", "output", "priority", "rule", "time", "source", "hostname"};

// "HH:MM:SS.nnnnnnnnn: Priority ": falcosidekick (outputFieldFormat) and Talon take it off by this shape.
bool has_prefix(std::string_view output, std::string_view priority) {
  constexpr std::string_view kShape = "00:00:00.000000000: ";
  if (output.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = output[i] >= '0' && output[i] <= '9';
    if (kShape[i] == '0' ? !digit : output[i] != kShape[i]) return false;
  }
  return output.substr(kShape.size()).starts_with(std::string(priority) + " ");
}

void check_chat(FormatFacts& facts, const std::string& name, const std::string& text) {
  facts.expect(text.find_first_of("<>\n\r\x1b") == std::string::npos, name + " could be markup: " + text);
  for (const char* mention : {"@channel", "@here", "@everyone", "@all", "]("}) {
    facts.expect(folded(text).find(mention) == std::string::npos, name + " mentions or links: " + text);
  }
}

void check_fields(FormatFacts& facts, const Json& fields, size_t body) {
  facts.expect(!fields.members.empty(), "output_fields is empty: 400");
  for (const auto& [name, value] : fields.members) {
    facts.expect(value.kind == Json::Kind::String, name + " is not a string");
    facts.expect(!value.text.empty(), name + " is empty");
    facts.expect(body <= 4096 || value.text.size() <= 512, name + " would be cut in the middle");
    check_chat(facts, name, value.text);
  }
  const Json* resource = FormatFacts::find(fields, "ka.target.resource");
  const bool pod = resource != nullptr && resource->text == "pods";
  facts.expect(pod || FormatFacts::find(fields, "k8s.pod.name") == nullptr, "k8s.pod.name without a pod");
  const Json* ns = FormatFacts::find(fields, "k8s.ns.name");
  const Json* target = FormatFacts::find(fields, "ka.target.namespace");
  facts.expect((ns == nullptr) == (target == nullptr), "k8s.ns.name and ka.target.namespace do not go together");
}

}  // namespace

Problems falcosidekick_problems(std::string_view body) {
  FormatFacts facts;
  const Json root = facts.parsed(body);
  if (!facts.problems().empty()) return facts.problems();
  facts.expect(body.find('\n') == std::string_view::npos, "more than one object would be ignored");
  for (const auto& [name, value] : root.members) {
    if (kTexts.contains(name)) facts.expect(value.kind == Json::Kind::String, name + ": cannot be decoded");
  }
  const Json* priority = facts.need(root, "priority", Json::Kind::String);
  facts.expect(priority != nullptr && kPriorities.contains(folded(priority->text)), "unknown priority: 400");
  facts.expect(priority == nullptr || folded(priority->text) != "emergency", "Emergency means an unusable system");
  const Json* rule = facts.need(root, "rule", Json::Kind::String);
  facts.expect(rule != nullptr && !rule->text.empty(), "empty rule: 400");
  if (rule != nullptr) check_chat(facts, "rule", rule->text);
  const Json* time = facts.need(root, "time", Json::Kind::String);
  facts.expect(time != nullptr && parse_rfc3339(time->text).has_value(), "time is not RFC 3339: 400");
  const Json* source = facts.need(root, "source", Json::Kind::String);
  facts.expect(source != nullptr && source->text == "k8s_audit", "source is not k8s_audit");
  if (const Json* output = facts.need(root, "output", Json::Kind::String); output != nullptr && priority != nullptr) {
    facts.expect(has_prefix(output->text, priority->text), "output has no prefix: " + output->text);
    check_chat(facts, "output", output->text);
  }
  if (const Json* tags = facts.may(root, "tags", Json::Kind::Array)) {
    for (const Json& tag : tags->items) facts.expect(tag.kind == Json::Kind::String, "a tag is not a string: 400");
  }
  if (const Json* fields = facts.need(root, "output_fields", Json::Kind::Object)) {
    check_fields(facts, *fields, body.size());
  }
  return facts.problems();
}

}  // namespace kubevigil::test
