// Agenda: jobs at moments of a clock of its own, run by a few threads. With a pace a second of this clock takes so many
// seconds of the wall clock; without one (0) it jumps from job to job while nothing runs, so that minutes cost nothing
// and the order of events does not depend on how busy the machine is. Jobs of one moment run side by side.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "engine/base/timestamp.h"

namespace kubevigil::test {

class Agenda {
 public:
  explicit Agenda(double pace = 0) : pace_(pace) {}

  // Any thread, also out of a job; a moment that has passed is now.
  void add(Duration when, std::function<void()> job);
  Duration now() const;
  // Until nothing is left to do. Once.
  void run(size_t threads);

 private:
  void work();
  Duration elapsed() const;  // with a pace

  const double pace_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Duration, std::function<void()>> jobs_;
  Duration now_{};
  int64_t began_ = 0;
  size_t busy_ = 0;
};

}  // namespace kubevigil::test
