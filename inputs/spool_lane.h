// SpoolLane: the one thread that may wait for the spool's queue on behalf of connections. Jobs run one after the other,
// in the order in which they came, each when the queue is half free. There are at most as many jobs as bodies on their
// way.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/run/spool.h"

namespace kubevigil {

class SpoolLane {
 public:
  explicit SpoolLane(Spool& spool);
  ~SpoolLane();  // drops the jobs that have not begun
  SpoolLane(const SpoolLane&) = delete;
  SpoolLane& operator=(const SpoolLane&) = delete;

  // Whether a thread that must not wait may submit to the spool: half of the queue is free, and so much can never be
  // filled by others between this question and the submit. Must stay true: half of the queue (16 MiB) has room for a
  // block (kSpoolBlockBytes) of each thread that asks, and one of the lane, which asks before each job.
  bool is_free() const;
  void add(std::function<void()> job);
  uint64_t taken() const { return taken_; }

 private:
  void run();

  Spool& spool_;
  std::atomic<uint64_t> taken_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kubevigil
