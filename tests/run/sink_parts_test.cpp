// The parts of a sink by themselves: filter, back-off, rate limit, dead letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/run/alert_rate.h"
#include "engine/run/back_off.h"
#include "engine/run/dead_letters.h"
#include "engine/run/reminder_file.h"
#include "engine/run/sink_filter.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::plain_alert;
using test::SimulatedDisk;
using test::SimulatedEnv;
using testing::HasSubstr;

struct FilterRow {
  const char* what;
  SinkFilter filter;
  bool passes;
};

TEST(SinkFilter, Rows) {
  Alert alert = plain_alert("a", Level::Medium, "pod_exec");
  alert.cluster = "prod-eu1";
  const FilterRow kRows[] = {
      {"nothing asked", {}, true},
      {"the level itself", {Level::Medium, {}, {}, {}}, true},
      {"above the level", {Level::High, {}, {}, {}}, false},
      {"rule by name", {{}, {"pod_exec"}, {}, {}}, true},
      {"rule by id", {{}, {"pod_exec-id"}, {}, {}}, true},
      {"rule by pattern", {{}, {"secret_*", "POD_*"}, {}, {}}, true},
      {"another rule", {{}, {"secret_*"}, {}, {}}, false},
      {"part of a name", {{}, {"pod"}, {}, {}}, false},
      {"excluded", {{}, {"pod_*"}, {"*_exec"}, {}}, false},
      {"another excluded", {{}, {}, {"secret_?ead"}, {}}, true},
      {"cluster", {{}, {}, {}, {"dev", "prod-*"}}, true},
      {"another cluster", {{}, {}, {}, {"dev"}}, false},
  };
  for (const FilterRow& row : kRows) EXPECT_EQ(passes(row.filter, alert), row.passes) << row.what;
}

TEST(BackOff, DoublesUpToItsMostWithFullJitter) {
  std::mt19937_64 random(1);
  BackOff back_off({Duration::seconds(1), Duration::minutes(5)});
  Duration longest{};
  for (int failure = 0; failure < 100; ++failure) {
    Duration most{};
    for (int i = 0; i < 200; ++i) {
      BackOff copy = back_off;
      const Duration wait = copy.failed({}, {}, random());
      EXPECT_GE(wait, BackOff::kShortest);
      most = std::max(most, wait);
    }
    const int64_t bound = failure < 9 ? int64_t{1} << failure : 300;
    EXPECT_LE(most, Duration::seconds(std::min<int64_t>(bound, 300))) << failure;
    EXPECT_GE(most.micros, Duration::seconds(std::min<int64_t>(bound, 300)).micros / 2) << failure;
    longest = std::max(longest, most);
    back_off.failed({}, {}, random());
  }
  EXPECT_EQ(back_off.failures(), 100u);
  EXPECT_EQ(back_off.failed({}, Duration::seconds(33), 5), Duration::seconds(33)) << "what was asked for";
  EXPECT_EQ(back_off.failing_for(Duration::seconds(9)), Duration::seconds(9)) << "since the first";
  back_off.succeeded();
  EXPECT_EQ(back_off.failing_for(Duration::seconds(9)), Duration{});
  EXPECT_LE(back_off.failed({}, {}, random()), Duration::seconds(1));
}

