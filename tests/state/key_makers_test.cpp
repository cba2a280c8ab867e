// Who makes the new keys of a rule: against a plain log of everything that was made.
#include "engine/state/key_makers.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/event_script.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

std::string actor(const std::string& user, const std::string& cluster = "c") {
  return EventScript::key({cluster, user});
}

Timestamp at(double seconds) { return EventScript::time(0) + Duration{static_cast<int64_t>(seconds * 1e6)}; }

void make(KeyMakers& makers, const std::string& user, uint64_t keys, double second) {
  for (uint64_t i = 0; i < keys; ++i) makers.add(actor(user), at(second));
}

std::string said(const std::vector<KeyMaker>& makers) {
  std::string text;
  for (const KeyMaker& maker : makers) {
    text += maker.cluster + "/" + maker.user + " " + std::to_string(maker.keys) + "\n";
  }
  return text;
}

KeyMakers saved_and_loaded(KeyMakers& makers) {
  Archive saved = Archive::saving();
  makers.archive(saved);
  KeyMakers loaded;
  Archive loading = Archive::loading(saved.bytes());
  loaded.archive(loading);
  EXPECT_TRUE(!loading.failed() && loading.at_end());
  Archive again = Archive::saving();
  loaded.archive(again);
  EXPECT_EQ(again.bytes(), saved.bytes());
  return loaded;
}

