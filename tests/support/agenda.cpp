#include "tests/support/agenda.h"

#include <chrono>
#include <thread>
#include <vector>

#include "engine/base/env.h"

namespace kubevigil::test {

void Agenda::add(Duration when, std::function<void()> job) {
  const std::lock_guard hold(mutex_);
  jobs_.emplace(when, std::move(job));
  changed_.notify_one();
}

Duration Agenda::elapsed() const {
  return {static_cast<int64_t>(static_cast<double>(system_env().monotonic().micros - began_) / pace_)};
}

Duration Agenda::now() const {
  const std::lock_guard hold(mutex_);
  return pace_ > 0 && began_ > 0 ? elapsed() : now_;
}

void Agenda::run(size_t threads) {
  {
    const std::lock_guard hold(mutex_);
    began_ = system_env().monotonic().micros;
  }
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
  for (std::thread& worker : workers) worker.join();
}

void Agenda::work() {
  std::unique_lock hold(mutex_);
  for (;;) {
    if (jobs_.empty()) {
      if (busy_ == 0) break;
      changed_.wait(hold);
      continue;
    }
    const Duration due = jobs_.begin()->first;
    if (pace_ > 0) now_ = elapsed();
    if (pace_ == 0 && busy_ == 0) now_ = std::max(now_, due);
    if (due > now_) {
      if (pace_ == 0) {
        changed_.wait(hold);
      } else {
        changed_.wait_for(
            hold, std::chrono::duration<double, std::micro>(static_cast<double>((due - now_).micros) * pace_ + 1));
      }
      continue;
    }
    const auto job = std::move(jobs_.begin()->second);
    jobs_.erase(jobs_.begin());
    ++busy_;
    hold.unlock();
    job();
    hold.lock();
    --busy_;
    changed_.notify_all();
  }
  changed_.notify_all();
}

}  // namespace kubevigil::test
