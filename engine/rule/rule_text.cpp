// Text of rules: for people and golden files (to_text), and for the semantic hash (semantic_hash).
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "engine/base/hash.h"
#include "engine/base/network.h"
#include "engine/rule/meaning.h"

namespace kubevigil {
namespace {

std::string number(double n) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n);
  return error == std::errc() ? std::string(buffer.data(), end) : "?";
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) out += (i > 0 ? ", " : "") + items[i];
  return out + "]";
}

std::string list_of(const std::vector<FieldRef>& fields) {
  std::vector<std::string> names;
  for (const FieldRef& f : fields) names.push_back(to_text(f));
  return list_of(names);
}

std::string_view to_text(CorrelationInput::Role role) {
  switch (role) {
    case CorrelationInput::Role::Member:
      return "member";
    case CorrelationInput::Role::TaughtBy:
      return "taught-by";
    case CorrelationInput::Role::ForgetOn:
      return "forget-on";
    case CorrelationInput::Role::Expect:
      return "expect";
    case CorrelationInput::Role::Link:
      return "link";
    case CorrelationInput::Role::Actor:
      return "actor";
  }
  return "?";
}

std::string bounds_text(const CountCondition& condition) {
  constexpr std::array<std::string_view, 6> kOps = {">", ">=", "<", "<=", "==", "!="};
  std::string out;
  for (const CountCondition::Bound& b : condition.bounds) {
    out += (out.empty() ? "" : " and ") + std::string(kOps[static_cast<size_t>(b.op)]) + " " + number(b.value);
  }
  return out;
}

// How an input's rule is named: by name for people, by meaning for the hash.
struct Namer {
  std::string (*name)(const Rule&);
  bool for_people;
};

// What `hits` adds is not listed with its fields, and is no part of the meaning: "every rule of that level" is, so that
// state lives on when other rules change.
void append_hits(std::string& out, const Correlation& c, const RuleSet& rules, bool for_people) {
  if (!c.hits_from) return;
  out += "  hits: from " + std::string(to_text(*c.hits_from)) + " on\n";
  if (!for_people) {
    for (const CorrelationInput& input : c.inputs) {  // except what a filter on this rule has narrowed
      const RuleMeta& read = rules.rules[input.rule].meta;
      if (read.id.find('@') != std::string::npos) out += "  narrowed: " + rules.rules[input.rule].semantic_hash + "\n";
    }
    return;
  }
  for (const auto role : {CorrelationInput::Role::Member, CorrelationInput::Role::Actor}) {
    std::vector<std::string> names;
    for (const CorrelationInput& input : c.inputs) {
      if (input.from_hits && input.role == role) names.push_back(rules.rules[input.rule].meta.name);
    }
    if (!names.empty()) out += "  " + std::string(to_text(role)) + ": " + list_of(names) + "\n";
  }
}

void append_input(std::string& out, const CorrelationInput& input, const RuleSet& rules, const Namer& namer) {
  out += "  " + std::string(to_text(input.role)) + ": " + namer.name(rules.rules[input.rule]);
  out += " group " + list_of(input.group);
  if (!input.values.empty()) out += " values " + list_of(input.values);
  if (!input.upstream_group.empty()) {
    std::vector<std::string> places;
    for (const size_t i : input.upstream_group) places.push_back(std::to_string(i));
    out += " upstream " + list_of(places);
  }
  out += '\n';
}

void append_chain(std::string& out, const ChainSpec& chain) {
  out += "  root: " + list_of(chain.root) + "\n";
  if (!chain.root_anonymous.empty()) out += "  root-anonymous: " + list_of(chain.root_anonymous) + "\n";
  if (!chain.never_root.empty()) out += "  never-root: " + list_of(chain.never_root) + "\n";
  out += "  max-span: " + format_duration(chain.max_span) + "\n";
  for (const ChainLink& link : chain.links) {
    out += "  link " + link.name + ":";
    for (const auto& [reached, linking] : link.to) out += " " + to_text(reached) + " = " + to_text(linking);
    out += " within " + format_duration(link.within) + (link.by_rule ? "\n" : ", by any event\n");
  }
  out += "  limits: depth " + std::to_string(chain.depth) + ", fan-out " + std::to_string(chain.fan_out) + "\n";
}

void append_special(std::string& out, const Correlation& c) {
  if (!c.value_count.require_any.empty()) out += "  require-any: " + list_of(c.value_count.require_any) + "\n";
  for (const LevelRaise& raise : c.value_count.raise) {
    out += "  raise: from " + std::to_string(static_cast<uint64_t>(raise.gte)) + " on " +
           std::string(to_text(raise.level)) + "\n";
  }
  if (c.type == CorrelationType::Chain) append_chain(out, c.chain);
  if (c.type == CorrelationType::NewValue) {
    out += "  learn: " + format_duration(c.new_value.learn) + (c.new_value.new_key_learns ? ", new keys learn" : "") +
           "\n";
    for (const std::vector<std::string>& row : c.new_value.seed) out += "  seed: " + list_of(row) + "\n";
  }
  if (c.type == CorrelationType::Absence) {
    out += "  look-back: " + format_duration(c.absence.look_back) + "\n";
    if (c.absence.every) out += "  every: " + format_duration(*c.absence.every) + "\n";
  }
}

