// The deterministic middle of serve: what comes out of batches in their order.
#include "engine/run/detector.h"

#include <gtest/gtest.h>

#include "tests/run/live_stream.h"

namespace kubevigil {
namespace {

TEST(Detector, OpensAtOnceAndClosesByTheWatermark) {
  LiveScript script(program());
  script.batch("tail/a", {{.second = 0, .id = "1"}});
  ASSERT_EQ(script.log(), "open 1 secret_read\n");
  script.batch("tail/a", {{.second = 4000, .resource = "pods", .id = "2"}});
  EXPECT_EQ(script.log(), "open 1 secret_read\nclosed 2 secret_read\n");
}

}  // namespace
}  // namespace kubevigil
