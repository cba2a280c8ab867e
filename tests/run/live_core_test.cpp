#include "engine/run/live_core.h"

#include <gtest/gtest.h>

#include "tests/run/live_stream.h"

namespace kubevigil {
namespace {

class Core {
 public:
  Core() {
    auto rules = std::make_shared<LiveRules>();
    rules->program =
        Program::compile(std::make_shared<const RuleSet>(load_rules({{"test.yaml", kReplayRules, false}}, {}).rules));
    judge_ = std::make_unique<BatchJudge>(rules->program, JudgeOptions{});
    core_ = std::make_unique<LiveCore>(std::move(rules));
  }
  LiveCore& operator*() { return *core_; }

  void process(const std::string& stream, const std::string& record, Duration idle_after) {
    LiveBatch live = live_batch(stream, {record});
    live.idle_after = idle_after;
    JudgedBatch judged;
    judged.batch = std::move(live.batch);
    judge_->judge(judged);
    std::vector<Alert> out;
    core_->process("spool", live, judged, out);
  }

 private:
  std::unique_ptr<BatchJudge> judge_;
  std::unique_ptr<LiveCore> core_;
};

// Whoever may post could give itself a thousand names that never send an event; nothing is kept of them, neither in
// memory nor in snapshots.
TEST(LiveCore, KeepsIdleTimesOfActiveStreamsOnly) {
  const Duration after = Duration::seconds(75);
  Core core;
  core.process("webhook/a", json_of({}), after);
  for (int i = 0; i < 100; ++i) core.process("webhook/stranger-" + std::to_string(i), "no event", after);
  EXPECT_EQ((*core).idle_after("webhook/a"), after);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ((*core).idle_after("webhook/stranger-" + std::to_string(i)), Duration{}) << i;
  }
  EXPECT_EQ((*core).save().substr(0, 4), std::string("\1\0\0\0", 4)) << "one stream's";
  std::vector<Alert> out;
  (*core).idle("webhook/a", out);
  core.process("webhook/a", "no event", after);
  EXPECT_EQ((*core).idle_after("webhook/a"), Duration{}) << "it is idle still";
}

}  // namespace
}  // namespace kubevigil