void append_correlation(std::string& out, const Correlation& c, const RuleSet& rules, const Namer& namer) {
  out += "  type: " + std::string(kubevigil::to_text(c.type)) + "\n";
  out += "  group-by: " + list_of(c.group_by) + "\n";
  out += "  timespan: " + format_duration(c.timespan) + "\n";
  if (c.window.kind == WindowSpec::Kind::Tumbling) out += "  window: tumbling\n";
  if (c.window.kind == WindowSpec::Kind::Session) {
    out += "  window: session, gap " + format_duration(c.window.gap) + "\n";
  }
  if (!c.condition.bounds.empty()) out += "  count: " + bounds_text(c.condition) + "\n";
  if (!c.condition_fields.empty()) out += "  fields: " + list_of(c.condition_fields) + "\n";
  if (c.type == CorrelationType::ValuePercentile) out += "  percentile: " + number(c.percentile) + "\n";
  append_hits(out, c, rules, namer.for_people);
  for (const CorrelationInput& input : c.inputs) {
    if (!input.from_hits) append_input(out, input, rules, namer);
  }
  append_special(out, c);
}

void append_body(std::string& out, const Rule& rule, const RuleSet& rules, const Namer& namer) {
  const Extension& e = rule.extension;
  out += "  level: " + std::string(to_text(rule.meta.level));
  if (e.stage != Stage::None) out += ", stage " + std::string(to_text(e.stage));
  if (e.risk > 0) out += ", risk " + std::to_string(e.risk);
  out += rule.alerts ? "\n" : ", no alerts of its own\n";
  if (rule.is_detection()) {
    out += "  condition: " + to_text(rule.detection().condition) + "\n";
    if (rule.detection().names_stage) out += "  names the stage\n";
  } else {
    append_correlation(out, rule.correlation(), rules, namer);
  }
  out += "  dedup: " + list_of(e.dedup.by) + " " + format_duration(e.dedup.period);
  if (e.dedup.extend_to) out += ", extended to " + format_duration(*e.dedup.extend_to);
  out += '\n';
  if (e.across_clusters) out += "  across clusters\n";
  if (e.exempt_never) out += "  exempt: never\n";
}

bool is_peer(const FieldRef& field) { return field.id == FieldId::PeerIp || field.id == FieldId::PeerNetwork; }

bool reads_peer(const Expr& e) {
  const auto referenced = [](const Pattern& p) { return p.field && is_peer(*p.field); };
  if (e.kind == Expr::Kind::Test &&
      (is_peer(e.test.field) || std::any_of(e.test.patterns.begin(), e.test.patterns.end(), referenced))) {
    return true;
  }
  return std::any_of(e.children.begin(), e.children.end(), [](const Expr& child) { return reads_peer(child); });
}

// Whether trusted proxies change what the rule means. What a correlation reads has hashes of its own.
bool reads_peer(const Rule& rule) {
  const std::vector<FieldRef>& dedup = rule.extension.dedup.by;
  if (std::any_of(dedup.begin(), dedup.end(), is_peer)) return true;
  if (rule.is_detection()) return reads_peer(rule.detection().condition);
  const std::vector<CorrelationInput>& inputs = rule.correlation().inputs;
  return std::any_of(inputs.begin(), inputs.end(), [](const CorrelationInput& input) {
    return std::any_of(input.group.begin(), input.group.end(), is_peer) ||
           std::any_of(input.values.begin(), input.values.end(), is_peer);
  });
}

// The same networks in another order or spelling are the same configuration.
void append_proxies(std::string& out, const DerivedConfig& config) {
  std::set<std::string> networks;
  for (const std::string& text : config.trusted_proxies) {
    const auto network = parse_network(text);
    if (network) networks.insert(network_text(network->address, std::max(0, network->prefix - 96), network->prefix));
  }
  if (networks.empty()) return;
  out += "  trusted proxies: " + list_of(std::vector<std::string>(networks.begin(), networks.end())) + "\n";
}

}  // namespace

std::string to_text(const Rule& rule, const RuleSet& rules) {
  std::string out = rule.meta.name + " (" + rule.meta.id + ")\n";
  append_body(out, rule, rules, {[](const Rule& r) { return r.meta.name; }, true});
  if (rule.extension.preset != Preset::Core) {
    out += "  preset: " + std::string(to_text(rule.extension.preset)) + "\n";
  }
  if (!rule.extension.message.empty()) out += "  message: " + rule.extension.message + "\n";
  if (!rule.dead.empty()) out += "  dead: " + rule.dead + "\n";
  return out;
}

std::string rule_set_hash(const std::vector<Rule>& rules) {
  std::vector<std::string> hashes;
  for (const Rule& rule : rules) hashes.push_back(rule.meta.id + " " + rule.semantic_hash + "\n");
  std::sort(hashes.begin(), hashes.end());
  std::string all;
  for (const std::string& h : hashes) all += h;
  return sha256_hex(all);
}

std::string semantic_hash(const Rule& rule, const RuleSet& rules) {
  std::string out;
  append_body(out, rule, rules, {[](const Rule& r) { return r.semantic_hash; }, false});
  if (reads_peer(rule)) append_proxies(out, rules.derived);
  return sha256_hex(out);
}

}  // namespace kubevigil
