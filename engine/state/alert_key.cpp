#include "engine/state/alert_key.h"

#include <algorithm>
#include <string>

#include "engine/state/key_bytes.h"

namespace kubevigil {
namespace {

std::optional<std::vector<size_t>> dedup_elements(const Rule& rule) {
  if (rule.is_detection()) return std::nullopt;
  const Correlation& correlation = rule.correlation();
  if (rule.extension.dedup.by.empty() || correlation.inputs.empty()) return std::nullopt;
  const auto& group = correlation.inputs.front().group;
  std::vector<size_t> positions;
  for (const FieldRef& field : rule.extension.dedup.by) {
    const auto at = std::find(group.begin(), group.end(), field);
    if (at == group.end()) return std::nullopt;
    positions.push_back(static_cast<size_t>(at - group.begin()));
  }
  return positions;
}

}  // namespace

AlertKeys::AlertKeys(const RuleSet& rules, HashKey key) : rules_(rules), key_(key) {
  for (const Rule& rule : rules.rules) positions_.push_back(dedup_elements(rule));
}

Firing AlertKeys::narrowed(uint32_t rule, const Firing& firing) const {
  const size_t skip = rules_.rules[rule].extension.across_clusters ? 0 : 1;  // the cluster stands in front
  const auto elements = tuple_elements(firing.key_bytes);
  Firing out = firing;
  out.key_bytes = skip == 1 && !elements.empty() ? std::string(elements.front()) : std::string();
  for (const size_t at : *positions_[rule]) {
    out.key_bytes += at + skip < elements.size() ? elements[at + skip] : std::string_view("n");
  }
  out.key = siphash(out.key_bytes, key_);
  return out;
}

}  // namespace kubevigil
