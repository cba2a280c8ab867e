// ChainRoot: the evidence of one root's chains.
#include "engine/state/chain_root.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TrailHit hit_at(int64_t seconds, const std::string& rule) {
  TrailHit hit;
  hit.rule = rule;
  hit.stage = Stage::Entry;
  hit.time = Timestamp{seconds * 1'000'000};
  return hit;
}

TEST(ChainRoot, AClockThatIsWrongAgesNoEvidence) {
  ChainRoot root;
  const Duration day = Duration::seconds(86'400);
  const Timestamp latest{1'000'000'000};
  root.add_hit(hit_at(900, "a"), day, latest);
  root.add_hit(hit_at(4'000'000'000, "b"), day, latest);
  root.add_hit(hit_at(950, "c"), day, latest);
  const Trail trail = root.trail(latest, day);
  ASSERT_EQ(trail.hits.size(), 2u);
  EXPECT_EQ(trail.hits[0].rule, "a");
  EXPECT_EQ(trail.hits[1].rule, "c");
  EXPECT_LE(root.last, latest) << "or it would never leave";
}

}  // namespace
}  // namespace kubevigil
