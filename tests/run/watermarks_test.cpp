// Where event time stands over several streams.
#include "engine/run/watermarks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

constexpr Duration kSlackOf = Duration::seconds(35);

Timestamp at(int64_t second) { return Timestamp{1'767'312'000'000'000} + Duration::seconds(second); }

// Seconds on the clock of `at`.
int64_t seconds(Timestamp time) { return (time - at(0)).micros / 1'000'000; }

struct Streams {
  Watermarks marks;

  // An event at `time` that arrives at `taken`; where the watermark stands then.
  int64_t event(const std::string& stream, int64_t time, int64_t taken) {
    marks.begin(stream, "c", kSlackOf);
    EventMark mark;
    mark.time = at(time);
    return seconds(marks.event(mark, at(taken)).watermark);
  }
  int64_t event(const std::string& stream, int64_t time) { return event(stream, time, time); }
};

TEST(Watermarks, FollowTheStreamThatIsFurthestBehind) {
  Streams s;
  EXPECT_EQ(s.event("a", 100), 65);
  EXPECT_EQ(s.event("b", 90), 65) << "never back";
  EXPECT_EQ(s.event("a", 200), 65) << "b holds it";
  EXPECT_EQ(s.event("b", 150), 115);
  EXPECT_EQ(s.event("b", 140), 115) << "disorder within the stream";
  EXPECT_EQ(s.event("b", 300), 165) << "now a holds it";
}

TEST(Watermarks, AnIdleStreamHoldsNothingBackUntilItIsThereAgain) {
  Streams s;
  s.event("a", 100);
  s.event("b", 100);
  EXPECT_EQ(s.event("a", 500), 65);
  EXPECT_EQ(seconds(s.marks.idle("b")), 465);
  EXPECT_EQ(s.marks.active(), std::vector<std::string>{"a"});
  EXPECT_EQ(s.event("b", 110), 465) << "what it brings late is late";
  EXPECT_EQ(s.event("a", 900), 465) << "and it counts again";
  EXPECT_EQ(s.event("b", 900), 865);
}

TEST(Watermarks, WhileAllStreamsAreIdleTimeStandsStill) {
  Streams s;
  s.event("a", 100);
  s.event("b", 200);
  EXPECT_EQ(seconds(s.marks.idle("a")), 165);
  EXPECT_EQ(seconds(s.marks.idle("b")), 165);
  EXPECT_EQ(seconds(s.marks.idle("b")), 165);
  EXPECT_EQ(seconds(s.marks.idle("never seen")), 165);
}

TEST(Watermarks, AServerWhoseClockIsADayAheadMakesNobodyLate) {
  Streams s;
  constexpr int64_t kDay = 86'400;
  s.event("right", 100);
  EXPECT_EQ(s.event("wrong", 100 + kDay, 100), 65);
  EXPECT_EQ(s.event("right", 200), 125) << "the wrong one stands a minute ahead of its arrival";
  EXPECT_EQ(s.event("wrong", 200 + kDay, 200), 165);
  s.marks.idle("right");
  EXPECT_EQ(s.event("wrong", 300 + kDay, 300), 325) << "alone it is at most a minute ahead";
}

TEST(Watermarks, AClockThatWasSetBackDoesNotPullOthersBack) {
  Streams s;
  s.event("a", 1000);
  EXPECT_EQ(s.event("a", 1010, 10), 965) << "our own clock jumped back: time waits for it";
  EXPECT_EQ(s.event("a", 1100, 1100), 1065);
}

TEST(Watermarks, AServerWhoseClockIsADayBehindHoldsTheOthersForTenMinutes) {
  Streams s;
  constexpr int64_t kDay = 86'400;
  s.event("right", 0);
  for (int64_t t = 0; t < 600; t += 10) {
    s.event("wrong", t - kDay, t);
    ASSERT_EQ(s.event("right", t), -35);
  }
  EXPECT_EQ(s.event("wrong", 600 - kDay, 600), 555) << "it does not come on faster than its arrivals";
  EXPECT_EQ(s.event("right", 610), 575);
  s.marks.idle("right");
  EXPECT_EQ(s.event("wrong", 620 - kDay, 620), 575) << "alone, it holds time where it stands";
  for (int64_t t = 620; t < 1300; t += 10) s.event("wrong", t, t);
  EXPECT_EQ(s.event("right", 1300), 1255) << "its clock was mended";
  EXPECT_EQ(s.event("right", 2000), 1255) << "and it counts again";
}

TEST(Watermarks, AStreamThatReadsABacklogHoldsTheOthersUntilItIsThere) {
  Streams s;
  s.event("live", 0);
  for (int64_t t = 0; t < 3000; t += 10) {
    s.event("backlog", -9000 + 3 * t, t);  // three times as fast as time goes
    ASSERT_EQ(s.event("live", t), -35) << t;
  }
}

TEST(Watermarks, AnEventWithoutATimeTakesTheOneBeforeItInItsStream) {
  Watermarks marks;
  EventMark untimed, timed;
  untimed.time_source = TimeSource::Previous;
  timed.time = at(50);
  marks.begin("a", "c", kSlackOf);
  EXPECT_EQ(seconds(marks.event(untimed, at(40)).time), 40) << "nothing before it: its arrival";
  EXPECT_EQ(seconds(marks.event(timed, at(60)).time), 50);
  EXPECT_EQ(seconds(marks.event(untimed, at(70)).time), 50);
  marks.begin("b", "c", kSlackOf);
  EXPECT_EQ(seconds(marks.event(untimed, at(80)).time), 80);
}

TEST(Watermarks, BeyondTheLimitStreamsOfAClusterShareOne) {
  Streams s;
  for (size_t i = 0; i < limits::kStreams; ++i) s.event(fmt::format("peer {}", i), 100);
  EXPECT_EQ(s.marks.begin("one more", "c", kSlackOf), "others/c");
  EXPECT_EQ(s.event("one more", 50), 65);
  EXPECT_EQ(s.marks.begin("and another", "c", kSlackOf), "others/c");
  EXPECT_EQ(s.marks.begin("of another cluster", "d", kSlackOf), "others/d");
  for (size_t i = 0; i < Watermarks::kSharedStreams; ++i) s.marks.begin("x", fmt::format("cluster {}", i), kSlackOf);
  EXPECT_EQ(s.marks.begin("x", "the last one", kSlackOf), "others");
  s.marks.idle("peer 7");
  EXPECT_EQ(s.marks.begin("one more", "c", kSlackOf), "one more") << "there is room again";
  const std::vector<StreamReport> report = s.marks.report();
  EXPECT_EQ(report.size(), limits::kStreams + Watermarks::kSharedStreams + 1);
  for (const StreamReport& stream : report) {
    const std::string own = stream.name.starts_with("others/") ? stream.name.substr(7) : "c";
    EXPECT_EQ(stream.cluster, stream.name == "others" ? "" : own) << stream.name;
  }
}

TEST(Watermarks, NamesAreForgottenOldestFirstButNotOfStreamsThatAreThere) {
  Streams s;
  s.event("stays", 100);
  s.event("leaves", 100);
  const uint32_t left = s.marks.number();
  s.marks.idle("leaves");
  for (size_t i = 0; i < limits::kStreamNames; ++i) {
    const std::string name = fmt::format("peer {}", i);
    s.event(name, 100);
    s.marks.idle(name);
  }
  EXPECT_EQ(s.marks.name(0), "stays");
  EXPECT_EQ(s.marks.name(left), "(forgotten stream)");
  EXPECT_EQ(s.marks.name(s.marks.number()), fmt::format("peer {}", limits::kStreamNames - 1));
}

TEST(Watermarks, AreAllInTheirArchive) {
  Streams s;
  s.event("a", 100);
  s.event("b", 300);
  s.marks.idle("a");
  Archive saved = Archive::saving();
  s.marks.archive(saved);
  Streams loaded;
  Archive loading = Archive::loading(saved.bytes());
  loaded.marks.archive(loading);
  EXPECT_TRUE(loading.at_end() && !loading.failed());
  EXPECT_EQ(loaded.marks.active(), s.marks.active());
  for (Streams* each : {&s, &loaded}) {
    EXPECT_EQ(each->event("a", 200), 265);
    EXPECT_EQ(each->event("b", 400), 265);
    EXPECT_EQ(each->event("c", 400), 265);
    EXPECT_EQ(each->marks.number(), 2u);
  }
}

TEST(Watermarks, LateEventsAreToldOnce) {
  Streams s;
  s.event("a", 1000);
  s.marks.late(Duration::seconds(400));
  s.marks.late(Duration::seconds(300));
  const auto late = s.marks.take_late();
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].stream, "a");
  EXPECT_EQ(late[0].cluster, "c");
  EXPECT_EQ(late[0].events, 2u);
  EXPECT_EQ(late[0].least, Duration::seconds(300));
  EXPECT_EQ(late[0].most, Duration::seconds(400));
  EXPECT_TRUE(s.marks.take_late().empty());
}

}  // namespace
}  // namespace kubevigil