TEST(BackOff, StrangeLimits) {
  for (const BackOffLimits limits : {BackOffLimits{{}, {}}, BackOffLimits{Duration::hours(1), Duration::seconds(1)},
                                     BackOffLimits{Duration::days(1000), Duration::days(100'000)}}) {
    BackOff back_off(limits);
    for (int i = 0; i < 200; ++i) {
      const Duration wait = back_off.failed({}, {}, UINT64_MAX - static_cast<uint64_t>(i));
      EXPECT_GE(wait, BackOff::kShortest);
      EXPECT_LE(wait, std::max(limits.most, BackOff::kShortest));
    }
  }
}

TEST(AlertRate, NoLimitFoldsNothing) {
  AlertRate rate({}, "soc");
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(rate.admits(plain_alert("a"), Duration{i}));
  EXPECT_FALSE(rate.digest_due());
}

TEST(AlertRate, RetractionsAndCriticalAlertsPass) {
  AlertRate rate({1, Duration::minutes(1)}, "soc");
  EXPECT_TRUE(rate.admits(plain_alert("a", Level::Critical), {})) << "counts";
  EXPECT_FALSE(rate.admits(plain_alert("b", Level::High), {}));
  EXPECT_TRUE(rate.admits(plain_alert("c", Level::Critical), {}));
  Alert retracted = plain_alert("d");
  retracted.status = EpisodeStatus::Retracted;
  EXPECT_TRUE(rate.admits(retracted, {}));
  EXPECT_EQ(rate.digest_due(), Duration::minutes(1));
}

TEST(AlertRate, DigestsAreBoundedAndSayWhatTheyHold) {
  AlertRate rate({1, Duration::minutes(1)}, "soc");
  EXPECT_TRUE(rate.admits(plain_alert("first"), {}));
  for (int i = 0; i < 5000; ++i) {
    Alert alert = plain_alert("x" + std::to_string(i), i == 77 ? Level::High : Level::Low, "r" + std::to_string(i));
    alert.last_seen = alert.last_seen + Duration::seconds(i);
    alert.cluster = i < 10 ? "prod" : "dev";
    EXPECT_FALSE(rate.admits(alert, {}));
  }
  const Alert digest = rate.take_digest();
  EXPECT_EQ(digest.count, 5000u);
  EXPECT_EQ(digest.level, Level::High);
  EXPECT_EQ(digest.last_seen, plain_alert("").last_seen + Duration::seconds(4999));
  EXPECT_EQ(digest.cluster, "") << "of two clusters";
  EXPECT_EQ(digest.values.size(), kDigestRules + 1);
  EXPECT_EQ(digest.values.front(), "1 r77 (high)");
  EXPECT_LT(digest.message.size(), 600u);
  EXPECT_THAT(digest.message, HasSubstr("5000 alerts"));
  EXPECT_FALSE(rate.digest_due());
  EXPECT_TRUE(rate.admits(plain_alert("next"), {})) << "a new period";
}

class DeadLettersTest : public ::testing::Test {
 protected:
  void append(DeadLetters& letters, const std::string& id) {
    ASSERT_TRUE(letters.append(letters.line(env_.now(), "why", to_json(plain_alert(id)))));
  }
  std::string text(const std::string& path = "/dead/soc.jsonl") { return disk_.content(path); }

  int64_t lines() const {
    const std::string all = disk_.content("/dead/soc.jsonl");
    return std::count(all.begin(), all.end(), '\n');
  }

  SimulatedEnv env_;
  SimulatedDisk disk_;
  DeadLetterOptions options_{"/dead/soc.jsonl", "soc", 50u << 20};
};

TEST_F(DeadLettersTest, AreOnTheDiskAtOnce) {
  for (int life = 0; life < 3; ++life) {
    DeadLetters letters(disk_, options_);
    append(letters, "a" + std::to_string(life));
    disk_.lose_power(static_cast<uint64_t>(life));
  }
  EXPECT_EQ(lines(), 3);
  EXPECT_THAT(text(), HasSubstr("\"a0\""));
  EXPECT_THAT(text(), HasSubstr("\"a2\""));
}

TEST_F(DeadLettersTest, AnUnfinishedLineIsCutOff) {
  ASSERT_TRUE(DeadLetters(disk_, options_).append("whole\n"));
  disk_.set_content("/dead/soc.jsonl", "whole\n" + std::string(200'000, 'x'));
  DeadLetters letters(disk_, options_);
  ASSERT_TRUE(letters.append("next\n"));
  EXPECT_EQ(text(), "whole\nnext\n");
  disk_.set_content("/dead/soc.jsonl", "torn");
  ASSERT_TRUE(DeadLetters(disk_, options_).append("next\n"));
  EXPECT_EQ(text(), "next\n");
}

TEST_F(DeadLettersTest, AFileThatWasRemovedIsBegunAnew) {
  DeadLetters letters(disk_, options_);
  append(letters, "a1");
  ASSERT_TRUE(disk_.remove("/dead/soc.jsonl"));
  append(letters, "a2");
  EXPECT_THAT(text(), HasSubstr("\"a2\""));
}

TEST_F(DeadLettersTest, TwoFilesBoundThem) {
  options_.most_bytes = 1000;
  DeadLetters letters(disk_, options_);
  for (int i = 0; i < 50; ++i) append(letters, "a" + std::to_string(i));
  EXPECT_LE(text().size(), 1000u);
  EXPECT_LE(text("/dead/soc.jsonl.1").size(), 1000u);
  EXPECT_THAT(text(), HasSubstr("\"a49\""));
  EXPECT_GT(letters.forgotten_bytes(), 0u);
}

TEST_F(DeadLettersTest, FaultsLeaveWholeLinesOnly) {
  for (uint64_t operation = 1; operation < 12; ++operation) {
    for (const Fault fault : {Fault::Broken, Fault::Full, Fault::Short}) {
      SimulatedDisk disk;
      DeadLetters letters(disk, options_);
      disk.fault_at(operation, fault);
      for (int i = 0; i < 3; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        while (!letters.append(line)) continue;
      }
      const std::string all = disk.content("/dead/soc.jsonl");
      size_t at = 0;
      for (int i = 0; i < 3; ++i) {
        at = all.find("line " + std::to_string(i) + "\n", at);
        ASSERT_NE(at, std::string::npos) << operation << "\n" << all;
      }
      EXPECT_EQ(all.size() % 7, 0u) << all;
    }
  }
}

// What was acknowledged and is gone after a loss of power, with a sync left out; "" when all is there.
std::string lost_dead_letters(const std::string& ignored, uint64_t seed, std::set<std::string>& places) {
  SimulatedDisk disk;
  if (!ignored.empty()) disk.ignore_sync(ignored);
  DeadLetters letters(disk, {"/dead/soc.jsonl", "soc", 20});
  const int count = 1 + static_cast<int>(seed % 4);  // two lines a file: the last ones stay within the bound
  for (int i = 0; i < count; ++i) EXPECT_TRUE(letters.append("line " + std::to_string(i) + "\n"));
  for (const std::string& place : disk.sync_places()) places.insert(place);
  disk.lose_power(seed);
  std::string all;
  for (const std::string& path : disk.paths()) all += disk.content(path);
  for (int i = 0; i < count; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    if (all.find(line) == std::string::npos) return line;
  }
  return "";
}

std::string lost_reminders(const std::string& ignored, uint64_t seed, std::set<std::string>& places) {
  SimulatedDisk disk;
  if (!ignored.empty()) disk.ignore_sync(ignored);
  const ReminderFile file(disk, "/reminders/soc");
  const uint64_t saves = 1 + seed % 3;
  for (uint64_t n = 1; n <= saves; ++n) EXPECT_TRUE(file.save(n, {plain_alert("a" + std::to_string(n))}));
  for (const std::string& place : disk.sync_places()) places.insert(place);
  disk.lose_power(seed);
  const auto kept = file.load();
  return kept && kept->sequence == saves && kept->alerts.size() == 1 && kept->damaged == 0 ? "" : "reminders";
}

TEST(SinkFiles, EverySyncIsThereAndIsNeeded) {
  for (const auto lost : {lost_dead_letters, lost_reminders}) {
    std::set<std::string> places;
    for (uint64_t seed = 0; seed < 100; ++seed) EXPECT_EQ(lost("", seed, places), "") << "KUBEVIGIL_SEED=" << seed;
    EXPECT_GE(places.size(), 2u);
    for (const std::string& place : places) {
      bool missed = false;
      std::set<std::string> unused;
      for (uint64_t seed = 0; seed < 100 && !missed; ++seed) missed = !lost(place, seed, unused).empty();
      EXPECT_TRUE(missed) << place << " can be left out";
    }
  }
}

TEST_F(DeadLettersTest, AReasonCannotBreakItsLine) {
  DeadLetters letters(disk_, options_);
  ASSERT_TRUE(letters.append(letters.raw_line(env_.now(), "a\"b\nc", std::string("x\n\0y\xff", 5))));
  EXPECT_EQ(lines(), 1);
  EXPECT_THAT(text(), HasSubstr(R"("reason":"a\"b\u000ac","raw":"x\u000a\u0000y)"));
}

}  // namespace
}  // namespace kubevigil
