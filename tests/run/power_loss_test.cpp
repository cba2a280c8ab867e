#include "tests/support/power_loss.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kubevigil {
namespace {

using test::run_power_loss;

uint64_t rounds() { return std::getenv("KUBEVIGIL_SOAK") != nullptr ? 20'000 : 1000; }

TEST(PowerLoss, NothingThatWasAnsweredIsLost) {
  const char* one = std::getenv("KUBEVIGIL_SEED");
  const uint64_t from = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const uint64_t to = one != nullptr ? from : rounds();
  size_t answered = 0, cut = 0;
  for (uint64_t seed = from; seed <= to; ++seed) {
    const auto run = run_power_loss(seed, "");
    ASSERT_EQ(run.broken, "") << "KUBEVIGIL_SEED=" << seed;
    answered += run.answered;
    cut += run.lives_cut;
  }
  if (one == nullptr) {
    EXPECT_GT(answered, 5 * rounds());
    EXPECT_GT(cut, rounds());
  }
}

// Every call of sync in the program is there for a reason: without it a promise is broken for some seed.
TEST(PowerLoss, EverySyncIsMissed) {
  std::set<std::string> places;
  for (uint64_t seed = 1; seed <= 50; ++seed) places.merge(run_power_loss(seed, "").sync_places);
  EXPECT_GE(places.size(), 6u);
  for (const std::string& place : places) {
    std::string broken;
    for (uint64_t seed = 1; broken.empty() && seed <= 2000; ++seed) broken = run_power_loss(seed, place).broken;
    EXPECT_NE(broken, "") << "nothing is lost when the sync at " << place << " is left out";
  }
}

}  // namespace
}  // namespace kubevigil
