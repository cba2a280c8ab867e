#include "engine/state/chained_feeds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/match/group_key.h"
#include "engine/state/key_bytes.h"

namespace kubevigil {
namespace {

std::string mapped_key(const Rule& upstream, const Rule& downstream, const CorrelationInput& input,
                       std::string_view key) {
  auto elements = tuple_elements(key);
  std::string_view cluster = "n";
  if (!upstream.extension.across_clusters && !elements.empty()) {
    cluster = elements.front();
    elements.erase(elements.begin());
  }
  std::string out;
  if (!downstream.extension.across_clusters) out += cluster;
  for (size_t from : input.upstream_group) out += from < elements.size() ? elements[from] : std::string_view("n");
  return out;
}

void append_hit_value(std::string& out, const Rule& rule, FieldId field) {
  switch (field) {
    case FieldId::HitRule:
      return append_group_text(out, rule.meta.name);
    case FieldId::HitLevel:
      return append_group_text(out, to_text(rule.meta.level));
    case FieldId::HitStage:
      if (rule.extension.stage != Stage::None) return append_group_text(out, to_text(rule.extension.stage));
      break;
    case FieldId::HitRisk: {
      const std::string text = std::to_string(rule.extension.risk);
      const Value value{ValueType::Int, text, static_cast<double>(rule.extension.risk)};
      return append_group_value(out, value);
    }
    default:
      break;
  }
  out += 'n';
}

// For a chain a correlation's hit is where its window ends. The match that completed it may be older, when it came
// late; had it come in its order, another one would have completed it.
Timestamp hit_time(const Rule& downstream, const Firing& firing) {
  const bool is_chain = downstream.correlation().type == CorrelationType::Chain;
  return is_chain ? std::max(firing.time, firing.last_seen) : firing.time;
}

}  // namespace

std::vector<std::vector<Feed>> chained_feeds(const RuleSet& rules) {
  std::vector<std::vector<Feed>> feeds(rules.rules.size());
  for (uint32_t r = 0; r < rules.rules.size(); ++r) {
    if (rules.rules[r].is_detection()) continue;
    const auto& inputs = rules.rules[r].correlation().inputs;
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      if (!rules.rules[inputs[i].rule].is_detection()) feeds[inputs[i].rule].push_back({r, i});
    }
  }
  return feeds;
}

ChainedMatch chained_match(const RuleSet& rules, uint32_t upstream, const Feed& feed, const Firing& firing,
                           HashKey key) {
  const Rule& from = rules.rules[upstream];
  const Rule& to = rules.rules[feed.correlation];
  const CorrelationInput& input = to.correlation().inputs[feed.input];
  ChainedMatch out;
  out.key = mapped_key(from, to, input, firing.key_bytes);
  out.match.number = std::numeric_limits<double>::quiet_NaN();
  for (const FieldRef& field : input.values) {
    append_hit_value(out.value, from, field.id);
    if (field.id == FieldId::HitRisk && std::isnan(out.match.number)) out.match.number = from.extension.risk;
  }
  out.match.time = hit_time(to, firing);
  out.match.input = feed.input;
  out.match.key = siphash(out.key, key);
  if (!out.value.empty()) out.match.value = siphash(out.value, key);
  out.match.event = firing.anchor;
  return out;
}

}  // namespace kubevigil
