#include "engine/run/bad_lines.h"

namespace kubevigil {

bool BadLines::Before::operator()(const BadRecord& a, const BadRecord& b) const {
  return position_before(a.position, b.position);
}

void BadLines::add(const BadRecord& bad) {
  ++total_;
  if (kept_.size() >= limit_ && (limit_ == 0 || !Before{}(bad, *kept_.rbegin()))) return;
  kept_.insert(bad);
  if (kept_.size() > limit_) kept_.erase(std::prev(kept_.end()));
}

std::vector<BadRecord> BadLines::take() {
  std::vector<BadRecord> out(kept_.begin(), kept_.end());
  kept_.clear();
  return out;
}

}  // namespace kubevigil
