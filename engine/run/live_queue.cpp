#include "engine/run/live_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kubevigil {

size_t held_bytes(const Batch& batch) {
  size_t bytes = batch.memory.size() + batch.records.size() * sizeof(Record);
  for (const auto& wrapper : batch.wrappers) bytes += wrapper ? wrapper->json.size() + sizeof(Wrapper) : 0;
  for (const BadRecord& bad : batch.bad) bytes += sizeof(BadRecord) + bad.kept.size() + bad.message.size();
  return bytes;
}

LiveQueue::LiveQueue(std::shared_ptr<const LiveRules> rules, LiveQueueOptions options)
    : options_(options), rules_(std::move(rules)) {
  for (size_t i = 0; i < std::max<size_t>(options_.threads, 1); ++i) threads_.emplace_back([this] { run(); });
}

LiveQueue::~LiveQueue() {
  {
    const std::lock_guard hold(mutex_);
    closed_ = stop_ = true;
  }
  work_.notify_all();
  room_.notify_all();
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool LiveQueue::submit(LiveBatch& batch) {
  const size_t bytes = held_bytes(batch.batch);
  const size_t pieces = batch.pieces();
  std::unique_lock hold(mutex_);
  room_.wait(hold, [&] { return closed_ || bytes_ == 0 || bytes_ + bytes <= options_.bytes; });
  if (closed_) return false;
  std::unique_ptr<JudgedBatch> judged;
  if (!spare_.empty()) {
    judged = std::move(spare_.back());
    spare_.pop_back();
  } else {
    judged = std::make_unique<JudgedBatch>();
  }
  std::swap(judged->batch, batch.batch);
  judged->batch.cluster = batch.cluster;
  judged->batch.formats = batch.formats;
  Slot& slot = slots_.emplace_back();
  Batch spare = std::move(batch.batch);
  slot.item = {std::move(batch), pieces, std::move(judged), rules_, bytes};
  batch = {};
  batch.batch = std::move(spare);
  bytes_ += bytes;
  unjudged_.push_back(&slot);
  hold.unlock();
  work_.notify_one();
  return true;
}

void LiveQueue::swap(std::shared_ptr<const LiveRules> rules) {
  {
    const std::lock_guard hold(mutex_);
    if (closed_) return;
    rules_ = std::move(rules);
    Slot& slot = slots_.emplace_back();
    slot.item.rules = rules_;
    slot.ready = true;
  }
  ready_.notify_one();
}

void LiveQueue::close() {
  {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }
  room_.notify_all();
  ready_.notify_all();
}

LiveQueue::Next LiveQueue::next(LiveItem& item, Duration most) {
  std::unique_lock hold(mutex_);
  const auto settled = [&] { return slots_.empty() ? closed_ : slots_.front().ready; };
  ready_.wait_for(hold, std::chrono::microseconds(std::max<int64_t>(most.micros, 0)), settled);
  if (slots_.empty()) return closed_ ? Next::Closed : Next::Empty;
  if (!slots_.front().ready) return Next::Empty;
  item = std::move(slots_.front().item);
  slots_.pop_front();
  return Next::Item;
}

void LiveQueue::recycle(LiveItem& item) {
  constexpr size_t kSpare = 4;
  constexpr size_t kSpareBytes = 4u << 20;
  std::unique_ptr<JudgedBatch> done = std::move(item.judged);
  const size_t bytes = std::exchange(item.bytes, 0);
  if (done) done->reset();
  {
    const std::lock_guard hold(mutex_);
    bytes_ -= bytes;
    const bool keep = done && spare_.size() < kSpare && done->batch.memory.capacity() <= kSpareBytes;
    if (keep) spare_.push_back(std::move(done));
  }
  room_.notify_all();
}

bool LiveQueue::idle() const {
  const std::lock_guard hold(mutex_);
  return slots_.empty() && bytes_ == 0;
}

size_t LiveQueue::bytes() const {
  const std::lock_guard hold(mutex_);
  return bytes_;
}

size_t LiveQueue::batches() const {
  const std::lock_guard hold(mutex_);
  return slots_.size();
}

void LiveQueue::run() {
  std::unique_ptr<BatchJudge> judge;
  std::shared_ptr<const LiveRules> made_for;
  std::unique_lock hold(mutex_);
  for (;;) {
    work_.wait(hold, [&] { return stop_ || !unjudged_.empty(); });
    if (stop_) return;
    Slot& slot = *unjudged_.front();
    unjudged_.pop_front();
    hold.unlock();
    if (judge == nullptr || made_for != slot.item.rules) {
      made_for = slot.item.rules;
      JudgeOptions options;
      options.key = made_for->detector.key;
      options.gate = gate_;
      options.workers = options_.threads;
      judge = std::make_unique<BatchJudge>(made_for->program, options);
    }
    judge->judge(*slot.item.judged);
    hold.lock();
    slot.ready = true;
    if (&slot == &slots_.front()) ready_.notify_one();
  }
}

}  // namespace kubevigil
