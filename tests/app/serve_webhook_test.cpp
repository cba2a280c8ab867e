// Which senders of the last life are waited for.
#include "engine/app/serve_webhook.h"

#include <gmock/gmock.h>

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StreamReport stream(const std::string& name, Timestamp watermark) {
  StreamReport out;
  out.name = name;
  out.watermark = watermark;
  return out;
}

TEST(AwaitedStreams, AreThoseThatWereHeardOnTheLastDay) {
  const Timestamp newest{1'700'000'000'000'000};
  const std::vector<StreamReport> streams = {
      stream("webhook/prod/api/10.0.0.1", newest),
      stream("webhook/prod/api/10.0.0.2", newest - kGoneForGood + Duration{1}),
      stream("webhook/prod/api/10.0.0.3", newest - kGoneForGood),
      stream("webhook/prod/api/10.0.0.4", Timestamp::min()),
  };
  EXPECT_THAT(awaited_streams(streams),
              ElementsAre("webhook/prod/api/10.0.0.1", "webhook/prod/api/10.0.0.2", "webhook/prod/api/10.0.0.4"));
  EXPECT_THAT(awaited_streams({}), IsEmpty());
}

}  // namespace
}  // namespace kubevigil
