// kill -9 on the real `kubevigil serve` at random moments while it publishes to a real broker: a read_committed reader
// sees each revision of each alert in the journal once, and in its order.
#include <random>

#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::Instance;

class KafkaKill : public test::ServeToKafka {};

TEST_F(KafkaKill, EachRevisionIsPublishedOnceAndInOrder) {
  const char* given = std::getenv("KUBEVIGIL_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  fmt::print("KUBEVIGIL_SEED={}\n", seed);
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 20;
  ASSERT_TRUE(broker().create_topic(topic, 1));
  Instance serve(folder, "test", config());
  log.append("");
  for (int i = 0; i < kills; ++i) {
    serve.start();
    for (size_t n = random() % 8; n > 0; --n) {
      events(1 + random() % 200);
      ::poll(nullptr, 0, static_cast<int>(random() % 250));  // the moment is what is random here
    }
    serve.kill();
    if (random() % 3 == 0) events(random() % 50);
  }
  events(1);
  serve.start();
  EXPECT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  expect_published(serve.journaled());
  fmt::print("{} kills, {} events, {} revisions\n", kills, written, seen.names.size());
}

}  // namespace
}  // namespace kubevigil
