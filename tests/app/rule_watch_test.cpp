#include "engine/app/rule_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/app/reload_loop.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string rule(const std::string& name, const std::string& condition = "verb: get") {
  const std::string number = std::to_string(1000 + std::hash<std::string>()(name) % 9000);
  return "title: " + name + "\nname: " + name + "\nid: 00000000-0000-4000-8000-00000000" + number +
         "\nlevel: low\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  selection:\n    " + condition +
         "\n  condition: selection\n";
}

class RuleWatching : public ::testing::Test {
 protected:
  void SetUp() override {
    static int number = 0;
    folder_ = fs::temp_directory_path() /
              ("kubevigil_rule_watch_" + std::to_string(::getpid()) + "_" + std::to_string(++number));
    fs::create_directories(folder_);
    put("a.yaml", rule("a"));
    selection_ = {{folder_.string()}, true, false, {}};
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  void start() {
    auto ready = ready_rules(selection_, {{"redact", "on"}}, now_);
    ASSERT_TRUE(ready) << ready.error().message;
    names_of(*ready);
    watch_.emplace(RuleWatch::Options{selection_,
                                      {{"redact", "on"}},
                                      [this](ReadyRules taken) -> Result<void> {
                                        if (!refuses_.empty()) return fail(refuses_);
                                        names_of(taken);
                                        taken_ = taken.hash;
                                        return {};
                                      },
                                      [this](const std::string& detail) { rejected_.push_back(detail); },
                                      [this] { ++mended_; }},
                   *ready, log_);
  }
  void names_of(const ReadyRules& ready) {
    rules_.clear();
    for (const Rule& r : ready.program->rules().rules) rules_ += r.meta.name + " ";
    EXPECT_EQ(ready.hash, bundle_hash(ready.bundle));
  }
  void poll(bool asked = false) { watch_->poll(now_, asked); }

  fs::path folder_;
  RuleSelection selection_;
  Timestamp now_ = *parse_rfc3339("2026-01-31T23:59:00Z");
  std::string lines_;
  Log log_{system_env(), {LogLevel::Info, LogFormat::Text}, [this](std::string_view line) { lines_ += line; }};
  std::optional<RuleWatch> watch_;
  std::string rules_, taken_, refuses_;
  std::vector<std::string> rejected_;
  int mended_ = 0;
};

TEST_F(RuleWatching, NothingHappensWithoutAChange) {
  start();
  for (int i = 0; i < 5; ++i) poll();
  EXPECT_EQ(watch_->counters().taken, 0u);
  EXPECT_EQ(lines_, "");
  poll(true);
  EXPECT_EQ(watch_->counters().taken, 0u);
  EXPECT_THAT(lines_, HasSubstr("rules are as they were"));
}

TEST_F(RuleWatching, AChangeIsTakenWhenTwoPollsSawIt) {
  start();
  put("b.yaml", rule("b"));
  poll();
  EXPECT_EQ(rules_, "a ") << "perhaps it is still being written";
  put("b.yaml", rule("c"));
  poll();
  EXPECT_EQ(rules_, "a ");
  poll();
  EXPECT_EQ(rules_, "a c ");
  poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
  EXPECT_THAT(lines_, HasSubstr("new rules in use rules=2"));
}

TEST_F(RuleWatching, WhoAsksDoesNotWait) {
  start();
  put("b.yaml", rule("b"));
  poll(true);
  EXPECT_EQ(rules_, "a b ");
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
}

TEST_F(RuleWatching, AFileThatIsWrittenWithOtherBytesOfTheSameLengthAndTime) {
  start();
  const auto time = fs::last_write_time(folder_ / "a.yaml");
  put("a.yaml", rule("a", "verb: put"));
  fs::last_write_time(folder_ / "a.yaml", time);
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
}

TEST_F(RuleWatching, SwapsOfLinksLikeThoseOfAConfigMap) {
  const fs::path map = folder_ / "map";
  const auto version = [&](const std::string& name, const std::string& text) {
    fs::create_directories(map / name);
    std::ofstream(map / name / "r.yaml") << text;
    fs::create_directory_symlink(name, map / "..data_tmp");
    fs::rename(map / "..data_tmp", map / "..data");
  };
  version("..1", rule("first"));
  fs::create_symlink("..data/r.yaml", map / "r.yaml");
  selection_.paths = {map.string()};
  start();
  EXPECT_EQ(rules_, "first ");
  const std::string before = watch_ ? taken_ : "";
  version("..2", rule("second"));
  poll(), poll();
  EXPECT_EQ(rules_, "second ");
  fs::remove_all(map / "..1");
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u) << "the old folder is no part of it";
  version("..3", rule("second"));
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u) << "the same content elsewhere";
}

