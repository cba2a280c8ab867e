// Kafka inputs in the configuration: what fits together, and what a bundle keeps of them.
#include "engine/app/config_kafka.h"

#include <gmock/gmock.h>

#include "engine/app/serve_rules.h"
#include "tests/support/config_text.h"

namespace kubevigil {
namespace {

using test::checked;
using testing::HasSubstr;
using testing::IsEmpty;

std::string input(const std::string& more) {
  return test::config_text("inputs: {kafka: [{name: k, brokers: \"b:9092\"" + more + "}]}\n");
}

std::string said(const LoadedConfig& loaded) {
  std::string out;
  for (const Diagnostic& d : loaded.diagnostics.entries()) out += d.message + "\n";
  return out;
}

TEST(ConfigKafkaInput, KeysAgainstEachOther) {
  struct Case {
    std::string more, said;  // "": nothing
  };
  const Case cases[] = {
      {", topics: [a], cluster: prod", ""},
      {", topics-regex: \"audit-.+\", cluster-from: {topic: \"audit-(.+)\"}", ""},
      {", topics: [a], cluster-from: {key: true}, clusters: [prod]", ""},
      {", topics: [a], cluster-from: {header: cluster}", ""},
      {", cluster: prod", "names no topics"},
      {", topics: [a]", "says not which cluster"},
      {", topics: [a], cluster: prod, cluster-from: {key: true}", "both cluster and cluster-from"},
      {", topics: [a], cluster-from: {}", "expected one of topic, key and header"},
      {", topics: [a], cluster-from: {key: true, header: c}", "expected one of topic, key and header"},
      {", topics: [a], cluster-from: {topic: \"audit-.+\"}", "has 0 groups"},
      {", topics: [a], cluster-from: {topic: \"(a)-(.+)\"}", "has 2 groups"},
      {", topics-regex: \"a(\", cluster: prod", "RE2 refuses"},
      {", topics: [\"a b\"], cluster: prod", "is no name of a topic"},
      {", topics: [a], cluster: prod, properties: {group.id: x}", "group.id: it may not be set"},
      {", topics: [a], cluster: prod, properties: {fetch.wait.max.ms: x}", "fetch.wait.max.ms"},
      {", topics: [a], cluster: prod, properties: {sasl.password: hunter2}", "a secret does not stand in"},
      {", topics: [a], cluster: prod, formats: [native, any]", "any stands alone"},
      {", topics: [a], cluster: prod}, {name: k, brokers: c, topics: [a], cluster: x", "has this name"},
      {", topics: [a], cluster: prod}, {name: l, brokers: \"b:9092\", topics: [a], cluster: x", "count twice"},
  };
  for (const Case& c : cases) {
    const LoadedConfig loaded = checked(input(c.more));
    if (c.said.empty()) {
      EXPECT_THAT(said(loaded), IsEmpty()) << c.more;
    } else {
      EXPECT_THAT(said(loaded), HasSubstr(c.said)) << c.more;
      EXPECT_TRUE(loaded.diagnostics.has_errors()) << c.more;
    }
    EXPECT_EQ(said(loaded).find("hunter2"), std::string::npos);
  }
}

// Two inputs, the second at other brokers or the same.
std::string two(const std::string& first, const std::string& second, const std::string& brokers = "b:9092") {
  return test::config_text("inputs: {kafka: [{name: k, brokers: \"b:9092\", cluster: p, " + first +
                           "}, {name: l, brokers: \"" + brokers + "\", cluster: q, " + second + "}]}\n");
}

TEST(ConfigKafkaInput, NoTopicIsReadByTwo) {
  struct Case {
    std::string first, second, said;  // "": nothing
  };
  const Case cases[] = {
      {"topics: [a, b]", "topics: [c, b]", "inputs.kafka[1].topics: the Kafka input k reads b, too"},
      {"topics: [audit-b]", "topics-regex: \"audit-.+\"",
       "inputs.kafka[1].topics-regex: it fits audit-b, which the Kafka input k reads, too"},
      {"topics-regex: \"audit-.+\"", "topics: [audit-b]",
       "inputs.kafka[1].topics: the Kafka input k reads audit-b, too"},
      {"topics-regex: \"audit-.+\"", "topics: [audit, x-audit-b, audit-]", ""},
      {"topics-regex: \".+\"", "topics: [__own]", ""},
      {"topics-regex: \"audit-.+\"", "topics-regex: \"audit-.+\"",
       "inputs.kafka[1].topics-regex: the Kafka input k has"},
      {"topics-regex: \"audit-a.+\"", "topics-regex: \"audit-b.+\"", ""},
  };
  for (const Case& c : cases) {
    const LoadedConfig loaded = checked(two(c.first, c.second));
    EXPECT_EQ(loaded.diagnostics.has_errors(), !c.said.empty()) << c.first << " " << c.second << "\n" << said(loaded);
    EXPECT_THAT(said(loaded), c.said.empty() ? testing::Matcher<std::string>(IsEmpty()) : HasSubstr(c.said));
    EXPECT_LE(loaded.diagnostics.entries().size(), 1u) << said(loaded);
    EXPECT_THAT(said(checked(two(c.first, c.second, "other:9092"))), IsEmpty());
  }
}

TEST(ConfigKafkaInput, TwoPatternsThatMayFitOneTopicAreAWarning) {
  const LoadedConfig loaded = checked(two("topics-regex: \"audit-.+\"", "topics-regex: \".+-prod\""));
  EXPECT_FALSE(loaded.diagnostics.has_errors());
  EXPECT_THAT(said(loaded), HasSubstr("inputs.kafka[1].topics-regex: the Kafka input k has 'audit-.+': events"));
  EXPECT_THAT(said(checked(two("topics-regex: \"audit-.+\"", "topics-regex: \".+-prod\"", "x:1"))), IsEmpty());
}

TEST(ConfigKafkaInput, OneClusterIsKnownByABrokerThatBothName) {
  const std::string topics = "topics: [a]";
  for (const char* brokers : {"b", "B:9092", "x:1, b:9092", "SASL_SSL://b:9092"}) {
    EXPECT_THAT(said(checked(two(topics, topics, brokers))), HasSubstr("count twice")) << brokers;
  }
  for (const char* brokers : {"b:9093", "bb:9092", "[::1]", "x:1,y:9092"}) {
    EXPECT_THAT(said(checked(two(topics, topics, brokers))), IsEmpty()) << brokers;
  }
  EXPECT_THAT(said(checked(two(topics + ", group: g", "topics: [c], group: g", "x:1,b"))), HasSubstr("the same group"));
}

TEST(ConfigKafkaInput, OurOwnAlertsAreNotRead) {
  const auto with = [](const std::string& topics, const std::string& brokers) {
    return said(checked("data: d\ninputs: {kafka: [{name: k, brokers: \"b:9092\", cluster: prod, " + topics +
                        "}]}\noutputs: [{name: o, transport: kafka, kafka: {topic: alerts, brokers: \"" + brokers +
                        "\"}}]\n"));
  };
  EXPECT_THAT(with("topics-regex: \".+\"", "x:1,b:9092"), HasSubstr("inputs.kafka[0].topics-regex: it fits alerts"));
  EXPECT_THAT(with("topics: [a, alerts]", "b"), HasSubstr("inputs.kafka[0].topics: output o writes to alerts"));
  EXPECT_THAT(with("topics-regex: \"audit-.+\"", "b"), IsEmpty());
  EXPECT_THAT(with("topics-regex: \".+\"", "c"), IsEmpty());
}

TEST(ConfigKafkaInput, ClustersThatFiltersMayName) {
  const std::string filter = "outputs: [{name: a, transport: stdout, filter: {clusters: [other]}}]\n";
  const auto with = [&](const std::string& more) {
    return checked("data: d\ninputs: {kafka: [{name: k, brokers: b, topics: [a], " + more + "}]}\n" + filter);
  };
  EXPECT_THAT(said(with("cluster: prod")), HasSubstr("other"));
  EXPECT_THAT(said(with("cluster-from: {key: true}, clusters: [prod]")), HasSubstr("other"));
  EXPECT_THAT(said(with("cluster-from: {key: true}")), IsEmpty());
}

TEST(ConfigKafkaInput, SettingsOfABundleSayHowItIsRead) {
  const LoadedConfig loaded =
      checked(input(", topics: [a, b], topics-regex: \"c .+\", cluster-from: {header: my cluster}, clusters: [p, q], "
                    "start: newest, slack: 5s, idle-after: 10s"));
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << said(loaded);
  BundleSettings settings = bundle_settings(loaded.config);
  EXPECT_EQ(settings.at("kafka/k"), "5000000 10000000 native 1 3 my cluster");
  EXPECT_EQ(settings.at("kafka-topics/k"), "a,b");
  EXPECT_EQ(settings.at("kafka-pattern/k"), "c .+");
  EXPECT_EQ(settings.at("kafka-clusters/k"), "p,q");
  const KafkaClients clients = {
      {"kafka/k", {.open = []() -> Result<std::unique_ptr<KafkaConsumer>> { return fail("not now"); }}}};
  const auto made = open_kafka_input("kafka/k", settings, clients, system_env());
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->name(), "kafka/k");
  LiveBatch batch;
  EXPECT_EQ(made->poll(batch), LiveStep::Later);
  EXPECT_EQ(made->problem(), "not now");
  EXPECT_EQ(batch.slack, Duration::seconds(5));
  EXPECT_EQ(open_kafka_input("kafka/k", settings, {}, system_env()), nullptr);
}

}  // namespace
}  // namespace kubevigil
