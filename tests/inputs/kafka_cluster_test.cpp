#include "inputs/kafka_cluster.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

KafkaMessage message(std::string_view key, std::vector<KafkaHeader> headers) {
  KafkaMessage out;
  out.at = {"audit.lab", 0};
  out.has_key = !key.empty();
  out.key = key;
  out.headers = std::move(headers);
  return out;
}

KafkaClusterRule rule(KafkaClusterFrom from, std::string text = {}, std::vector<std::string> allowed = {}) {
  KafkaClusterRule out;
  out.from = from;
  out.text = std::move(text);
  out.allowed = std::move(allowed);
  out.of_topic = [](const std::string& topic) -> std::optional<std::string> {
    if (!topic.starts_with("audit.")) return std::nullopt;
    return topic.substr(6);
  };
  return out;
}

TEST(KafkaCluster, ComesFromWhereItIsConfigured) {
  using enum KafkaClusterFrom;
  const KafkaMessage keyed = message("dev", {{"c", "one"}, {"other", "x"}, {"c", "two"}});
  const KafkaMessage bare = message("", {{"c", "", true}});
  struct Case {
    KafkaClusterRule rule;
    const KafkaMessage& message;
    std::string cluster;  // "": none
  };
  const Case cases[] = {
      {rule(Name, "prod"), keyed, "prod"},
      {rule(Topic), keyed, "lab"},
      {rule(Key), keyed, "dev"},
      {rule(Key), bare, ""},
      {rule(Header, "c"), keyed, "two"},
      {rule(Header, "c"), bare, ""},
      {rule(Header, "d"), keyed, ""},
      {rule(Key, "", {"prod", "dev"}), keyed, "dev"},
      {rule(Key, "", {"prod"}), keyed, ""},
      {rule(Topic, "", {"prod"}), keyed, ""},
      {rule(Key), message("a/b", {}), ""},
  };
  for (const Case& c : cases) {
    const auto cluster = cluster_of(c.rule, c.message);
    EXPECT_EQ(cluster.value_or(""), c.cluster) << &c - cases;
  }
}

TEST(KafkaCluster, WhatIsWrongIsShownEscapedAndShort) {
  const std::string key(5000, '\x01');
  const KafkaMessage odd = message(key, {});
  const auto cluster = cluster_of(rule(KafkaClusterFrom::Key), odd);
  ASSERT_FALSE(cluster);
  EXPECT_LT(cluster.error().message.size(), 1000u);
  EXPECT_EQ(cluster.error().message.find('\x01'), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
