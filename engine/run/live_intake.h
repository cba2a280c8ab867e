// LiveIntake: one thread that takes batches from one input and puts them into the queue, which makes it wait when it
// is full.
//
// Threads: all of the functions by all. Input and queue outlive it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine/run/live_queue.h"

namespace kubevigil {

// Closed while no input may be taken in (the disk is full). All threads.
class IntakeGate {
 public:
  void set_open(bool open);
  bool open() const;
  void end();   // nobody waits any more
  bool wait();  // until it is open; false: it ended

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true, ended_ = false;
};

struct IntakeStatus {
  std::string name;
  bool caught_up = false;  // everything that there was when it was asked last is in the queue
  uint64_t batches = 0, pieces = 0, bytes = 0, gaps = 0;
  LiveInputCounts source;
  std::string problem;  // what keeps it from going on; "": nothing

  // It cannot go on although it should.
  bool is_stuck() const { return !problem.empty() && !source.stands_by; }
};

class LiveIntake {
 public:
  // `broken` is called once, on the thread, when the input cannot go on.
  LiveIntake(LiveInput& input, LiveQueue& queue, IntakeGate& gate, std::function<void(const std::string&)> broken);
  ~LiveIntake();  // as end()
  LiveIntake(const LiveIntake&) = delete;
  LiveIntake& operator=(const LiveIntake&) = delete;

  void interrupt();
  void end();  // waits for the thread. The gate must have ended, and the queue be closed
  bool caught_up() const { return caught_up_; }
  IntakeStatus status() const;

 private:
  void run();

  LiveInput& input_;
  LiveQueue& queue_;
  IntakeGate& gate_;
  const std::function<void(const std::string&)> broken_;
  std::atomic<bool> stop_ = false, caught_up_ = false;
  mutable std::mutex mutex_;
  IntakeStatus status_;
  std::thread thread_;  // last
};

}  // namespace kubevigil
