#include "inputs/tail_live.h"

#include <gtest/gtest.h>

#include "tests/support/log_writer.h"

namespace kubevigil {
namespace {

using test::event_line;
using test::LogWriter;

class FixedEnv final : public Env {
 public:
  Timestamp now() const override { return Timestamp{42}; }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

TEST(TailLive, GivesBatchesThatCanBeReadAgain) {
  const FixedEnv env;
  LogWriter log;
  const TailLiveOptions options{.path = log.path(), .cluster = "prod", .slack = Duration::seconds(7)};
  TailLive tail(options, env);
  LiveBatch first, second;
  EXPECT_EQ(tail.poll(first), LiveStep::Waiting);
  EXPECT_EQ(tail.position(), "");
  log.append(event_line(1) + event_line(2));
  ASSERT_EQ(tail.poll(first), LiveStep::Batch);
  log.append(event_line(3));
  log.rotate();
  ASSERT_EQ(tail.poll(second), LiveStep::Batch);
  EXPECT_EQ(first.to, second.from);
  EXPECT_EQ(second.to, tail.position());
  EXPECT_EQ(tail.counts().lag_bytes, 0u);
  EXPECT_EQ(first.stream, tail.name());
  EXPECT_EQ(first.cluster, "prod");
  EXPECT_EQ(first.taken, Timestamp{42});
  EXPECT_EQ(first.slack, Duration::seconds(7));

  TailLive again(options, env);
  for (const LiveBatch* want : {&second, &first}) {
    LiveBatch batch;
    ASSERT_TRUE(again.seek(again.name(), want->from));
    ASSERT_EQ(again.poll(batch, want->pieces()), LiveStep::Batch);
    EXPECT_EQ(batch.pieces(), want->pieces());
    EXPECT_EQ(batch.batch.memory, want->batch.memory);
  }
  EXPECT_FALSE(again.seek(again.name(), "1 2 3"));
}

TEST(TailLive, SaysWhatIsLost) {
  const FixedEnv env;
  LogWriter log;
  TailLive tail({.path = log.path()}, env);
  LiveBatch batch;
  log.append(event_line(1) + event_line(2));
  ASSERT_EQ(tail.poll(batch), LiveStep::Batch);
  log.truncate(false);
  log.append(event_line(3));
  std::vector<InputGap> gaps;
  size_t records = 0;
  for (int i = 0; i < 5; ++i) {
    LiveBatch next;
    if (tail.poll(next) != LiveStep::Batch) continue;
    gaps.insert(gaps.end(), next.gaps.begin(), next.gaps.end());
    records += next.pieces();
  }
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].what, "truncated");
  EXPECT_NE(gaps[0].detail.find(log.path()), std::string::npos);
  EXPECT_EQ(records, 1u);
  EXPECT_EQ(tail.counts().truncations, 1u);
}

TEST(TailLive, WaitEndsWhenInterrupted) {
  const FixedEnv env;
  LogWriter log;
  TailLive tail({.path = log.path()}, env);
  tail.interrupt();
  tail.wait(Duration::hours(1));
}

}  // namespace
}  // namespace kubevigil
