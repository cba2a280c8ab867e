// Two instances and one lease file, on simulated clocks and a simulated disk.
#include "engine/run/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;
using test::SimulatedEnv;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFile = "/shared/lease";
constexpr Duration kTtl = Duration::seconds(15);
constexpr Duration kStep{100'000};

// One instance: its clocks, its lease, and when its next round is.
struct Instance {
  Instance(SimulatedDisk& disk, std::string name, uint64_t seed) : disk_(disk), name_(std::move(name)) {
    env.next_random = seed;
    start();
  }
  void start() {
    lease =
        std::make_unique<Lease>(disk_, env, LeaseOptions{kFile, name_, kTtl, [this] { return file_system; }, beside},
                                [this](const LeaseNotice& notice) { notices.push_back(notice.text); });
    next = env.mono;
  }
  void pass(Duration time) {
    env.pass(time);
    if (!paused && lease && env.mono >= next) next = Duration{env.mono.micros + lease->tick().micros};
  }
  bool sends() const { return lease && lease->may_send(); }

  SimulatedEnv env;
  std::unique_ptr<Lease> lease;
  std::vector<std::string> notices;
  bool paused = false;
  uint64_t file_system = 1;  // where it finds the lease's folder
  std::string beside;
  Duration next{};

 private:
  SimulatedDisk& disk_;
  std::string name_;
};

class TwoInstances : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk_.make_folder("/shared")); }
  void pass(Duration time) {
    for (Duration passed{}; passed < time; passed.micros += kStep.micros) {
      a.pass(kStep);
      b.pass(kStep);
      ASSERT_FALSE(a.sends() && b.sends());
    }
  }
  // How long until `so`; at most ten minutes.
  template <typename So>
  Duration until(So so) {
    Duration passed{};
    for (; !so() && passed < Duration::minutes(10); passed.micros += kStep.micros) pass(kStep);
    return passed;
  }

  SimulatedDisk disk_;
  Instance a{disk_, "a", 1}, b{disk_, "b", 1'000'000};
};

TEST_F(TwoInstances, OneSendsAndTheOtherWaits) {
  EXPECT_LE(until([&] { return a.sends() || b.sends(); }), Duration::seconds(20));
  const bool first = a.sends();
  for (int minute = 0; minute < 60; ++minute) {
    pass(Duration::minutes(1));
    EXPECT_EQ(a.sends(), first);
    EXPECT_EQ(b.sends(), !first);
  }
  EXPECT_EQ(a.lease->state().holder, b.lease->state().holder);
  EXPECT_EQ(a.lease->state().term, 1u);
}

TEST_F(TwoInstances, TheOtherTakesOverWhenOneDies) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::minutes(1));
  a.lease.reset();
  EXPECT_LE(until([&] { return b.sends(); }), Duration{2 * kTtl.micros});
  EXPECT_EQ(b.lease->state().term, 2u);
  EXPECT_THAT(b.notices, ElementsAre("this instance sends from now on, term 2"));
  a.start();  // it comes back and waits
  pass(Duration::minutes(10));
  EXPECT_TRUE(b.sends());
}

TEST_F(TwoInstances, AReleasedLeaseIsTakenAtOnce) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::minutes(1));
  a.lease->release();
  a.lease.reset();
  EXPECT_LE(until([&] { return b.sends(); }), Duration{5'100'000});
}

TEST_F(TwoInstances, AHolderThatStoodStillDoesNotSendAgainByItself) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::seconds(10));
  a.paused = true;
  until([&] { return b.sends(); });
  EXPECT_FALSE(a.sends());
  a.paused = false;
  pass(Duration::minutes(1));
  EXPECT_TRUE(b.sends());
  EXPECT_THAT(a.notices.back(), HasSubstr("it was taken by b/"));
}

TEST_F(TwoInstances, AHolderThatCannotRenewStopsBeforeTheLeaseEnds) {
  b.paused = true;
  until([&] { return a.sends(); });
  pass(Duration::seconds(20));
  disk_.set_capacity(0);
  EXPECT_LT(until([&] { return !a.sends(); }), kTtl);
  EXPECT_NE(a.lease->state().last_error, "");
  pass(Duration::seconds(2));
  EXPECT_THAT(a.notices.back(), HasSubstr("could not be renewed in time"));
  disk_.set_capacity(1u << 20);
  EXPECT_LE(until([&] { return a.sends(); }), Duration::seconds(5));
}

