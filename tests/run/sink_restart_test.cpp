// How long an output has been failing, over restarts of the program.
#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SinkBench;
using Record = test::ScriptedTransport::Record;

Delivery down(const Message&) { return {Delivery::Kind::Retry, "down", {}, {}}; }

// Else an output that is gone for good holds the journal for ever, where the program is restarted every day.
TEST(SinkGivesUp, OverRestarts) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.give_up_after = Duration::hours(24);
  const auto record = std::make_shared<Record>();
  record->answer = down;
  bench.alerts(0, 10);
  const auto life = [&](Duration time) {
    bench.open();
    const auto sink = bench.sink(options, record);
    bench.run(*sink, time);
    return sink->counters().given_up;
  };
  for (int lives = 0; lives < 3; ++lives) EXPECT_EQ(life(Duration::hours(7)), 0u);
  bench.env.pass(Duration::days(7));  // while it is down nothing is tried, so that does not count
  EXPECT_EQ(life(Duration::minutes(30)), 0u);
  EXPECT_EQ(life(Duration::hours(4)), 10u);
}

TEST(SinkGivesUp, ADeliveryEndsTheFailingThatRestartsRemember) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.give_up_after = Duration::hours(24);
  const auto record = std::make_shared<Record>();
  record->answer = down;
  bench.alerts(0, 1);
  {
    const auto sink = bench.sink(options, record);
    bench.run(*sink, Duration::hours(23));
    record->answer = [](const Message&) { return Delivery{}; };
    bench.run(*sink, Duration::hours(1));
  }
  record->answer = down;
  bench.alerts(1, 2);
  bench.open();
  const auto sink = bench.sink(options, record);
  bench.run(*sink, Duration::hours(23));
  EXPECT_EQ(sink->counters().given_up, 0u);
  bench.run(*sink, Duration::hours(2));
  EXPECT_EQ(sink->counters().given_up, 1u);
}

}  // namespace
}  // namespace kubevigil
