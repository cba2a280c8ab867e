#include "engine/state/request_stages.h"

#include <vector>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

Hash128 key_of(Hash128 request, uint64_t rule) {
  // The request's hash is keyed already; the rule's mark keeps the keys of one request apart.
  request.low ^= rule;
  request.high += rule;
  return request;
}

}  // namespace

void RequestStages::start(Hash128 request, uint64_t rule, Timestamp time) {
  const Hash128 key = key_of(request, rule);
  if (!open_.try_emplace(key, Started{time, next_}).second) return;
  order_.emplace_back(key, next_++);
  while (open_.size() > limits::kLongRequests) {
    const std::pair<Hash128, uint64_t> oldest = order_.front();
    order_.pop_front();
    if (!is_open(oldest)) continue;
    open_.erase(oldest.first);
    ++forgotten_;
  }
  if (order_.size() <= 2 * limits::kLongRequests) return;
  std::erase_if(order_, [this](const auto& started) { return !is_open(started); });
}

bool RequestStages::is_open(const std::pair<Hash128, uint64_t>& started) const {
  const auto at = open_.find(started.first);
  return at != open_.end() && at->second.number == started.second;
}

std::optional<Timestamp> RequestStages::finish(Hash128 request, uint64_t rule) {
  const auto at = open_.find(key_of(request, rule));
  if (at == open_.end()) return std::nullopt;
  const Timestamp time = at->second.time;
  open_.erase(at);
  return time;
}

void RequestStages::archive(Archive& archive) {
  struct Saved {
    Hash128 key;
    uint64_t number;
    Timestamp time;
  };
  std::vector<Saved> saved;
  for (const auto& started : order_) {
    if (is_open(started)) saved.push_back({started.first, started.second, open_.at(started.first).time});
  }
  archive.each(saved, [&](Saved& s) {
    archive(s.key);
    archive(s.number);
    archive(s.time);
  });
  archive(next_);
  archive(forgotten_);
  if (archive.is_saving()) return;
  open_.clear();
  order_.clear();
  for (const Saved& s : saved) {
    open_.emplace(s.key, Started{s.time, s.number});
    order_.emplace_back(s.key, s.number);
  }
}

}  // namespace kubevigil
