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

bool SpoolLane::is_free() const { return spool_.commit().is_roomy(); }

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
    // Never fills the half of the queue that those who must not wait rely on.
    spool_.commit().wait_until_roomy();
    job();
  }
}

}  // namespace kubevigil