TEST(KeyMakers, MoreThanTenThousandInTenMinutesAreToldOf) {
  struct Row {
    const char* what;
    uint64_t keys;
    double seconds;  // evenly within
    bool told;
  };
  for (const Row& row :
       {Row{"the bound itself", limits::kNewKeys, 0, false}, Row{"one more", limits::kNewKeys + 1, 0, true},
        Row{"all of ten minutes", limits::kNewKeys + 1, 599.9, true},
        Row{"a part of the window longer", limits::kNewKeys + 1, 700, false},
        Row{"half as fast", 2 * limits::kNewKeys, 1'300, false},
        Row{"a day of honest work", 20 * limits::kNewKeys, 86'400, false}}) {
    for (const double shift : {0.0, 7.0, 29.9}) {
      KeyMakers makers;
      for (uint64_t i = 0; i < row.keys; ++i) {
        makers.add(actor("mallory"), at(shift + row.seconds * static_cast<double>(i) / static_cast<double>(row.keys)));
      }
      EXPECT_EQ(!makers.take_explosions().empty(), row.told) << row.what << ", from second " << shift;
    }
  }
}

TEST(KeyMakers, WhoGoesOnIsToldOfAgainAfterFiveMinutes) {
  KeyMakers makers;
  make(makers, "mallory", limits::kNewKeys + 5, 0);
  make(makers, "alice", limits::kNewKeys, 0);
  EXPECT_EQ(said(makers.take_explosions()), "c/mallory 10005\n") << "as many as there are when it is told";
  make(makers, "mallory", 1'000, 100);
  EXPECT_EQ(said(makers.take_explosions()), "");
  make(makers, "mallory", 1, 300);
  EXPECT_EQ(said(makers.take_explosions()), "c/mallory 11006\n");
  make(makers, "mallory", 1, 660);
  EXPECT_EQ(said(makers.take_explosions()), "") << "most of it has left the window";
  EXPECT_EQ(said(makers.top(5)), "c/mallory 1002\n");
  make(makers, "mallory", limits::kNewKeys, 2'000);
  EXPECT_EQ(said(makers.top(5)), "c/mallory 10000\n");
}

// A replay takes once, at its end.
TEST(KeyMakers, WhatIsNotTakenIsOneForEachActorWithHisMost) {
  KeyMakers makers;
  for (int day = 0; day < 5; ++day) {
    make(makers, "mallory", limits::kNewKeys + (day == 2 ? 500 : 1), 86'400.0 * day);
    make(makers, "eve", limits::kNewKeys + 7, 86'400.0 * day + 1);
  }
  EXPECT_EQ(said(makers.take_explosions()), "c/mallory 10500\nc/eve 10007\n");
  EXPECT_EQ(said(makers.take_explosions()), "");
  for (size_t i = 0; i < limits::kKeyMakers + 3; ++i)
    make(makers, "u" + std::to_string(i), limits::kNewKeys + 1, 6e5 + 700.0 * static_cast<double>(i));
  EXPECT_EQ(makers.take_explosions().size(), limits::kKeyMakers);
}

// A snapshot is a function of the journal: who asked when is no part of it.
TEST(KeyMakers, StateDoesNotDependOnWhenSomebodyAsks) {
  KeyMakers asked, left;
  make(asked, "mallory", limits::kNewKeys, 0);
  make(left, "mallory", limits::kNewKeys, 0);
  for (int second = 1; second < 590; second += 10) {
    make(asked, "mallory", 1, second);
    make(left, "mallory", 1, second);
    asked.take_explosions();
    Archive one = Archive::saving(), other = Archive::saving();
    asked.archive(one);
    left.archive(other);
    ASSERT_EQ(one.bytes(), other.bytes()) << "second " << second;
  }
  EXPECT_EQ(said(left.take_explosions()), "c/mallory 10059\n");
  make(left, "mallory", 1, 595);
  EXPECT_EQ(said(left.take_explosions()), "") << "told of a moment ago";
}

TEST(KeyMakers, TheSameNameInTwoClustersIsTwoActors) {
  KeyMakers makers;
  for (uint64_t i = 0; i < 3; ++i) makers.add(actor("kubelet", i == 0 ? "lab" : "prod"), at(0));
  EXPECT_EQ(said(makers.top(5)), "prod/kubelet 2\nlab/kubelet 1\n");
}

TEST(KeyMakers, NamesAreCutAndStillTellActorsApart) {
  KeyMakers makers;
  const std::string name(5'000, 'x');
  makers.add(actor(name + "1", name), at(0));
  makers.add(actor(name + "2", name), at(0));
  makers.add(actor("\x1b[31m\n\xff", ""), at(0));
  makers.add("", at(0));
  const auto top = saved_and_loaded(makers).top(9);
  ASSERT_EQ(top.size(), 4u);
  for (const KeyMaker& maker : top) {
    EXPECT_LE(maker.user.size(), limits::kKeyMakerBytes);
    EXPECT_LE(maker.cluster.size(), limits::kKeyMakerBytes);
  }
}

TEST(KeyMakers, DamagedArchivesAreRefused) {
  KeyMakers makers;
  for (int i = 0; i < 70; ++i) make(makers, "u" + std::to_string(i), 3, i);
  Archive saved = Archive::saving();
  makers.archive(saved);
  for (size_t size = 0; size < saved.bytes().size(); size += 37) {
    KeyMakers loaded;
    Archive loading = Archive::loading(std::string_view(saved.bytes()).substr(0, size));
    loaded.archive(loading);
    EXPECT_TRUE(loading.failed()) << size;
  }
}

// Everything that was made, by its part of 30 s; what the window holds is counted anew each time.
class MadeLog {
 public:
  void add(const std::string& user, Timestamp time) { made_.emplace_back(part(time), user); }
  std::map<std::string, uint64_t> window(Timestamp now, int64_t parts = 20) const {
    std::map<std::string, uint64_t> out;
    for (const auto& [p, user] : made_) out[user] += p >= part(now) - parts ? 1 : 0;
    return out;
  }

 private:
  static int64_t part(Timestamp time) { return time.micros / 30'000'000; }
  std::vector<std::pair<int64_t, std::string>> made_;
};

// A watermark that stands, crawls, and leaps; saved and loaded on the way.
TEST(KeyMakers, AFewActorsAreCountedExactly) {
  for (const uint64_t seed : test_seeds(40)) {
    std::mt19937_64 random(seed);
    KeyMakers makers;
    MadeLog log;
    Timestamp now = at(0);
    for (int step = 0; step < 600; ++step) {
      const uint64_t leap = random() % 20;
      now = now + Duration::seconds(leap == 0 ? static_cast<int64_t>(random() % 900) : leap < 8 ? 20 : 0);
      const std::string user = "u" + std::to_string(random() % limits::kKeyMakers);
      makers.add(actor(user), now);
      log.add(user, now);
      if (step % 7 == 0) makers = saved_and_loaded(makers);
      const auto expected = log.window(now);
      uint64_t there = 0;
      for (const auto& [name, keys] : expected) there += keys > 0 ? 1 : 0;
      const auto top = makers.top(SIZE_MAX);
      ASSERT_EQ(top.size(), there) << "seed " << seed << " step " << step;
      for (const KeyMaker& maker : top) {
        ASSERT_EQ(maker.keys, expected.at(maker.user)) << "seed " << seed << " step " << step << " " << maker.user;
      }
    }
  }
}

// More actors than places: nobody is said to have made more than he did, and who makes many is there.
TEST(KeyMakers, OfMoreActorsThanPlacesThoseWithManyKeysStay) {
  size_t borrowed = 0;
  for (const uint64_t seed : test_seeds(10)) {
    std::mt19937_64 random(seed);
    KeyMakers makers;
    MadeLog log;
    Timestamp now = at(0);
    for (int step = 0; step < 20'000; ++step) {
      now = now + Duration{static_cast<int64_t>(random() % 120'000)};
      const bool heavy = step > 2'000 && random() % 20 == 0;  // when all places are taken
      const std::string user = heavy ? "heavy" : "u" + std::to_string(random() % 2'000);
      makers.add(actor(user), now);
      log.add(user, now);
      if (step % 997 != 0 || step < 4'000) continue;
      makers = saved_and_loaded(makers);
      const auto expected = log.window(now);
      const auto top = makers.top(SIZE_MAX);
      ASSERT_LE(top.size(), limits::kKeyMakers);
      for (const KeyMaker& maker : top) {
        ASSERT_LE(maker.keys, expected.at(maker.user)) << "seed " << seed;
        borrowed += maker.keys < expected.at(maker.user) ? 1 : 0;
      }
      ASSERT_EQ(top.front().user, "heavy") << "seed " << seed << " step " << step;
      ASSERT_GT(top.front().keys * 2, expected.at("heavy"));
    }
  }
  EXPECT_GT(borrowed, 0u) << "never was a place taken from somebody: the streams prove nothing";
}

// Through the correlator: what is a new key, and whose.

RuleSet counting(CorrelationType type = CorrelationType::EventCount) {
  RuleSet rules = detections({"probe"});
  rules.rules[0].alerts = false;
  rules.hash = "rules";
  rules.rules.push_back(correlation_over(rules, "many", type, Duration::hours(1), 10, {0}));
  return rules;
}

EventScript::Details by(const std::string& user) {
  EventScript::Details details;
  details.actor = user;
  return details;
}

TEST(KeysMade, AreCountedOnceForWhoBroughtThem) {
  EventScript script(counting());
  for (int i = 0; i < 30; ++i) script.event(i, by("alice")).hit(0, "key" + std::to_string(i % 5));
  for (int i = 0; i < 7; ++i) script.event(40 + i, by("bob")).hit(0, "key" + std::to_string(i));
  script.event(50).hit(0, "of nobody");
  script.event(51, by("carol"));
  EXPECT_EQ(said(script.correlator().key_makers(1, 9)), "c/alice 5\nc/bob 2\n");
  EXPECT_EQ(said(script.correlator().key_makers(0, 9)), "") << "a detection has no keys";
}

TEST(KeysMade, OfNewValuesAreTheValues) {
  EventScript script(counting(CorrelationType::NewValue));
  for (int i = 0; i < 30; ++i) script.event(i, by("alice")).hit_with_value(0, "one", "v" + std::to_string(i % 4));
  EXPECT_EQ(said(script.correlator().key_makers(1, 9)), "c/alice 4\n");
}

TEST(KeysMade, DoNotCountTwiceWhenTheyWereGivenUpMeanwhile) {
  CorrelatorOptions options;
  options.state_bytes = 20'000;
  EventScript script(counting(), options);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 500; ++i) script.event(round, by("alice")).hit(0, "key" + std::to_string(i));
  }
  EXPECT_GT(script.correlator().operator_stats(1).evictions, 1'000u);
  EXPECT_EQ(said(script.correlator().key_makers(1, 9)), "c/alice 500\n");
}

TEST(KeysMade, OfFurtherCorrelationsAreOfTheEventAtHandAndThoseOfTimersOfNobody) {
  RuleSet rules = detections({"probe"});
  rules.rules.push_back(correlation_over(rules, "twice", CorrelationType::EventCount, Duration::hours(1), 2, {0}));
  rules.rules.push_back(correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(50), 0, {0}));
  rules.rules.push_back(correlation_over(rules, "often", CorrelationType::EventCount, Duration::hours(1), 5, {1}));
  rules.rules.push_back(correlation_over(rules, "silent", CorrelationType::EventCount, Duration::hours(1), 5, {2}));
  EventScript script(rules);
  script.event(0, by("alice")).hit(0, "x");
  script.event(1, by("bob")).hit(0, "x");
  script.event(2, by("bob")).hit(0, "y");
  script.event(500, by("carol"));
  EXPECT_EQ(said(script.correlator().key_makers(1, 9)), "c/alice 1\nc/bob 1\n");
  EXPECT_EQ(said(script.correlator().key_makers(3, 9)), "c/bob 1\n") << "his event made it fire";
  EXPECT_EQ(script.correlator().operator_stats(4).keys, 2u);
  EXPECT_EQ(said(script.correlator().key_makers(4, 9)), "");
}

TEST(KeysMade, AreKeptOverRestartsAndToldOfOnce) {
  EventScript script(counting());
  for (int i = 0; i < 6'000; ++i) script.event(i / 100, by("mallory")).hit(0, "k" + std::to_string(i));
  script.save_and_load();
  EXPECT_TRUE(script.correlator().take_explosions().empty());
  for (int i = 6'000; i < 12'000; ++i) script.event(i / 100, by("mallory")).hit(0, "k" + std::to_string(i));
  const auto told = script.correlator().take_explosions();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].rule, 1u);
  EXPECT_EQ(told[0].maker.user, "mallory");
  EXPECT_EQ(told[0].maker.cluster, "c");
  EXPECT_EQ(told[0].maker.keys, 12'000u);
  script.save_and_load();
  for (int i = 12'000; i < 13'000; ++i) script.event(i / 100, by("mallory")).hit(0, "k" + std::to_string(i));
  EXPECT_TRUE(script.correlator().take_explosions().empty());
}

}  // namespace
}  // namespace kubevigil
