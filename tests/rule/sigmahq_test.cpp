// SigmaHQ's rules, unmodified, from the corpus: which load, which work, which are dead and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/rule/rule_loader.h"
#include "tests/support/corpus.h"

namespace kubevigil {
namespace {

std::string sigmahq() { return test::corpus() / "rules/sigmahq"; }

class SigmaHq : public ::testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_CORPUS("rules/sigmahq");
    Diagnostics reading;
    loaded_ = load_rules(find_rule_files({sigmahq()}, reading), {});
    EXPECT_TRUE(reading.empty());
  }
  LoadedRules loaded_;
};

TEST_F(SigmaHq, SixteenLoadAndFiveOfThemAreDeadEachWithItsReason) {
  EXPECT_FALSE(loaded_.diagnostics.has_errors()) << render(loaded_.diagnostics, loaded_.sources);
  EXPECT_EQ(loaded_.rules.rules.size(), 16u);
  std::map<std::string, std::string> dead;
  for (const Rule& rule : loaded_.rules.rules) {
    if (!rule.dead.empty()) dead[rule.dead] += rule.meta.title + "\n";
  }
  const auto titles = [&](const std::string& reason) { return dead[reason]; };
  EXPECT_THAT(titles("no field \"hostPath\""), ::testing::HasSubstr("hostPath"));
  EXPECT_THAT(titles("no field \"capabilities\""), ::testing::HasSubstr("Privileged"));
  EXPECT_THAT(titles("no field \"apiGroup\""),
              ::testing::AllOf(::testing::HasSubstr("Sidecar"), ::testing::HasSubstr("RBAC Permission Enumeration")));
  EXPECT_THAT(titles("responseStatus.code is never \"ALLOW\""), ::testing::HasSubstr("Enumeration"));
  EXPECT_EQ(dead.size(), 4u);
}

TEST_F(SigmaHq, FourOfTheWorkingOnesWarnOfTheVerbReplace) {
  std::map<std::string, int> warnings;
  for (const Diagnostic& d : loaded_.diagnostics.entries()) {
    const Rule* rule = loaded_.rules.find(d.rule);
    ASSERT_NE(rule, nullptr) << d.rule;
    if (!rule->dead.empty()) continue;
    EXPECT_EQ(d.code, "impossible-value") << d.message;
    EXPECT_THAT(d.message, ::testing::HasSubstr("verb is never \"replace\""));
    ++warnings[d.rule];
  }
  EXPECT_EQ(warnings.size(), 4u);
}

TEST_F(SigmaHq, CloudRulesAreSkippedWithOneLineEach) {
  int azure = 0, gcp = 0;
  for (const std::string& line : loaded_.skipped) {
    azure += line.find("product azure") != std::string::npos ? 1 : 0;
    gcp += line.find("product gcp") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(azure + gcp, 14);
  EXPECT_EQ(loaded_.skipped.size(), 14u);
  EXPECT_EQ(gcp, 4);
}

TEST_F(SigmaHq, StrictRefusesTheNineWithDoubtfulTests) {
  Diagnostics reading;
  LoadOptions strict;
  strict.strict = true;
  const LoadedRules loaded = load_rules(find_rule_files({sigmahq()}, reading), strict);
  EXPECT_EQ(loaded.rules.rules.size(), 7u);
}

}  // namespace
}  // namespace kubevigil