TEST_F(TwoInstances, WallClocksDoNotDecide) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::minutes(1));
  b.env.wall = b.env.wall + Duration::days(400);
  pass(Duration::minutes(5));
  EXPECT_TRUE(a.sends()) << "a clock that runs ahead steals nothing";
  b.env.wall = b.env.wall - Duration::days(800);
  a.env.wall = a.env.wall - Duration::days(1);
  pass(Duration::minutes(5));
  EXPECT_TRUE(a.sends());
  a.env.wall = a.env.wall + Duration::days(1);
  EXPECT_FALSE(a.sends()) << "perhaps its machine stood still: it asks the file first";
  EXPECT_LE(until([&] { return a.sends(); }), Duration{5'100'000});
  EXPECT_FALSE(b.sends());
}

TEST_F(TwoInstances, ATornOrMissingFileIsMendedByTheHolder) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::seconds(30));
  const std::string good = disk_.content(kFile);
  for (const std::string& torn : {good.substr(0, good.size() / 2), std::string("\0\0\0", 3), std::string()}) {
    disk_.set_content(kFile, torn);
    pass(Duration::minutes(2));
    EXPECT_TRUE(a.sends());
    EXPECT_FALSE(b.sends());
  }
  ASSERT_TRUE(disk_.remove(kFile));
  pass(Duration::minutes(2));
  EXPECT_TRUE(a.sends());
  disk_.set_content(kFile, "torn");
  a.lease.reset();
  EXPECT_LE(until([&] { return b.sends(); }), Duration{2 * kTtl.micros});
}

// The mount is gone, and the folder below it is a local one without a lease.
TEST_F(TwoInstances, AMissingFileOnAnotherFileSystemIsNotFree) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  pass(Duration::minutes(1));
  const std::string shared = disk_.content(kFile);
  a.paused = true;
  for (const std::string& local : {std::string(), std::string("torn")}) {
    b.file_system = 2;
    if (local.empty()) {
      ASSERT_TRUE(disk_.remove(kFile));
    } else {
      disk_.set_content(kFile, local);
    }
    pass(Duration::minutes(2));
    EXPECT_FALSE(b.sends()) << "a may live and send where the file is";
    EXPECT_THAT(b.lease->state().last_error, HasSubstr("another file system"));
    EXPECT_EQ(b.notices.size(), 1u) << "said once";
  }
  b.file_system = 3;  // mounted again
  disk_.set_content(kFile, shared);
  EXPECT_LE(until([&] { return b.sends(); }), Duration{2 * kTtl.micros});
}

// Started where the mount is missing: no lease was seen, and what stands beside it everywhere else is not there.
TEST_F(TwoInstances, AnInstanceThatStartsWithoutTheMountTakesNoLease) {
  a.paused = true;
  b.beside = std::string(kFile) + ".key";
  b.start();
  pass(Duration::minutes(2));
  EXPECT_FALSE(b.sends());
  EXPECT_THAT(disk_.paths(), testing::Not(testing::Contains(kFile)));
  EXPECT_THAT(b.lease->state().last_error, HasSubstr("mounted"));
  EXPECT_EQ(b.notices.size(), 1u) << "said once";
  disk_.set_content(b.beside, "the key");
  EXPECT_LE(until([&] { return b.sends(); }), Duration{2 * kTtl.micros});
  ASSERT_TRUE(disk_.remove(b.beside));
  pass(Duration::minutes(1));
  EXPECT_TRUE(b.sends()) << "the lease itself is there";
}

TEST_F(TwoInstances, AHolderDoesNotWriteTheLeaseToAnotherFileSystem) {
  b.paused = true;
  until([&] { return a.sends(); });
  pass(Duration::minutes(1));
  const std::string shared = disk_.content(kFile);
  ASSERT_TRUE(disk_.remove(kFile));
  a.file_system = 2;
  EXPECT_LT(until([&] { return !a.sends(); }), kTtl);
  pass(Duration::minutes(1));
  EXPECT_FALSE(a.sends());
  EXPECT_THAT(disk_.paths(), testing::Not(testing::Contains(kFile)));
  a.file_system = 1;
  disk_.set_content(kFile, shared);
  EXPECT_LE(until([&] { return a.sends(); }), Duration::seconds(5));
}

