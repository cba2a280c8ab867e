// The key by which the alerts of a correlation are grouped: its group key, or the part of it that `dedup.by` names.
#pragma once

#include <optional>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/state/operator.h"

namespace kubevigil {

class AlertKeys {
 public:
  // `rules` must outlive it.
  AlertKeys(const RuleSet& rules, HashKey key);

  // True: the alerts of `rule` are grouped by less than its group key.
  bool narrows(uint32_t rule) const { return positions_[rule].has_value(); }
  // The firing with the key of its alert. REQUIRES: narrows(rule).
  Firing narrowed(uint32_t rule, const Firing& firing) const;

 private:
  const RuleSet& rules_;
  const HashKey key_;
  // By rule: positions in group_by of the dedup.by fields; nullopt when they are not a part of the group, or none.
  std::vector<std::optional<std::vector<size_t>>> positions_;
};

}  // namespace kubevigil
