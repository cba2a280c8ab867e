#include "engine/app/exception_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/ids.h"
#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

struct Row {
  std::string_view field, modifiers;
  bool absent_counts;  // written as null when the event has none
  int widened_at;      // the step of widen() that leaves it out; 0: none does
};
constexpr std::array kRows = {
    Row{"user.username", "|cased", true, 0},
    Row{"impersonatedUser.username", "|cased", true, 0},
    Row{"verb", "", false, 0},
    Row{"resource", "", true, 0},
    Row{"objectRef.apiGroup", "|cased", true, 0},
    Row{"objectRef.namespace", "|cased", true, 3},
    Row{"objectRef.name", "|cased", false, 1},
    Row{"execCommand", "|cased", false, 1},
    Row{"workload.kind", "|cased", false, 2},
    Row{"workload.name", "|cased", false, 2},
    Row{"imageRepositories", "[all]|cased", false, 2},
    Row{"hostPaths", "[all]|cased", false, 2},
    Row{"written.binding", "|cased", false, 1},
    Row{"written.subjects", "[all]|cased", false, 2},
};
constexpr std::array<std::string_view, 4> kSteps = {"", "names of objects and commands",
                                                    "workloads, images and subjects", "namespaces"};
constexpr std::string_view kPath = "uri.path";  // of requests for no resource, in place of objectRef.name

std::string_view field_of(size_t row) { return row < kRows.size() ? kRows[row].field : kPath; }

// Sigma's wildcards are characters here.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// A JSON string is a YAML string, whatever stands in it.
std::string yaml_text(std::string_view text) {
  JsonWriter json;
  json.value(text);
  return json.take();
}

std::vector<std::string> texts_of(const FieldValues& found) {
  std::vector<std::string> out;
  for (const Value& value : found.values) out.emplace_back(value.text);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

void ExceptionDraft::add(const Event& event, FieldLookup& fields) {
  const std::string_view user = event.text(FieldId::UserUsername);
  if (user.empty() || user == "system:anonymous") {
    refused_ = "nobody is named in " + std::string(event.text(FieldId::AuditId)) +
               ": an exception for a caller without credentials is one for everybody";
    return;
  }
  if (event.text(FieldId::ResponseCode) == "401") {
    refused_ = "the credential was refused in " + std::string(event.text(FieldId::AuditId)) +
               ": the name is what anybody may have claimed";
    return;
  }
  if (!user_.empty() && user_ != user) {
    refused_ = "several identities gave the events of the alert (" + user_ + ", " + std::string(user) +
               "): an exception is for one of them; write it by hand";
    return;
  }
  user_ = user;
  const std::string resource(event.text(FieldId::ObjectResource));
  Tuple tuple;
  const auto take = [&](size_t row, bool absent_counts) {
    const std::string field(field_of(row));
    std::vector<std::string> values = texts_of(fields.values(*parse_field(field)));
    if (values.empty() && !absent_counts) return;
    const bool secret = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return redactor_.value(field, resource, value) != value;
    });
    if (secret) {
      refused_ = "the " + field + " of " + std::string(event.text(FieldId::AuditId)) +
                 " holds what may be a secret; without it the exception would be for any: write it by hand";
    } else {
      tuple.push_back({row, std::move(values)});
    }
  };
  for (size_t row = 0; row < kRows.size(); ++row) take(row, kRows[row].absent_counts);
  if (resource.empty()) take(kRows.size(), false);
  if (tuples_.size() >= kMostTuples && !tuples_.contains(tuple)) {
    cut_ = true;
    return;
  }
  tuples_.insert(std::move(tuple));
}

std::string ExceptionDraft::widen() {
  while (++widened_ < static_cast<int>(kSteps.size())) {
    std::set<Tuple> wider;
    for (Tuple tuple : tuples_) {
      std::erase_if(tuple, [&](const Line& line) {
        return line.row < kRows.size() ? kRows[line.row].widened_at == widened_ : widened_ == 1;
      });
      wider.insert(std::move(tuple));
    }
    const bool changed = wider != tuples_;
    tuples_ = std::move(wider);
    if (changed) return std::string(kSteps[static_cast<size_t>(widened_)]);
  }
  return "";
}

std::string ExceptionDraft::yaml(const ExceptionFacts& facts) const {
  std::string selection;
  for (const Tuple& tuple : tuples_) {
    const char* bullet = "    - ";
    for (const Line& line : tuple) {
      const std::string_view modifiers = line.row < kRows.size() ? kRows[line.row].modifiers : "|cased";
      const std::string key = fmt::format("{}{}{}:", std::exchange(bullet, "      "), field_of(line.row),
                                          line.values.empty() ? "" : modifiers);
      if (line.values.empty()) selection += key + " null\n";
      if (line.values.size() == 1) selection += key + " " + yaml_text(literal(line.values.front())) + "\n";
      if (line.values.size() < 2) continue;
      selection += key + "\n";
      for (const std::string& value : line.values) selection += "        - " + yaml_text(literal(value)) + "\n";
    }
  }
  const std::string id = uuid_v8(length_prefixed({"exception", facts.rule, selection}));
  return fmt::format(
      "title: {}\nid: {}\nsigma-version: 3\nlogsource:\n  product: kubernetes\n  service: audit\nfilter:\n  rules:\n"
      "    - {}\n  known:\n{}  condition: not known\nkubevigil:\n  owner: {}\n  reason: {}\n  expires: {}\n",
      yaml_text("Exception from " + facts.rule + " for alert " + facts.alert_id), id, facts.rule, selection,
      yaml_text(facts.owner), yaml_text(facts.reason), yaml_text(facts.expires));
}

}  // namespace kubevigil