TEST_F(TwoInstances, CursorsFollowTheHolderByItsDistanceFromArrival) {
  b.paused = true;
  until([&] { return a.sends(); });
  b.paused = false;
  b.env.wall = b.env.wall + Duration::days(3);  // another clock
  a.lease->delivered("soc", a.env.wall - Duration::minutes(10));
  a.lease->delivered("ahead", a.env.wall + Duration::minutes(10));
  const Timestamp told = b.env.wall;
  pass(Duration::seconds(11));
  ASSERT_TRUE(b.lease->settled("soc"));
  const Duration back = told - *b.lease->settled("soc");
  EXPECT_GE(back, Duration::minutes(15) - Duration::seconds(6));
  EXPECT_LE(back, Duration::seconds(15 * 60 + 11));
  EXPECT_FALSE(b.lease->settled("ahead")) << "the holder's clock was set back";
  EXPECT_FALSE(b.lease->settled("unknown"));
}

// Pauses, deaths, broken disks, torn files, jumping clocks, at random: never two that send; and once the trouble is
// over, one.
TEST(Lease, NeverTwoSendersWhateverHappens) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("KUBEVIGIL_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto one_in = [&](uint64_t n) { return random() % n == 0; };
    SimulatedDisk disk;
    ASSERT_TRUE(disk.make_folder("/shared"));
    Instance a(disk, "a", 10 + seed), b(disk, "b", 1'000'000 + seed);
    int sending = 0;
    for (int step = 0; step < 6000; ++step) {
      const bool trouble = step < 5000 && step / 400 % 2 == 0;  // with calm between
      for (Instance* one : {&a, &b}) {
        if (!trouble) one->paused = false;
        if (!trouble && !one->lease) one->start();
        if (trouble && one_in(150)) one->paused = !one->paused;
        if (trouble && one_in(300)) one->env.wall = one->env.wall + Duration::seconds(int64_t(random() % 7200) - 3600);
        if (trouble && one_in(600) && one->lease) one->lease.reset();
        if (trouble && one_in(100) && !one->lease) one->start();
        one->pass(kStep);
      }
      if (trouble && one_in(120)) disk.fault_at(1 + random() % 12, one_in(2) ? Fault::Broken : Fault::Full);
      const bool there = !disk.paths().empty() && disk.paths().front() == kFile;
      if (trouble && there && one_in(500)) disk.set_content(kFile, disk.content(kFile).substr(0, random() % 100));
      if (trouble && one_in(700)) static_cast<void>(disk.remove(kFile));
      ASSERT_FALSE(a.sends() && b.sends()) << "step " << step;
      sending += a.sends() || b.sends() ? 1 : 0;
    }
    EXPECT_TRUE(a.sends() || b.sends()) << a.lease->state().last_error << "; " << b.lease->state().last_error;
    EXPECT_GT(sending, 1000) << "the test is too hard to show anything";
  }
}

TEST(LeaseFile, RoundTripAndDamage) {
  LeaseRecord record{"a/0123", 7, 3, SimulatedEnv().wall, true, {{"soc", Duration::seconds(3)}, {"x y", Duration{}}}};
  const std::string bytes = encode_lease(record);
  EXPECT_EQ(decode_lease(bytes), record);
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decode_lease(bytes.substr(0, i))) << i;
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 4);
    EXPECT_FALSE(decode_lease(flipped)) << i;
  }
  EXPECT_FALSE(decode_lease(bytes + "x"));
  EXPECT_FALSE(decode_lease(std::string(kLeaseBytes + 1, 'x')));
  record.behind = {{"line\nend", Duration{}}};
  EXPECT_EQ(decode_lease(encode_lease(record))->behind.size(), 0u);
}

TEST(LeaseFile, ManySinksStayWithinTheBound) {
  LeaseRecord record;
  for (int i = 0; i < 5000; ++i) record.behind[std::to_string(i) + std::string(50, 'x')] = Duration{};
  const std::string bytes = encode_lease(record);
  EXPECT_LE(bytes.size(), kLeaseBytes);
  EXPECT_TRUE(decode_lease(bytes));
}

}  // namespace
}  // namespace kubevigil
