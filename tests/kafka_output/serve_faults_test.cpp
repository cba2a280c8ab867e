// The real `kubevigil serve` and a real broker: what goes wrong around them.
#include <filesystem>
#include <set>

#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::Instance;
using test::kPatience;
using testing::HasSubstr;

class ServeToKafka : public test::ServeToKafka {
 protected:
  void SetUp() override {
    test::ServeToKafka::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(topic, 1));
    log.append("");
  }
};

// The cursor on our own disk is put back, too, so that all is sent again.
TEST_F(ServeToKafka, WhatWasPublishedIsKnownByTheCursorAndWithoutItByTheTopic) {
  Instance serve(folder, "test", config());
  serve.start();
  events(1);
  ASSERT_TRUE(all_published()) << serve.said();
  serve.kill();
  const auto outbox = std::filesystem::path(serve.data) / "outbox", copy = std::filesystem::path(serve.data) / "copy";
  std::filesystem::copy(outbox, copy, std::filesystem::copy_options::recursive);
  for (const bool is_expired : {false, true}) {
    events(300);
    serve.start();
    ASSERT_TRUE(all_published()) << serve.said();
    serve.kill();
    std::filesystem::remove_all(outbox);
    std::filesystem::copy(copy, outbox, std::filesystem::copy_options::recursive);
    if (is_expired) {
      ASSERT_TRUE(broker().delete_group("kubevigil-test-soc"));
    }
  }
  events(300);
  serve.start();
  ASSERT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  expect_published(serve.journaled());
}

TEST_F(ServeToKafka, GoesOnBehindARestartOfTheBroker) {
  Instance serve(folder, "test", config());
  serve.start();
  events(100);
  ASSERT_TRUE(all_published()) << serve.said();
  broker().kill();
  events(100);
  ASSERT_TRUE(broker().start()) << broker().log();
  events(100);
  ASSERT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  expect_published(serve.journaled());
}

TEST_F(ServeToKafka, StopsWhenAnotherTakesItsTransactionalIdAndComesBack) {
  Instance serve(folder, "test", config());
  serve.start();
  events(10);
  ASSERT_TRUE(all_published()) << serve.said();
  const auto other = make_kafka_publisher({.kafka = kafka(),
                                           .topic = topic,
                                           .transactional_id = "kubevigil-test-soc",
                                           .cursor_group = "kubevigil-test-soc"});
  ASSERT_TRUE(other->open(kPatience));
  events(10);
  ASSERT_TRUE(all_published()) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  expect_published(serve.journaled());
}

TEST_F(ServeToKafka, AStandbyWithItsOwnDataFolderTakesOver) {
  const auto standby = [&](const std::string& name) {
    return Instance(folder, name,
                    config(", cursor-group: pair-" + topic,
                           fmt::format("standby: {{lease-file: {}, ttl: 6s}}\n", folder.path("lease"))));
  };
  Instance first = standby("first"), second = standby("second");
  first.start();
  events(200);
  ASSERT_TRUE(all_published()) << first.said();
  second.start();
  events(200);
  ASSERT_TRUE(all_published()) << first.said();
  first.kill();
  events(200);
  ASSERT_TRUE(all_published()) << second.said();
  EXPECT_EQ(second.stop(), 0) << second.said();
  expect_published(second.journaled(true), true);
}

TEST_F(ServeToKafka, AnAlertThatIsTooLargeForTheTopicIsADeadLetter) {
  topic += "-small";
  ASSERT_TRUE(broker().create_topic(topic, 1, {{"max.message.bytes", "2200"}}));
  Instance serve(folder, "test", config());
  events(20);
  std::string large = e2e::object_event(written);  // an alert cuts the name of the agent at 1,000 bytes
  const std::string agent(6000, 'x');
  large.insert(1, fmt::format("\"userAgent\":\"{}\",", agent));
  log.append(large + "\n");
  events(21);  // the first of them is the same event, and stands for the large one
  serve.start();
  ASSERT_TRUE(test::becomes([&] { return std::filesystem::exists(serve.data + "/dead-letter/soc.jsonl"); }))
      << serve.said();
  ASSERT_TRUE(test::becomes([&] { return published().names.size() >= 40; })) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
  const std::vector<std::string> all = serve.journaled(), seen_names = published().names;
  EXPECT_EQ(std::set<std::string>(seen_names.begin(), seen_names.end()).size(), seen_names.size());
  EXPECT_LT(seen_names.size(), all.size());
}

}  // namespace
}  // namespace kubevigil
