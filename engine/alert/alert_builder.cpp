#include "engine/alert/alert_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/alert/attack.h"
#include "engine/base/limits.h"
#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

constexpr size_t kNull = SIZE_MAX;  // in place of an element: the event has no value for it

// Names of the elements of a rule's group key behind the cluster, and the fields to redact them by.
struct GroupName {
  std::string shown, field;
};

std::vector<GroupName> group_names(const Rule& rule) {
  std::vector<GroupName> names;
  if (!rule.is_detection()) {
    const Correlation& correlation = rule.correlation();
    for (size_t i = 0; i < correlation.group_by.size(); ++i) {
      const std::string& shown = correlation.group_by[i];
      std::string field = shown;
      for (const CorrelationInput& input : correlation.inputs) {
        if (i < input.group.size()) field = to_text(input.group[i]);
      }
      names.push_back({shown, field});
    }
    return names;
  }
  for (const FieldRef& field : rule.extension.dedup.by) names.push_back({to_text(field), to_text(field)});
  if (names.empty()) {  // the default of design/rules.md 4
    for (const char* name :
         {"user.username", "effectiveUser.username", "resource", "objectRef.namespace", "objectRef.name"}) {
      names.push_back({name, name});
    }
  }
  return names;
}

std::string_view op_text(CountCondition::Op op) {
  constexpr std::array<std::string_view, 6> kTexts = {">", ">=", "<", "<=", "==", "!="};
  return kTexts[static_cast<size_t>(op)];
}

// The name of a group element, and the fields that it stands for: all have the same value, so an alias for
// user.username of one rule and another field of the next is an identity.
std::set<std::string> meanings(const Rule& rule, size_t element, const std::string& shown) {
  std::set<std::string> names = {shown};
  if (rule.is_detection()) return names;
  for (const CorrelationInput& input : rule.correlation().inputs) {
    if (element < input.group.size()) names.insert(to_text(input.group[element]));
  }
  return names;
}

// Where the opening event is not at hand: who and what, as far as the group key tells. `elements`: what each entry of
// the alert's group is in the key, or kNull.
void fill_from_group(const Rule& rule, const std::vector<size_t>& elements, Alert& alert) {
  alert.missing = {"event"};
  for (size_t i = 0; i < alert.group.size(); ++i) {
    const auto& [shown, value] = alert.group[i];
    if (elements[i] == kNull) continue;
    for (const std::string& name : meanings(rule, elements[i], shown)) {
      if (name == "user.username" || name == "effectiveUser.username") alert.actor.username = value;
      if (name == "objectRef.namespace") alert.target.ns = value;
      if (name == "objectRef.name") alert.target.name = value;
      if (name == "objectRef.resource" || name == "resource") alert.target.resource = value;
      if (name == "peerIP") alert.source.peer_ip = value;
    }
  }
}

std::string group_text(const Alert& alert, std::string_view name) {
  for (const auto& [group, value] : alert.group) {
    if (group == name) return value;
  }
  return {};
}

bool is_chain(const Rule& rule) { return !rule.is_detection() && rule.correlation().type == CorrelationType::Chain; }

bool names_root(const Rule& rule, std::string_view name) {
  const std::vector<std::string>& root = rule.correlation().group_by;
  return std::find(root.begin(), root.end(), name) != root.end();
}

std::string within_text(const Correlation& c) {
  const std::string timespan = format_duration(c.timespan);
  switch (c.window.kind) {
    case WindowSpec::Kind::Sliding:
      break;
    case WindowSpec::Kind::Tumbling:
      return " within one tumbling window of " + timespan;
    case WindowSpec::Kind::Session:
      return fmt::format(" within {} without a pause longer than {}", timespan, format_duration(c.window.gap));
  }
  return " within " + timespan;
}

}  // namespace

std::string displayed(std::string_view text) {
  if (text.size() <= limits::kDisplayBytes) return std::string(text);
  size_t end = limits::kDisplayBytes;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0u) == 0x80u) --end;
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

std::string uuid_text(const std::array<uint8_t, 16>& id) {
  if (std::all_of(id.begin(), id.end(), [](uint8_t b) { return b == 0; })) return {};
  std::string out;
  for (size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", id[i]);
  }
  return out;
}

std::string condition_text(const Rule& rule) {
  if (rule.is_detection()) return {};
  const Correlation& c = rule.correlation();
  std::string out(to_text(c.type));
  for (size_t i = 0; i < c.condition_fields.size(); ++i) out += (i == 0 ? " of " : ", ") + c.condition_fields[i];
  for (size_t i = 0; i < c.condition.bounds.size(); ++i) {
    const CountCondition::Bound& bound = c.condition.bounds[i];
    out += fmt::format("{} {} {}", i == 0 ? "" : " and", op_text(bound.op), bound.value);
  }
  if (c.timespan.micros > 0) out += within_text(c);
  return out;
}

AlertBuilder::AlertBuilder(std::shared_ptr<const Program> program, Redactor redactor, FileNames files)
    : program_(std::move(program)), redactor_(redactor), files_(std::move(files)) {}

void AlertBuilder::add_rule(Alert& alert, const Rule& rule) const {
  alert.rule_id = rule.meta.id;
  alert.rule_name = rule.meta.name;
  alert.rule_title = rule.meta.title;
  alert.rule_hash = rule.semantic_hash;
  alert.stage = rule.extension.stage;
  alert.risk = rule.extension.risk;
  alert.attack = attack_of_tags(rule.meta.tags);
  alert.references = rule.meta.references;
}