TEST_F(RuleWatching, AnOverlayIsPartOfTheRules) {
  start();
  put("overlay.yaml", "levels: {a: high}\n");
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
  put("overlay.yaml", "levels: {b: high}\n");
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
  EXPECT_THAT(lines_, HasSubstr("overlay.yaml:1:10"));
  EXPECT_THAT(rejected_, testing::ElementsAre(HasSubstr("no rule has the id or name")));
}

TEST_F(RuleWatching, AnErrorIsSaidOnceWithACaretAndTheOldRulesStay) {
  start();
  put("b.yaml", rule("b", "vreb: get") + "  timeframe: [\n");
  poll(), poll(), poll(), poll();
  EXPECT_EQ(rules_, "a ");
  ASSERT_EQ(rejected_.size(), 1u);
  EXPECT_THAT(rejected_[0], HasSubstr("b.yaml:"));
  EXPECT_THAT(lines_, HasSubstr("new rules have an error at="));
  EXPECT_THAT(lines_, HasSubstr("^"));
  EXPECT_TRUE(watch_->counters().behind);
  poll(true);
  EXPECT_EQ(rejected_.size(), 2u) << "said again to who asks";
  EXPECT_EQ(mended_, 0);
  put("b.yaml", rule("b"));
  poll(), poll();
  EXPECT_EQ(rules_, "a b ");
  EXPECT_FALSE(watch_->counters().behind);
  EXPECT_EQ(mended_, 1);
}

TEST_F(RuleWatching, BackToWhatRunsIsNoReload) {
  start();
  put("b.yaml", "title: [");
  poll(), poll();
  EXPECT_TRUE(watch_->counters().behind);
  fs::remove(folder_ / "b.yaml");
  poll(), poll();
  EXPECT_FALSE(watch_->counters().behind);
  EXPECT_EQ(mended_, 1);
  EXPECT_EQ(watch_->counters().taken, 0u);
}

TEST_F(RuleWatching, RulesThatAreGoneAreRejected) {
  start();
  fs::rename(folder_, folder_.string() + "_away");
  poll();
  EXPECT_TRUE(rejected_.empty()) << "perhaps it comes back";
  poll();
  ASSERT_EQ(rejected_.size(), 1u);
  fs::rename(folder_.string() + "_away", folder_);
  poll(), poll();
  EXPECT_FALSE(watch_->counters().behind);
  fs::remove(folder_ / "a.yaml");
  poll(), poll();
  ASSERT_EQ(rejected_.size(), 2u);
  EXPECT_THAT(rejected_[1], HasSubstr("no .yml or .yaml file there"));
  EXPECT_EQ(watch_->counters().taken, 0u);
}

TEST_F(RuleWatching, WarningsCountOnlyWhenStrict) {
  start();
  put("b.yaml", rule("b", "verb: exec"));
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
  fs::remove(folder_ / "b.yaml");
  selection_.strict = true;
  start();
  put("b.yaml", rule("b", "verb: exec"));
  poll(), poll();
  EXPECT_EQ(rejected_.size(), 1u);
  EXPECT_EQ(rules_, "a ");
}

