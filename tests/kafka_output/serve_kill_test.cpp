// kill -9 on the real `kubevigil serve` at random moments while it publishes to a real broker: a read_committed reader
// sees each revision of each alert in the journal once, and in its order. Most lives are killed when they have
// committed something and publish more, some before.
#include <random>

#include "tests/kafka_output/serve_fixture.h"
#include "tests/support/seed_of_run.h"

namespace kubevigil {
namespace {

using test::Instance;

class KafkaKill : public test::ServeToKafka {
 protected:
  int64_t cursor() const { return broker().committed("kubevigil-test-soc", topic); }
  // Events go on meanwhile.
  void wait_at_random(std::mt19937_64& random) {
    for (size_t n = 1 + random() % 4; n > 0; --n) {
      events(1 + random() % 200);
      ::poll(nullptr, 0, static_cast<int>(random() % 200));  // the moment is what is random here
    }
  }
};

TEST_F(KafkaKill, EachRevisionIsPublishedOnceAndInOrder) {
  const uint64_t seed = test::seed_of_run();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 20;
  ASSERT_TRUE(broker().create_topic(topic, 1));
  Instance serve(folder, "test", config());
  log.append("");
  int behind_a_commit = 0, in_a_transaction = 0;
  for (int i = 0; i < kills; ++i) {
    const int64_t before = cursor();
    serve.start();
    wait_at_random(random);
    if (i % 5 != 0) {
      ASSERT_TRUE(test::becomes([&] { return cursor() > before; })) << serve.said();
      wait_at_random(random);
      for (size_t n = random() % 200; n > 0; --n) {  // one transaction behind the other
        events(3);
        ::poll(nullptr, 0, 1);
      }
    }
    serve.kill();
    in_a_transaction += broker().has_open_transaction(topic, 0) ? 1 : 0;
    behind_a_commit += cursor() > before ? 1 : 0;
    if (random() % 3 == 0) events(random() % 50);
  }
  events(1);
  serve.start();
  EXPECT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  expect_published(serve.journaled());
  EXPECT_GE(behind_a_commit, kills * 4 / 5);
  EXPECT_GE(in_a_transaction, kills / 100);
  fmt::print("{} kills, {} behind a commit of that life, {} in a transaction; {} events, {} revisions\n", kills,
             behind_a_commit, in_a_transaction, written, seen.names.size());
}

}  // namespace
}  // namespace kubevigil
