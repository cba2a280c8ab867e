// AlertComparison: the alerts that recovery derives again against those that the journal holds. Between two inputs or
// controls the journal has what followed from the first of them, in order; behind the last one it may end too early.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/alert/alert.h"

namespace kubevigil {

class AlertComparison {
 public:
  // An entry from which alerts follow: what went before is settled.
  void begin(std::vector<Alert> derived, bool comparable);
  void journaled(const std::string& id, uint32_t revision);
  // The journal ends. Those derived from the last entry that it does not hold. Where names do not compare: none when
  // it holds one behind that entry that was not derived.
  std::vector<Alert> finish();

  uint64_t compared() const { return compared_; }
  uint64_t different() const { return different_; }
  const std::string& first_difference() const { return first_; }  // one line, printable; "": there is none

 private:
  void settle();

  std::vector<Alert> derived_;
  std::vector<std::pair<std::string, uint32_t>> journaled_;
  bool comparable_ = false;
  uint64_t compared_ = 0, different_ = 0;
  std::string first_;
};

}  // namespace kubevigil
