#include "engine/app/exception_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
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
constexpr std::array<std::string_view, 5> kSteps = {
    "", "names of objects and commands", "workloads, images and subjects", "namespaces", "fields that the events lack"};
constexpr int kLackingStep = 4;
constexpr std::string_view kPath = "uri.path";  // of requests for no resource, in place of objectRef.name

bool has_row(std::string_view field) {
  return field == kPath || std::any_of(kRows.begin(), kRows.end(), [&](const Row& row) { return row.field == field; });
}

bool is_absent(const FieldValues& found) { return found.values.empty() && found.presence == Presence::Absent; }

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

// A key of the filter; names of labels and annotations may hold anything.
std::string key_text(const std::string& field) {
  const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  return std::all_of(field.begin(), field.end(), is_plain) ? field : yaml_text(field);
}

std::vector<std::string> texts_of(const FieldValues& found) {
  std::vector<std::string> out;
  for (const Value& value : found.values) out.emplace_back(value.text);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

ExceptionDraft::ExceptionDraft(const Redactor& redactor, std::vector<FieldRef> read) : redactor_(redactor) {
  for (FieldRef& field : read) {
    const FieldOrigin origin = field_info(field.id).origin;
    if (origin == FieldOrigin::Hit || origin == FieldOrigin::Internal) continue;
    const std::string name = to_text(field);
    if (read_.insert(name).second && !has_row(name)) others_.push_back(std::move(field));
  }
}

bool ExceptionDraft::is_read(std::string_view field) const { return read_.contains(field); }

std::string ExceptionDraft::field_of(size_t row) const {
  if (row < kRows.size()) return std::string(kRows[row].field);
  return row == kRows.size() ? std::string(kPath) : to_text(others_[row - kRows.size() - 1]);
}

// Why no exception is made of the event, or "".
std::string ExceptionDraft::refusal(const Event& event) const {
  const std::string_view user = event.text(FieldId::UserUsername);
  if (user.empty() || user == "system:anonymous") {
    return "nobody is named in " + std::string(event.text(FieldId::AuditId)) +
           ": an exception for a caller without credentials is one for everybody";
  }
  if (event.text(FieldId::ResponseCode) == "401") {
    return "the credential was refused in " + std::string(event.text(FieldId::AuditId)) +
           ": the name is what anybody may have claimed";
  }
  if (!user_.empty() && user_ != user) {
    return "several identities gave the events of the alert (" + user_ + ", " + std::string(user) +
           "): an exception is for one of them; write it by hand";
  }
  return "";
}

ExceptionDraft::Tuple ExceptionDraft::tuple_of(const Event& event, FieldLookup& fields) {
  const std::string resource(event.text(FieldId::ObjectResource));
  Tuple tuple;
  const auto take = [&](size_t row, bool absent_counts) {
    const std::string field = field_of(row);
    const FieldValues found = fields.values(*parse_field(field));
    std::vector<std::string> values = texts_of(found);
    const bool lacking = !absent_counts && is_absent(found) && is_read(field);
    if (values.empty() && !absent_counts && !lacking) return;
    const bool secret = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return redactor_.value(field, resource, value) != value;
    });
    if (secret) {
      refused_ = "the " + field + " of " + std::string(event.text(FieldId::AuditId)) +
                 " holds what may be a secret; without it the exception would be for any: write it by hand";
    } else {
      tuple.push_back({row, std::move(values), lacking});
    }
  };
  for (size_t row = 0; row < kRows.size(); ++row) take(row, kRows[row].absent_counts);
  if (resource.empty()) take(kRows.size(), false);
  add_lacking(fields, tuple);
  return tuple;
}

// Only what is known not to be there: of what a missing body may hold, the filter must not be asked.
void ExceptionDraft::add_lacking(FieldLookup& fields, Tuple& tuple) const {
  for (size_t i = 0; i < others_.size(); ++i) {
    if (is_absent(fields.values(others_[i]))) tuple.push_back({kRows.size() + 1 + i, {}, true});
  }
}

void ExceptionDraft::add(const Event& event, FieldLookup& fields) {
  if (std::string why = refusal(event); !why.empty()) {
    refused_ = std::move(why);
    return;
  }
  user_ = event.text(FieldId::UserUsername);
  Tuple tuple = tuple_of(event, fields);
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
        if (line.lacking) return widened_ == kLackingStep;
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
      const std::string key = fmt::format("{}{}{}:", std::exchange(bullet, "      "), key_text(field_of(line.row)),
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