std::vector<size_t> AlertBuilder::add_group(Alert& alert, const Rule& rule, const Episode& episode) const {
  const std::vector<GroupName> names = group_names(rule);
  const auto values = decode_group_elements(episode.key_bytes);
  const bool cluster_first = values.size() == names.size() + 1;
  if (cluster_first && values.front()) alert.cluster = displayed(*values.front());
  std::vector<size_t> elements;
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t at = i + (cluster_first ? 1 : 0);
    if (at >= values.size()) break;
    if (is_chain(rule) && !values[at]) continue;  // an identity has no address as root, nor the other way
    const std::string value = values[at].value_or("null");
    alert.group.emplace_back(names[i].shown, displayed(redactor_.value(names[i].field, "", value)));
    elements.push_back(values[at] ? i : kNull);
  }
  return elements;
}

namespace {

// Members that are the event's; `alert` has its group, of these elements of the key.
void add_event(const Rule& rule, const OpeningFacts* facts, const std::vector<size_t>& elements, Alert& alert) {
  if (facts == nullptr) return fill_from_group(rule, elements, alert);
  const Alert& event = facts->event;
  if (!event.cluster.empty()) alert.cluster = event.cluster;
  alert.envelope = event.envelope;
  alert.audit_level = event.audit_level;
  alert.actor = event.actor;
  alert.permission = event.permission;
  alert.source = event.source;
  alert.target = event.target;
  alert.request = event.request;
  alert.missing = event.missing;
  alert.salvaged = event.salvaged;
}

void add_why(const Rule& rule, uint32_t index, const OpeningFacts* facts, Alert& alert) {
  if (!rule.is_detection()) alert.why.push_back({condition_text(rule), "", alert.values});
  const std::vector<AlertWhy>* found = facts == nullptr ? nullptr : facts->why_of(index);
  for (size_t i = 0; found != nullptr && i < found->size() && alert.why.size() < kWhyEntries; ++i) {
    alert.why.push_back((*found)[i]);
  }
}

}  // namespace

std::vector<std::string> AlertBuilder::values_of(const Rule& rule, const Episode& episode) const {
  std::vector<std::string> names;
  if (is_chain(rule)) names = {"hit.stage"};
  if (!rule.is_detection()) {
    for (const CorrelationInput& input : rule.correlation().inputs) {
      if (!names.empty()) break;
      for (const FieldRef& field : input.values) names.push_back(to_text(field));
    }
  }
  std::vector<std::string> out;
  for (const std::string& encoded : episode.values) {
    std::string shown;
    const std::vector<std::string> tuple = decode_group_key(encoded);
    for (size_t i = 0; i < tuple.size(); ++i) {
      shown += (i == 0 ? "" : " / ") + redactor_.value(i < names.size() ? names[i] : "value", "", tuple[i]);
    }
    out.push_back(displayed(shown));
  }
  return out;
}

OpenAlert AlertBuilder::opened(const Episode& episode, const OpeningEvent& opening) const {
  if (opening.event == nullptr) return opened(episode, nullptr);
  const OpeningFacts read = facts(opening, std::span(&episode.rule, 1));
  return opened(episode, &read);
}

OpenAlert AlertBuilder::opened(const Episode& episode, const OpeningFacts* facts) const {
  const Rule& rule = program_->rules().rules[episode.rule];
  OpenAlert open;
  Alert& alert = open.alert;
  alert.id = episode.alert_id;
  alert.dedup_key = episode.dedup_key;
  alert.time = episode.opened;
  add_rule(alert, rule);
  add_event(rule, facts, add_group(alert, rule, episode), alert);
  alert.values = values_of(rule, episode);
  add_why(rule, episode.rule, facts, alert);
  alert.chain = alert_chain(rule, episode.key_bytes, episode.trail.get(), redactor_);
  const FieldText field = [&](std::string_view name) {
    if (is_chain(rule) && names_root(rule, name) && group_text(alert, name).empty()) return alert.chain.root;
    if (std::string group = group_text(alert, name); !group.empty()) return group;
    return facts == nullptr ? "(unknown)" : facts->text(name);
  };
  const std::string& text = rule.extension.message;
  open.message = parse_message(text.empty() ? rule.meta.title : text, field);
  for (const std::string& step : rule.meta.next_steps) {
    const FieldText word = [&](std::string_view name) { return shell_word(field(name)); };
    alert.next_steps.push_back(fill_message(parse_message(step, word), {}));
  }
  update(open, episode);
  return open;
}

void AlertBuilder::update(OpenAlert& open, const Episode& episode) const {
  Alert& alert = open.alert;
  alert.revision = episode.revision;
  alert.status = episode.status;
  alert.first_seen = episode.first_seen;
  alert.last_seen = episode.last_seen;
  alert.count = episode.count;
  alert.measure = episode.measure;
  alert.level = level_at(program_->rules().rules[episode.rule], episode.measure);
  if (episode.duration_micros >= 0) alert.duration_seconds = static_cast<double>(episode.duration_micros) / 1e6;
  if (episode.state_since != Timestamp::min()) alert.state_since = episode.state_since;
  alert.approximate = episode.approximate;
  alert.degraded = episode.degraded;
  alert.values = values_of(program_->rules().rules[episode.rule], episode);
  alert.events.clear();
  for (const EventRef& e : episode.events) {
    const RecordPosition& p = e.position;
    alert.events.push_back({uuid_text(e.audit_id), files_(p.file), e.time, p.offset, p.line});
  }
  alert.chain = alert_chain(program_->rules().rules[episode.rule], episode.key_bytes, episode.trail.get(), redactor_);
  alert.message = displayed(
      fill_message(open.message, {alert.count, alert.measure, alert.last_seen - alert.first_seen, &alert.values}));
}

}  // namespace kubevigil
