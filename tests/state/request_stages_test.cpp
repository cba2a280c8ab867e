#include "engine/state/request_stages.h"

#include <gtest/gtest.h>

#include <string>

namespace kubevigil {
namespace {

// Of ends whose start is left out by the policy nothing is kept beyond the lateness.
TEST(RequestStages, EndsAreForgottenWhenTheirStartCannotComeAnyMore) {
  RequestStages stages;
  const auto request = [](uint64_t n) { return siphash(std::to_string(n)); };
  for (int64_t n = 0; n < 10; ++n) EXPECT_FALSE(stages.finish(request(static_cast<uint64_t>(n)), 1, Timestamp{n}));
  stages.forget_ends(Timestamp{8});
  EXPECT_FALSE(stages.start(request(7), 1, Timestamp{0}));
  EXPECT_EQ(stages.start(request(8), 1, Timestamp{0}), Timestamp{8});
  EXPECT_FALSE(stages.start(request(8), 1, Timestamp{0})) << "once";
  EXPECT_EQ(stages.forgotten(), 0u);
  EXPECT_EQ(stages.finish(request(7), 1, Timestamp{9}), Timestamp{0});
  EXPECT_EQ(stages.waiting(), 2u) << "the second start of 8, the end of 9";
}

}  // namespace
}  // namespace kubevigil
