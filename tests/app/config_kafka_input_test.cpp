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
