#include "engine/state/baseline.h"

#include <gtest/gtest.h>

#include "tests/support/event_script.h"

namespace kubevigil {
namespace {

// Detection 0; new_value 1 groups by nothing but the cluster and takes its value from the group text of the script.
RuleSet learning_rules(const std::string& meaning) {
  RuleSet rules = detections({"used"});
  rules.rules[0].alerts = false;
  Rule rule = correlation_over(rules, "first_use", CorrelationType::NewValue, Duration::days(90), 0, {0});
  std::get<Correlation>(rule.body).new_value.learn = Duration::days(7);
  rule.semantic_hash = meaning;
  rules.rules.push_back(rule);
  return rules;
}

std::string built(const RuleSet& rules) {
  EventScript script(rules);
  script.event(0).hit(0, "alice", "reader");
  script.event(100).hit(0, "alice", "writer");
  script.finish();
  return save_baseline(rules, script.correlator());
}

TEST(Baseline, WhatItKnowsIsNotNewAndNothingIsLearnedAgain) {
  const RuleSet rules = learning_rules("m");
  EventScript script(rules);
  const auto loaded = load_baseline(built(rules), rules, script.correlator());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->loaded, 1u);
  EXPECT_TRUE(loaded->notes.empty());
  script.event(200).hit(0, "alice", "writer");
  EXPECT_EQ(script.opened(), "");
  script.event(201).hit(0, "alice", "owner");
  EXPECT_EQ(script.opened(), "first_use alice\n");
}

TEST(Baseline, IsTheSameBytesForTheSameRun) {
  const RuleSet rules = learning_rules("m");
  EXPECT_EQ(built(rules), built(rules));
}

TEST(Baseline, OtherRulesAreLeftOutAndSaid) {
  const std::string bytes = built(learning_rules("m"));
  const RuleSet changed = learning_rules("another");
  EventScript script(changed);
  const auto loaded = load_baseline(bytes, changed, script.correlator());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->loaded, 0u);
  ASSERT_EQ(loaded->notes.size(), 1u);
  EXPECT_NE(loaded->notes[0].find("another meaning"), std::string::npos);

  const RuleSet none = detections({"used"});
  EventScript empty(none);
  const auto unknown = load_baseline(bytes, none, empty.correlator());
  ASSERT_TRUE(unknown);
  EXPECT_NE(unknown->notes.at(0).find("not loaded"), std::string::npos);
}

TEST(Baseline, DamageIsFound) {
  const RuleSet rules = learning_rules("m");
  const std::string good = built(rules);
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] ^= 1;
    EventScript script(rules);
    EXPECT_FALSE(load_baseline(bad, rules, script.correlator())) << "byte " << i;
    EXPECT_FALSE(load_baseline(good.substr(0, i), rules, script.correlator())) << "cut at " << i;
  }
}

TEST(Baseline, ErrorsSayWhatWasFoundAndHowToMendIt) {
  const RuleSet rules = learning_rules("m");
  const std::string good = built(rules);
  const std::vector<std::array<std::string, 2>> table = {
      {"", "the file is empty"},
      {"{\"kind\":\"Event\"}", "it begins with \"{\"kind\":\", a baseline with \"KVBASE02\""},
      {"\x1b[2J", "it begins with \"\\x1b[2J\""},
      {good.substr(0, 5), "cut off: it has 5 bytes, and the header alone 72"},
      {good.substr(0, 71), "cut off: it has 71 bytes"},
      {good.substr(0, good.size() - 1), "cut off or was changed: the SHA-256 of its"},
      {good + "x", "cut off or was changed"},
      {"KVBASE01" + good.substr(8), "a baseline of format 01, and kubevigil here reads format 02"}};
  for (const auto& [bytes, words] : table) {
    EventScript script(rules);
    const auto loaded = load_baseline(bytes, rules, script.correlator());
    ASSERT_FALSE(loaded) << words;
    EXPECT_NE(loaded.error().message.find(words), std::string::npos) << loaded.error().message;
    EXPECT_NE(loaded.error().message.find("kubevigil baseline build"), std::string::npos) << loaded.error().message;
  }
}

}  // namespace
}  // namespace kubevigil
