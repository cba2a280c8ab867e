#include "engine/rule/chain_section.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/rule/hit_keys.h"
#include "engine/rule/sigma_lists.h"

namespace kubevigil {
namespace {

class ChainReader {
 public:
  ChainReader(const YamlNode& node, RuleContext& context)
      : map_(node, "chain", context.diagnostics()),
        node_(node),
        context_(context),
        shape_(context.draft.correlation.shape),
        spec_(shape_.chain) {}

  void read() {
    read_hits(map_, context_);
    read_require_and_raise(map_, context_);
    check_stages();
    read_root();
    read_span();
    read_limits();
    if (const YamlNode* links = map_.get("links")) read_links(*links);
    map_.finish();
  }

 private:
  void error(std::string code, std::string message, const SourceSpan& span, std::string hint = "") {
    context_.diagnostics().error(std::move(code), std::move(message), span, std::move(hint));
  }

  static bool is_of_the_way(FieldId field) {
    return field == FieldId::SourceIps || field == FieldId::PeerIp || field == FieldId::PeerNetwork ||
           field == FieldId::UserAgent || field == FieldId::UserAgentFamily;
  }

  std::optional<FieldRef> field_of(const NameAt& name) {
    const std::optional<FieldRef> field = parse_field(name.text);
    if (field && field_info(field->id).origin != FieldOrigin::Hit) return field;
    const std::string close = field ? "" : field_suggestion(name.text);
    error("unknown-field", "\"" + printable(name.text) + "\" is no field of an audit event", name.span,
          close.empty() ? "" : "did you mean \"" + close + "\"?");
    return std::nullopt;
  }

  std::vector<FieldRef> root_fields(std::string_view key) {
    std::vector<FieldRef> fields;
    for (const NameAt& name : map_.names(key)) {
      const std::optional<FieldRef> field = field_of(name);
      if (!field) continue;
      fields.push_back(*field);
      context_.draft.correlation.group_by.push_back(name);
      shape_.group_by.push_back(name.text);
    }
    return fields;
  }

  void read_root();
  void read_span();
  void read_limits();
  void read_links(const YamlNode& links);
  void read_link(const YamlEntry& entry);
  void read_pair(const YamlEntry& pair, ChainLink& link);
  void check_stages();
  size_t number(MapReader& map, std::string_view key, size_t otherwise, size_t most);

