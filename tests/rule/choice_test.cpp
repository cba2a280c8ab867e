// Presets: what alerts, what stays to be read, what is dropped; and that users' rules are of every preset.
#include "engine/rule/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/rule/rule_loader.h"
#include "tests/support/rule_texts.h"

namespace kubevigil {
namespace {

using test::correlation_text;
using test::detection_text;
using test::filter_text;
using testing::ElementsAre;
using testing::IsEmpty;

LoadedRules load_preset(const std::vector<RuleSource>& sources, std::optional<Preset> preset) {
  LoadOptions options;
  options.preset = preset;
  LoadedRules loaded = load_rules(sources, options);
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  return loaded;
}

std::vector<std::string> alerting(const RuleSet& rules) {
  std::vector<std::string> names;
  for (const Rule& rule : rules.rules) {
    if (rule.alerts) names.push_back(rule.meta.name);
  }
  return names;
}

std::vector<std::string> all(const RuleSet& rules) {
  std::vector<std::string> names;
  for (const Rule& rule : rules.rules) names.push_back(rule.meta.name);
  return names;
}

std::string in_preset(const std::string& preset, const std::string& text) {
  return text + "kubevigil: {preset: " + preset + "}\n";
}

const std::vector<RuleSource> kPack = {
    {"core", detection_text("quiet", 1), true},
    {"extended", in_preset("extended", detection_text("posture", 2)), true},
    {"all", in_preset("all", detection_text("stream", 3)), true},
    {"base", detection_text("base", 4), true},
    {"count", in_preset("extended", correlation_text("count_of_base", 5, "base")), true},
    {"chain", correlation_text("chain", 6, "quiet, stream", ", generate: true"), true},
};

TEST(Choice, EachPresetContainsTheOneBefore) {
  EXPECT_THAT(alerting(load_preset(kPack, Preset::Core).rules), ElementsAre("quiet", "chain"));
  EXPECT_THAT(alerting(load_preset(kPack, Preset::Extended).rules),
              ElementsAre("quiet", "posture", "count_of_base", "chain"));
  EXPECT_THAT(alerting(load_preset(kPack, Preset::All).rules),
              ElementsAre("quiet", "posture", "stream", "count_of_base", "chain"));
}

TEST(Choice, WhatNobodyReadsIsDroppedAndWhatIsReadStaysSilent) {
  const RuleSet rules = load_preset(kPack, Preset::Core).rules;
  EXPECT_THAT(all(rules), ElementsAre("quiet", "stream", "chain")) << "base is read by a rule that is not there";
  EXPECT_FALSE(rules.find("stream")->alerts);
  const Correlation& chain = rules.find("chain")->correlation();
  EXPECT_EQ(rules.rules[chain.inputs[0].rule].meta.name, "quiet");
  EXPECT_EQ(rules.rules[chain.inputs[1].rule].meta.name, "stream");
  EXPECT_THAT(rules.left_out, ElementsAre("posture", "stream", "count_of_base"));
}

TEST(Choice, ABaseRuleStaysSilentWithoutWhoReadsIt) {
  EXPECT_THAT(all(load_preset(kPack, Preset::All).rules),
              ElementsAre("quiet", "posture", "stream", "base", "count_of_base", "chain"));
  EXPECT_FALSE(load_preset(kPack, Preset::All).rules.find("base")->alerts);
}

TEST(Choice, WithoutAPresetEverythingStays) {
  const RuleSet rules = load_preset(kPack, std::nullopt).rules;
  EXPECT_EQ(rules.rules.size(), kPack.size());
  EXPECT_TRUE(rules.find("stream")->alerts);
  EXPECT_THAT(rules.left_out, IsEmpty());
  EXPECT_EQ(rules.hash, load_preset(kPack, Preset::All).rules.hash);
}

TEST(Choice, UsersRulesAreOfEveryPresetAndBringInWhatTheyRead) {
  std::vector<RuleSource> sources = kPack;
  sources.push_back({"mine", in_preset("all", detection_text("mine", 7)), false});
  sources.push_back({"count", correlation_text("count_of_posture", 8, "posture"), false});
  sources.push_back({"filter", filter_text("stream, posture", 9), false});
  const RuleSet rules = load_preset(sources, Preset::Core).rules;
  EXPECT_THAT(alerting(rules), ElementsAre("quiet", "mine", "chain", "count_of_posture"));
  EXPECT_FALSE(rules.find("posture")->alerts);
}

TEST(Choice, OnlyWhatBecomesSilentHasAnotherHash) {
  const RuleSet core = load_preset(kPack, Preset::Core).rules, whole = load_preset(kPack, std::nullopt).rules;
  EXPECT_EQ(core.find("quiet")->semantic_hash, whole.find("quiet")->semantic_hash);
  EXPECT_EQ(core.find("chain")->semantic_hash, whole.find("chain")->semantic_hash);
  EXPECT_NE(core.find("stream")->semantic_hash, whole.find("stream")->semantic_hash);
  EXPECT_NE(core.hash, whole.hash);
}

std::vector<RuleSource> staged(bool builtin_chain) {
  const std::string low = "level: low\nkubevigil: {stage: entry, preset: ";
  return {{"core", detection_text("quiet", 1) + low + "core}\n", true},
          {"extended", detection_text("posture", 2) + low + "extended}\n", true},
          // Read by a rule of the preset, so it runs; it is no hit for all that.
          {"count", correlation_text("count_of_posture", 3, "posture", ", generate: true"), true},
          {"chain",
           "title: chain\nname: chain\nid: " + test::rule_id(4) +
               "\ncorrelation: {type: chain, timespan: 1h, condition: {field: hit.stage, gte: 2}}\n"
               "kubevigil: {chain: {root: [user.username]}}\n",
           builtin_chain}};
}

std::vector<std::string> counted(const RuleSet& rules) {
  std::vector<std::string> names;
  for (const CorrelationInput& input : rules.find("chain")->correlation().inputs) {
    if (input.from_hits) names.push_back(rules.rules[input.rule].meta.name);
  }
  return names;
}

TEST(Choice, ABuiltInChainCountsItsOwnPresetWhereverItRuns) {
  const RuleSet core = load_preset(staged(true), Preset::Core).rules,
                extended = load_preset(staged(true), Preset::Extended).rules;
  EXPECT_NE(core.find("posture"), nullptr);
  EXPECT_THAT(counted(core), ElementsAre("quiet"));
  EXPECT_THAT(counted(extended), ElementsAre("quiet"));
  EXPECT_EQ(core.find("chain")->semantic_hash, extended.find("chain")->semantic_hash);
}

TEST(Choice, AUsersChainCountsWhatMayAlertHere) {
  const RuleSet core = load_preset(staged(false), Preset::Core).rules,
                extended = load_preset(staged(false), Preset::Extended).rules;
  EXPECT_THAT(counted(core), ElementsAre("quiet"));
  EXPECT_THAT(counted(extended), ElementsAre("quiet", "posture"));
  EXPECT_NE(core.find("chain")->semantic_hash, extended.find("chain")->semantic_hash);
}

}  // namespace
}  // namespace kubevigil
