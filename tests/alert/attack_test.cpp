#include "engine/alert/attack.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

TEST(Attack, TableIsSortedUniqueAndNamesKnownTactics) {
  std::set<std::string_view> slugs;
  for (const AttackTactic& tactic : attack_tactics()) EXPECT_TRUE(slugs.insert(tactic.slug).second) << tactic.slug;
  std::string_view previous;
  for (const AttackTechnique& technique : attack_techniques()) {
    EXPECT_LT(previous, technique.id);
    previous = technique.id;
    EXPECT_FALSE(technique.name.empty());
    for (const std::string_view slug : split(technique.tactics, ' ')) {
      EXPECT_TRUE(slugs.contains(slug)) << technique.id << " names " << slug;
    }
    EXPECT_EQ(current_technique(technique.id), technique.id) << "a revoked id stands in the table";
  }
}

TEST(Attack, TechniqueTakesTheTacticThatTheRuleNames) {
  const auto attacks = attack_of_tags({"attack.persistence", "attack.t1078", "attack.T1552.007", "cve.2020-1"});
  ASSERT_EQ(attacks.size(), 2u);
  EXPECT_EQ(attacks[0].tactic_id, "TA0003");
  EXPECT_EQ(attacks[0].technique_id, "T1078");
  EXPECT_EQ(attacks[1].tactic, "Credential Access");
  EXPECT_EQ(attacks[1].technique, "Unsecured Credentials: Container API");
}

TEST(Attack, OldNamesAreTranslated) {
  const auto attacks = attack_of_tags({"attack.defense_evasion", "attack.t1562.008"});
  ASSERT_EQ(attacks.size(), 2u);
  EXPECT_EQ(attacks[0].technique_id, "T1685.002");
  EXPECT_EQ(attacks[0].tactic, "Defense Impairment");
  EXPECT_EQ(attacks[1].tactic, "Stealth");
  EXPECT_EQ(attacks[1].technique_id, "");
}

TEST(Attack, UnknownTechniqueKeepsItsId) {
  const auto attacks = attack_of_tags({"attack.t1999.001", "attack.impact", "attack.nonsense", "attack.t12"});
  ASSERT_EQ(attacks.size(), 1u);
  EXPECT_EQ(attacks[0].technique_id, "T1999.001");
  EXPECT_EQ(attacks[0].tactic, "Impact");
  EXPECT_EQ(attacks[0].technique, "");
}

}  // namespace
}  // namespace kubevigil
