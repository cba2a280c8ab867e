// The real `kubevigil serve` and topics that come and go: in the cluster, and in the configuration.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/kafka_input/admin.h"
#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::Instance;
using testing::HasSubstr;

class Topics : public test::BrokerTest {
 protected:
  std::string reads(const std::vector<std::string>& topics) const {
    return fmt::format(R"(rules: {{builtin: false, paths: [{}]}}
inputs:
  kafka: [{{name: main, brokers: "{}", topics: [{}], cluster: lab}}]
state: {{snapshot-every: 1s}}
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {}, sync: always}}}}]
)",
                       folder.write("rules.yaml", e2e::kRules), broker().address(), fmt::join(topics, ","), alerts);
  }
  void produce(const std::string& to, size_t n) {
    std::vector<std::string> values;
    for (; n > 0; --n) values.push_back(e2e::object_event(written++));
    ASSERT_TRUE(broker().produce(to, 0, values));
  }
  size_t objects() const { return e2e::read_alerts(alerts).alerts_of_object.size(); }

  const TestFolder folder;
  const std::string alerts = folder.path("alerts.jsonl");
  size_t written = 0;
};

TEST_F(Topics, OneThatIsMadeLaterIsReadFromItsBeginning) {
  Instance serve(folder, "test", reads({topic}));
  serve.start();
  const auto sources = [&] { return test::admin_answer(serve.admin, "/api/v1/sources"); };
  ASSERT_TRUE(becomes([&] { return sources().find("the cluster has no topic " + topic) != std::string::npos; }))
      << sources() << serve.said();
  ASSERT_TRUE(broker().create_topic(topic, 1));
  produce(topic, 20);
  EXPECT_TRUE(becomes([&] { return objects() == written; })) << serve.said();
  EXPECT_EQ(serve.stop(), 0) << serve.said();
}

TEST_F(Topics, OneThatWasTakenOutIsNotReadAnyMore) {
  const std::string other = topic + "-other";
  for (const std::string& name : {topic, other}) ASSERT_TRUE(broker().create_topic(name, 1));
  {
    Instance before(folder, "test", reads({topic, other}));
    before.start();
    for (const std::string& name : {topic, other}) produce(name, 20);
    ASSERT_TRUE(becomes([&] { return objects() == written; })) << before.said();
    EXPECT_EQ(before.stop(), 0) << before.said();
  }
  const size_t read = written;
  produce(other, 20);
  produce(topic, 20);
  Instance now(folder, "test", reads({topic}));
  now.start();
  ASSERT_TRUE(becomes([&] { return objects() >= read + 20; })) << now.said();
  produce(topic, 20);
  ASSERT_TRUE(becomes([&] { return objects() >= read + 40; })) << now.said();
  EXPECT_EQ(objects(), read + 40);
  EXPECT_THAT(e2e::read_file(alerts), HasSubstr(fmt::format("kafka/main/{}/0", other)));
  EXPECT_EQ(now.stop(), 0) << now.said();
}

}  // namespace
}  // namespace kubevigil
