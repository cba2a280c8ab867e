#include "inputs/spool_lane.h"

namespace kubevigil {

SpoolLane::SpoolLane(Spool& spool) : spool_(spool), thread_([this] { run(); }) {}

SpoolLane::~SpoolLane() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool SpoolLane::is_free() const {
  const GroupCommit& commit = spool_.commit();
  return commit.queued_bytes() <= commit.queue_bytes() / 2;
}

void SpoolLane::add(std::function<void()> job) {
  {
    const std::lock_guard hold(mutex_);
    jobs_.push_back(std::move(job));
  }
  ++taken_;
  changed_.notify_one();
}

void SpoolLane::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock hold(mutex_);
      changed_.wait(hold, [&] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace kubevigil