TEST_F(RuleWatching, AListIsPartOfTheRules) {
  fs::create_directories(folder_ / "lists");
  put("lists/readers.yaml", "- alice\n");
  put("a.yaml", rule("a", "user.username|expand: '%lists/readers%'"));
  start();
  put("lists/readers.yaml", "- alice\n- bob\n");
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
}

TEST_F(RuleWatching, AnotherDayChangesNothingUntilAnExceptionExpires) {
  put("f.yaml",
      "title: f\nid: 10000000-0000-4000-8000-000000000001\nlogsource: {product: kubernetes, service: audit}\n"
      "filter:\n  rules: [a]\n  selection: {user.username: alice}\n  condition: selection\n"
      "kubevigil: {owner: me, reason: because, expires: 2026-02-03}\n");
  start();
  for (int day = 0; day < 3; ++day) {
    now_ = now_ + Duration::hours(24);
    poll(), poll();
  }
  EXPECT_EQ(watch_->counters().taken, 0u);
  now_ = now_ + Duration::hours(24);
  poll(), poll();
  EXPECT_EQ(watch_->counters().taken, 1u);
  EXPECT_TRUE(rejected_.empty()) << rejected_[0];
}

TEST_F(RuleWatching, WhatCannotBeTakenIsTriedAgain) {
  start();
  put("b.yaml", rule("b"));
  refuses_ = "no space to keep the rules";
  poll(), poll(), poll();
  EXPECT_EQ(rules_, "a ");
  EXPECT_THAT(lines_, HasSubstr("no space"));
  ASSERT_EQ(rejected_.size(), 1u) << "said once";
  EXPECT_THAT(rejected_[0], HasSubstr("no space"));
  EXPECT_TRUE(watch_->counters().behind);
  poll(true);
  EXPECT_EQ(rejected_.size(), 2u) << "and to who asks";
  refuses_.clear();
  poll();
  EXPECT_EQ(rules_, "a b ");
  EXPECT_EQ(mended_, 1);
}

TEST_F(RuleWatching, ABundleMakesTheSameRules) {
  const auto ready = ready_rules(selection_, {}, now_);
  const auto again = ready_rules(*decode_bundle(encode_bundle(ready->bundle)));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->hash, ready->hash);
  EXPECT_EQ(again->program->rules().hash, ready->program->rules().hash);
}

TEST_F(RuleWatching, TriggersSayEachErrorOnce) {
  ReloadTriggers triggers(log_);
  Result<bool> answer = false;
  triggers.add("tls", [&] { return answer; });
  triggers.poll();
  EXPECT_EQ(lines_, "");
  answer = fail("key does not fit");
  triggers.poll(), triggers.poll();
  EXPECT_EQ(triggers.failing(), 1u);
  const std::string said = lines_;
  EXPECT_THAT(said, HasSubstr("what=tls why="));
  EXPECT_EQ(said.find("key does not fit"), said.rfind("key does not fit"));
  triggers.poll(true);
  EXPECT_GT(lines_.size(), said.size());
  answer = true;
  triggers.poll();
  EXPECT_EQ(triggers.failing(), 0u);
  EXPECT_THAT(lines_, HasSubstr("new files in use what=tls"));
}

TEST_F(RuleWatching, TheLoopPollsWhenAsked) {
  start();
  ReloadTriggers triggers(log_);
  std::mutex mutex;
  std::condition_variable changed;
  int polls = 0;
  triggers.add("count", [&]() -> Result<bool> {
    const std::lock_guard hold(mutex);
    ++polls;
    changed.notify_all();
    return false;
  });
  ReloadLoop loop(system_env(), *watch_, triggers, std::chrono::hours(1));
  for (int i = 1; i <= 3; ++i) {
    loop.ask();
    std::unique_lock hold(mutex);
    ASSERT_TRUE(changed.wait_for(hold, std::chrono::minutes(1), [&] { return polls >= i; }));
  }
}

}  // namespace
}  // namespace kubevigil
