#include "engine/net/connection_budget.h"

#include <gtest/gtest.h>

#include <vector>

namespace kubevigil {
namespace {

using Verdict = ConnectionBudget::Verdict;

TEST(ConnectionBudget, OnePeerCannotTakeAllPlaces) {
  const auto budget = ConnectionBudget::make(4, 2);
  std::vector<std::unique_ptr<ConnectionBudget::Place>> places;
  const auto enter = [&](const char* peer) {
    Verdict verdict{};
    auto place = budget->enter(*parse_address(peer), verdict);
    EXPECT_EQ(place != nullptr, verdict == Verdict::Admitted);
    if (place) places.push_back(std::move(place));
    return verdict;
  };
  EXPECT_EQ(enter("10.0.0.1"), Verdict::Admitted);
  EXPECT_EQ(enter("::ffff:10.0.0.1"), Verdict::Admitted);
  EXPECT_EQ(enter("10.0.0.1"), Verdict::TooManyOfPeer);
  EXPECT_EQ(enter("fd00::1"), Verdict::Admitted);
  EXPECT_EQ(enter("fd00::ffff:2"), Verdict::Admitted);  // the same /64
  EXPECT_EQ(enter("fd01::1"), Verdict::TooManyInAll);
  places.erase(places.begin());
  EXPECT_EQ(budget->used(), 3u);
  EXPECT_EQ(enter("fd00::3"), Verdict::TooManyOfPeer);
  EXPECT_EQ(enter("10.0.0.1"), Verdict::Admitted);
  places.clear();
  EXPECT_EQ(budget->used(), 0u);
}

}  // namespace
}  // namespace kubevigil
