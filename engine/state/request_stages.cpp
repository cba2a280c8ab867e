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

std::optional<Timestamp> RequestStages::start(Hash128 request, uint64_t rule, Timestamp time) {
  const Hash128 key = key_of(request, rule);
  if (const auto end = take(key, true)) return end;
  wait(key, time, false);
  return std::nullopt;
}

std::optional<Timestamp> RequestStages::finish(Hash128 request, uint64_t rule, Timestamp time) {
  const Hash128 key = key_of(request, rule);
  if (const auto start = take(key, false)) return start;
  wait(key, time, true);
  return std::nullopt;
}

void RequestStages::forget_ends(Timestamp horizon) {
  while (!ends_.empty() && ends_.begin()->first < horizon) forget(ends_.begin()->second);
}

void RequestStages::wait(Hash128 key, Timestamp time, bool ended) {
  if (!waiting_.try_emplace(key, Waiting{time, next_, ended}).second) return;
  order_.emplace_back(key, next_++);
  if (ended) ends_.emplace(time, key);
  while (waiting_.size() > limits::kLongRequests) {
    const Numbered oldest = order_.front();
    order_.pop_front();
    if (!is_waiting(oldest)) continue;
    forget(oldest.first);
    ++forgotten_;
  }
  if (order_.size() <= 2 * limits::kLongRequests) return;
  std::erase_if(order_, [this](const Numbered& one) { return !is_waiting(one); });
}

void RequestStages::forget(Hash128 key) {
  const auto at = waiting_.find(key);
  if (at->second.ended) ends_.erase({at->second.time, key});
  waiting_.erase(at);
}

std::optional<Timestamp> RequestStages::take(Hash128 key, bool ended) {
  const auto at = waiting_.find(key);
  if (at == waiting_.end() || at->second.ended != ended) return std::nullopt;
  const Timestamp time = at->second.time;
  forget(key);
  return time;
}

bool RequestStages::is_waiting(const Numbered& one) const {
  const auto at = waiting_.find(one.first);
  return at != waiting_.end() && at->second.number == one.second;
}

void RequestStages::archive(Archive& archive) {
  struct Saved {
    Hash128 key;
    Waiting waiting;
  };
  std::vector<Saved> saved;
  for (const Numbered& one : order_) {
    if (is_waiting(one)) saved.push_back({one.first, waiting_.at(one.first)});
  }
  archive.each(saved, [&](Saved& s) {
    archive(s.key);
    archive(s.waiting.number);
    archive(s.waiting.time);
    archive(s.waiting.ended);
  });
  archive(next_);
  archive(forgotten_);
  if (archive.is_saving()) return;
  waiting_.clear();
  order_.clear();
  ends_.clear();
  for (const Saved& s : saved) {
    waiting_.emplace(s.key, s.waiting);
    order_.emplace_back(s.key, s.waiting.number);
    if (s.waiting.ended) ends_.emplace(s.waiting.time, s.key);
  }
}

}  // namespace kubevigil
