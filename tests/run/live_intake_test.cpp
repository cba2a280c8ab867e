#include "engine/run/live_intake.h"

#include <gtest/gtest.h>

#include "tests/run/live_bench.h"

namespace kubevigil {
namespace {

// Always read to its end; wait() ends when it is told to.
class Quiet : public LiveInput {
 public:
  const std::string& name() const override { return name_; }
  LiveStep poll(LiveBatch&, size_t, std::string_view) override {
    ++polls;
    return LiveStep::Waiting;
  }
  void wait(Duration) override {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [&] { return more_ || interrupted_; });
    more_ = false;
  }
  void interrupt() override { tell(interrupted_); }
  bool seek(std::string_view, std::string_view) override { return true; }
  void more() { tell(more_); }

  std::atomic<int> polls = 0;

 private:
  void tell(bool& what) {
    {
      const std::lock_guard hold(mutex_);
      what = true;
    }
    changed_.notify_all();
  }
  const std::string name_ = "quiet";
  std::mutex mutex_;
  std::condition_variable changed_;
  bool more_ = false, interrupted_ = false;
};

// Else its stream would be called idle while it grows, and what it brings afterwards would be late.
TEST(LiveIntake, WhatAClosedGateHidesIsNotCaughtUpWith) {
  Quiet input;
  auto rules = std::make_shared<LiveRules>();
  rules->program = Program::compile(std::make_shared<const RuleSet>());
  LiveQueue queue(rules, {});
  IntakeGate gate;
  LiveIntake intake(input, queue, gate, [](const std::string&) {});
  ASSERT_TRUE(until([&] { return intake.caught_up(); }));
  gate.set_open(false);
  input.more();
  ASSERT_TRUE(until([&] { return !intake.caught_up(); }));
  EXPECT_EQ(input.polls, 1);
  gate.set_open(true);
  ASSERT_TRUE(until([&] { return intake.caught_up(); }));
  EXPECT_EQ(input.polls, 2);
  gate.end();
  queue.close();
}

}  // namespace
}  // namespace kubevigil
