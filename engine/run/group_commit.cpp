#include "engine/run/group_commit.h"

#include <chrono>

namespace kubevigil {

GroupCommit::GroupCommit(SegmentLog& log, GroupCommitOptions options) : log_(log), options_(options) {
  if (options_.own_thread) thread_ = std::thread([this] { run(); });
}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
  while (pump()) {
  }
}

void GroupCommit::run() {
  for (;;) {
    {
      std::unique_lock hold(mutex_);
      work_.wait(hold, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
    }
    pump();
  }
}

void GroupCommit::submit(uint32_t kind, std::string payload, Done done, std::shared_ptr<CommitChain> chain) {
  std::unique_lock hold(mutex_);
  const auto fits = [&] {
    return stopping_ || queued_bytes_ == 0 || queued_bytes_ + payload.size() <= options_.queue_bytes;
  };
  const bool on_writer = std::this_thread::get_id() == thread_.get_id();  // out of `done`: nobody else makes room
  if (options_.own_thread && !on_writer) room_.wait(hold, fits);
  queued_bytes_ += payload.size();
  queue_.push_back({kind, std::move(payload), std::move(done), std::move(chain)});
  hold.unlock();
  work_.notify_one();
}

void GroupCommit::wait_until_roomy() {
  std::unique_lock hold(mutex_);
  room_.wait(hold, [&] { return half_is_free(); });
}

bool GroupCommit::is_roomy() const {
  const std::lock_guard hold(mutex_);
  return half_is_free();
}

DiskResult<uint64_t> GroupCommit::append(uint32_t kind, std::string payload) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable there;
    std::optional<DiskResult<uint64_t>> result;
  };
  const auto answer = std::make_shared<Answer>();
  submit(kind, std::move(payload), [answer](const DiskResult<uint64_t>& result) {
    const std::lock_guard hold(answer->mutex);
    answer->result = result;
    answer->there.notify_all();
  });
  while (!options_.own_thread && pump()) {
  }
  std::unique_lock hold(answer->mutex);
  answer->there.wait(hold, [&] { return answer->result.has_value(); });
  return *answer->result;
}

DiskResult<uint64_t> GroupCommit::write(const Waiting& record) {
  if (record.chain && record.chain->failed) {
    return disk_fail(DiskFault::Full, "a part before this one could not be written");
  }
  auto sequence = log_.append(record.kind, record.payload);
  if (!sequence && record.chain) record.chain->failed = true;
  return sequence;
}

bool GroupCommit::pump() {
  const std::lock_guard one(pumping_);
  std::vector<Waiting> round;
  {
    const std::lock_guard hold(mutex_);
    round.swap(queue_);
  }
  if (round.empty()) return false;
  std::vector<DiskResult<uint64_t>> results;
  results.reserve(round.size());
  for (const Waiting& record : round) results.push_back(write(record));
  if (const auto synced = log_.sync(); !synced) {
    for (auto& result : results) result = tl::unexpected(synced.error());
    for (const Waiting& record : round) {
      if (record.chain) record.chain->failed = true;
    }
  }
  finish(round, results);
  return true;
}

void GroupCommit::finish(std::vector<Waiting>& round, std::vector<DiskResult<uint64_t>>& results) {
  {
    const std::lock_guard hold(mutex_);
    ++counts_.rounds;
    for (size_t i = 0; i < round.size(); ++i) {
      const size_t bytes = round[i].payload.size();
      queued_bytes_ -= bytes;  // before the answers: whoever hears one finds its bytes in the log, not in both
      counts_.records += results[i] ? 1 : 0;
      counts_.failed += results[i] ? 0 : 1;
      counts_.bytes += results[i] ? bytes : 0;
      if (!results[i] && log_.dead() && !broken_) broken_ = results[i].error();
    }
  }
  durable_.notify_all();
  room_.notify_all();
  for (size_t i = 0; i < round.size(); ++i) {
    if (round[i].done) round[i].done(results[i]);
  }
}

bool GroupCommit::wait_past(uint64_t sequence) {
  std::unique_lock hold(mutex_);
  durable_.wait(hold, [&] { return interrupted_ || log_.durable_end() > sequence + 1; });
  return log_.durable_end() > sequence + 1;
}

void GroupCommit::interrupt() {
  const std::lock_guard hold(mutex_);
  interrupted_ = true;
  durable_.notify_all();
}

bool GroupCommit::wait_past(uint64_t sequence, Duration most, const std::atomic<bool>& stop) {
  std::unique_lock hold(mutex_);
  durable_.wait_for(hold, std::chrono::microseconds(most.micros),
                    [&] { return stop || interrupted_ || log_.durable_end() > sequence + 1; });
  return log_.durable_end() > sequence + 1;
}

void GroupCommit::wake() {
  const std::lock_guard hold(mutex_);
  durable_.notify_all();
}

GroupCommitCounts GroupCommit::counts() const {
  const std::lock_guard hold(mutex_);
  return counts_;
}

size_t GroupCommit::queued_bytes() const {
  const std::lock_guard hold(mutex_);
  return queued_bytes_;
}

std::optional<DiskError> GroupCommit::broken() const {
  const std::lock_guard hold(mutex_);
  return broken_;
}

}  // namespace kubevigil
