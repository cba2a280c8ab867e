// Warm standby from end to end: two instances with journals of their own, one lease, one consumer that knows alerts by
// their id.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/run/lease.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;
using test::SinkBench;
using Record = test::ScriptedTransport::Record;
using Answer = test::ScriptedTransport::Answer;

constexpr Duration kSecond = Duration::seconds(1);

struct Instance {
  Instance(SimulatedDisk& shared, const std::string& name, Answer consumer) {
    bench.env.next_random = std::hash<std::string>()(name);
    lease = std::make_unique<Lease>(shared, bench.env, LeaseOptions{"/shared/lease", name, Duration::seconds(15)},
                                    [](const LeaseNotice&) {});
    bench.gate = lease.get();
    record->answer = std::move(consumer);
    sink = bench.sink(bench.options(), record);
    next = bench.env.mono;
  }
  void pass() {
    if (bench.env.mono >= next) next = Duration{bench.env.mono.micros + lease->tick().micros};
    bench.run(*sink, kSecond);
  }
  void hears(const std::string& id) {
    bench.input();
    bench.alert(test::plain_alert(id));
  }
  bool dead() const { return sink == nullptr; }
  void die() {
    sink.reset();
    lease.reset();
  }

  SinkBench bench;
  std::unique_ptr<Lease> lease;
  std::shared_ptr<Record> record = std::make_shared<Record>();
  std::unique_ptr<Sink> sink;
  Duration next{};
};

struct ClosedGate : SendGate {
  bool may_send() const override { return false; }
  void delivered(std::string_view, Timestamp) override {}
  std::optional<Timestamp> settled(std::string_view) const override { return std::nullopt; }
};

TEST(Standby, ATakeOverLosesNothingAndRepeatsOnlyTheLastMinutes) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("KUBEVIGIL_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    SimulatedDisk shared;
    ASSERT_TRUE(shared.make_folder("/shared"));
    std::map<std::string, int> known;
    bool down = false;
    const Answer consumer = [&](const Message& message) {
      if (down) return Delivery{Delivery::Kind::Retry, "down", {}, {}};
      for (const Alert& alert : message.alerts) ++known[alert.id];
      return Delivery{};
    };
    Instance a(shared, "a", consumer), b(shared, "b", consumer);
    b.bench.env.wall = b.bench.env.wall + Duration::hours(static_cast<int64_t>(random() % 100) - 50);
    const int dies = 1800 + static_cast<int>(random() % 600);
    for (int second = 0; second < 3600; ++second) {
      const std::string id = "a" + std::to_string(second);
      const bool late = random() % 50 == 0;  // b hears of it later
      if (!a.dead()) a.hears(id);
      if (!late) b.hears(id);
      down = second / 200 % 4 == 1;
      if (second == dies) a.die();
      if (!a.dead()) a.pass();
      b.pass();
      ASSERT_FALSE(!a.dead() && a.lease->may_send() && b.lease->may_send());
      if (late) b.hears(id);
      if (second == dies - 1) {
        EXPECT_LT(b.sink->counters().lag_entries, 2u * 2u * 520u) << "its cursor follows";
      }
    }
    down = false;
    for (int second = 0; second < 600; ++second) b.pass();
    int twice = 0;
    for (int second = 0; second < 3600; ++second) {
      const int times = known["a" + std::to_string(second)];
      ASSERT_GE(times, 1) << "alert of second " << second << " with the death at " << dies;
      twice += times > 1 ? 1 : 0;
    }
    EXPECT_LE(twice, 300 + 20);
    EXPECT_EQ(b.sink->counters().lag_entries, 0u);
  }
}

// At its stop, too: the holder delivers what is there.
TEST(Standby, NobodyWaitsForItsDeliveries) {
  SinkBench bench;
  ClosedGate gate;
  bench.gate = &gate;
  const auto sink = bench.sink(bench.options(), std::make_shared<Record>());
  bench.alerts(0, 3);
  bench.run(*sink);
  EXPECT_FALSE(sink->wait_delivered(bench.journal->durable_end() - 1, Duration::hours(10)));
}

TEST(Standby, SendsNothingWhileItWaits) {
  SimulatedDisk shared;
  ASSERT_TRUE(shared.make_folder("/shared"));
  const Answer consumer = [](const Message&) { return Delivery{}; };
  Instance a(shared, "a", consumer), b(shared, "b", consumer);
  for (int second = 0; second < 1200; ++second) {
    a.hears("a" + std::to_string(second));
    b.hears("a" + std::to_string(second));
    a.pass();
    b.pass();
  }
  const bool first = !a.record->sent.empty();
  EXPECT_EQ(a.record->sent.size(), first ? 1200u : 0u);
  EXPECT_EQ(b.record->sent.size(), first ? 0u : 1200u);
}

}  // namespace
}  // namespace kubevigil
