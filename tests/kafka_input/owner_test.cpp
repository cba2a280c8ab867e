// Two instances and one topic: one of them reads. What the other one does, who takes over when, and what a reader of
// the alerts' topic sees through it.
#include <fmt/format.h>

#include <filesystem>

#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::Instance;
using testing::HasSubstr;

class TwoInstances : public test::ServeToKafka {
 protected:
  void SetUp() override {
    ServeToKafka::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(audit, 1));
    ASSERT_TRUE(broker().create_topic(topic, 1));
  }
  // Reads one topic and publishes to another, with the other instance's cursor.
  std::string reads(const std::string& more = "") const {
    return fmt::format(R"(rules: {{builtin: false, paths: [{0}]}}
inputs:
  kafka:
    - {{name: main, brokers: "{1}", topics: [{2}], cluster: lab, group: {3}, properties: {{session.timeout.ms: "6000"}}{4}}}
state: {{snapshot-every: 1s}}
outputs:
  - name: soc
    transport: kafka
    retry: {{first: 100ms, most: 1s}}
    kafka: {{brokers: "{1}", topic: {5}, cursor-group: pair-{5}}}
  - name: never  # takes nothing, so the journal keeps all
    transport: http
    http: {{url: "http://127.0.0.1:9/"}}
)",
                       folder.write("rules.yaml", e2e::kRules), broker().address(), audit, group, more, topic);
  }
  void produce(size_t n) {
    std::vector<std::string> values;
    for (; n > 0; --n) values.push_back(e2e::object_event(written++));
    ASSERT_TRUE(broker().produce(audit, 0, values));
  }
  bool says(const Instance& instance, const std::string& text) {
    return becomes([&] { return instance.said().find(text) != std::string::npos; });
  }
  std::string held_by(const std::string& name) const {
    return fmt::format("the group {} is held by kubevigil-{} at ", group, name);
  }
  // What displays of lag show; -1: nothing.
  int64_t committed() {
    const auto asking = make_kafka_publisher(
        {.kafka = kafka(), .topic = audit, .transactional_id = "asks-" + topic, .cursor_group = group});
    const auto cursor = asking->open(test::kPatience);
    return cursor && *cursor ? (*cursor)->value : -1;
  }

  const std::string audit = topic + "-audit", group = "g-" + topic;
};

TEST_F(TwoInstances, TheSecondStandsByAndTakesOver) {
  Instance first(folder, "first", reads()), second(folder, "second", reads());
  first.start();
  produce(200);
  ASSERT_TRUE(all_published()) << first.said();
  first.kill();
  std::filesystem::copy(first.data, second.data, std::filesystem::copy_options::recursive);
  first.start();
  second.start();
  ASSERT_TRUE(says(second, held_by("first"))) << second.said();
  produce(200);
  ASSERT_TRUE(all_published()) << first.said();
  EXPECT_TRUE(becomes([&] { return committed() == 400; })) << committed();
  first.kill();
  produce(200);
  ASSERT_TRUE(all_published()) << second.said();

  first.start();
  ASSERT_TRUE(says(first, held_by("second"))) << first.said();
  produce(50);
  ASSERT_TRUE(all_published()) << second.said();
  first.kill();
  second.kill();
  expect_published(second.journaled(true), true);
}

TEST_F(TwoInstances, TheSecondIsRefusedWhenItIsNotToWait) {
  Instance first(folder, "first", reads()), second(folder, "second", reads(", on-conflict: refuse"));
  first.start();
  produce(20);
  ASSERT_TRUE(all_published()) << first.said();
  second.start();
  ASSERT_TRUE(becomes([&] { return second.ended(); })) << second.said();
  EXPECT_EQ(second.stop(), 3) << second.said();  // an input that cannot be used
  EXPECT_THAT(second.said(), HasSubstr(held_by("first")));
  produce(20);
  EXPECT_TRUE(all_published()) << first.said();
}

TEST_F(TwoInstances, TheSameInstanceNeedsNotWaitForItsLastLife) {
  Instance only(folder, "only", reads());
  for (int life = 0; life < 3; ++life) {
    only.start();
    produce(20);
    ASSERT_TRUE(all_published()) << only.said();
    only.kill();
  }
  EXPECT_EQ(only.said().find("is held by"), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