  MapReader map_;
  const YamlNode& node_;
  RuleContext& context_;
  Correlation& shape_;
  ChainSpec& spec_;
};

void ChainReader::check_stages() {
  const YamlNode* node = map_.get("require-any");
  for (const NameAt& stage : map_.names("require-any")) {
    if (parse_stage(stage.text)) continue;
    const std::string_view close = nearest(stage.text, kStageNames);
    error("bad-value", "\"" + printable(stage.text) + "\" is no stage", stage.span,
          close.empty() ? "one of entry, collect, probe, spread, effect"
                        : "did you mean \"" + std::string(close) + "\"?");
  }
  if (node != nullptr && shape_.value_count.require_any.empty()) {
    error("bad-value", "require-any names no stage", node->span, "leave it out, or name one");
  }
}

void ChainReader::read_root() {
  spec_.root = root_fields("root");
  spec_.root_anonymous = root_fields("root-anonymous");
  if (map_.names("root").empty()) {
    error("bad-chain", "a chain needs to know whose it is", node_.span, "add `root: [user.username, user.uid]`");
  }
  const std::vector<NameAt> lists = map_.names("never-root");
  for (const NameAt& list : lists) {
    for (std::vector<std::string>& row : list_rows(list.text, list.span, context_)) {
      if (row.size() != 1) {
        error("bad-list", "never-root is a list of single values of the first root field", list.span);
        break;
      }
      spec_.never_root.push_back(std::move(row.front()));
    }
  }
  std::sort(spec_.never_root.begin(), spec_.never_root.end());
}

void ChainReader::read_span() {
  spec_.max_span = map_.duration("max-span").value_or(shape_.timespan);
  if (const YamlNode* node = map_.get("max-span"); node != nullptr && spec_.max_span < shape_.timespan) {
    error("bad-chain", "max-span is shorter than the timespan of " + format_duration(shape_.timespan), node->span,
          "a chain begins with enough stages within one timespan, and grows up to max-span");
  }
}

size_t ChainReader::number(MapReader& map, std::string_view key, size_t otherwise, size_t most) {
  const YamlNode* node = map.get(key);
  if (node == nullptr) return otherwise;
  const std::optional<double> n = node->number();
  if (n && *n >= 1 && *n <= static_cast<double>(most) && *n == static_cast<double>(static_cast<size_t>(*n))) {
    return static_cast<size_t>(*n);
  }
  error("bad-value", "\"" + std::string(key) + "\" is a whole number from 1 to " + std::to_string(most), node->span);
  return otherwise;
}

void ChainReader::read_limits() {
  const YamlNode* node = map_.get("limits");
  if (node == nullptr) return;
  MapReader map(*node, "limits", context_.diagnostics());
  spec_.depth = number(map, "depth", spec_.depth, limits::kChainLinkDepth);
  spec_.fan_out = number(map, "fan-out", spec_.fan_out, limits::kChainFanOut);
  map.finish();
}

void ChainReader::read_links(const YamlNode& links) {
  if (!links.is_map()) {
    return error("bad-value", "links is a mapping of names to links", links.span,
                 "write {entered: {rule: pod_exec, to: {caller.podUID: objectRef.uid}, within: 1h}}");
  }
  if (links.entries.size() > limits::kChainLinks) {
    return error("bad-chain", "more than " + std::to_string(limits::kChainLinks) + " links", links.span);
  }
  for (const YamlEntry& entry : links.entries) read_link(entry);
}

void ChainReader::read_link(const YamlEntry& entry) {
  MapReader map(entry.value, "the link \"" + printable(entry.key.text) + "\"", context_.diagnostics());
  ChainLink link;
  link.name = entry.key.text;
  const auto number = static_cast<uint32_t>(spec_.links.size());
  for (NameAt& rule : map.names("rule")) {
    link.by_rule = true;
    InputDraft& input = context_.draft.correlation.inputs.emplace_back();
    input.name = std::move(rule);
    input.role = CorrelationInput::Role::Link;
    input.link = number;
  }
  const YamlNode* to = map.get("to");
  if (to == nullptr || !to->is_map() || to->entries.empty()) {
    error("bad-chain", "the link \"" + printable(link.name) + "\" does not say what it reaches",
          to == nullptr ? entry.key.span : to->span, "add `to: {user.username: written.subjects}`");
  } else {
    for (const YamlEntry& pair : to->entries) read_pair(pair, link);
  }
  const std::optional<Duration> within = map.duration("within");
  if (map.get("within") == nullptr) {
    error("bad-chain", "the link \"" + printable(link.name) + "\" does not say for how long it holds", entry.key.span,
          "add `within: 1h`; 0s links inside one event");
  }
  link.within = within.value_or(Duration{0});
  if (link.by_rule && within && within->micros == 0) {
    error("bad-chain", "a link within 0s holds inside one event, whatever rule it hits", map.get("within")->span,
          "leave out its rule, or give it time");
  }
  map.finish();
  spec_.links.push_back(std::move(link));
}

void ChainReader::read_pair(const YamlEntry& pair, ChainLink& link) {
  const std::optional<FieldRef> reached = field_of({pair.key.text, pair.key.span});
  const std::optional<FieldRef> linking = field_of({pair.value.text, pair.value.span});
  for (const auto& field : {reached, linking}) {
    if (!field || !is_of_the_way(field->id)) continue;
    return error("bad-chain", "\"" + to_text(*field) + "\" says over which way somebody came, not who it is",
                 pair.key.span, "link by identities, credentials or objects; an address is shared by many");
  }
  if (reached && linking) link.to.emplace_back(*reached, *linking);
}

}  // namespace

void read_chain(const YamlNode& node, RuleContext& context) { ChainReader(node, context).read(); }

}  // namespace kubevigil
