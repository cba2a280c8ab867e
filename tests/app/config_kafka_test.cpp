#include "engine/app/config_kafka.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/config_show.h"
#include "engine/app/output_options.h"
#include "tests/support/config_text.h"

namespace kubevigil {
namespace {

using test::checked;
using test::config_text;
using testing::HasSubstr;
using testing::Not;

std::string output(const std::string& kafka, const std::string& beside = "", const std::string& name = "a") {
  return "{name: " + name + ", transport: kafka, kafka: {brokers: \"b:9092\", topic: t" + kafka + "}" + beside + "}";
}

std::vector<std::string> kafka_codes(const LoadedConfig& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    out.push_back((d.severity == Severity::Error ? "" : "warning ") + d.code);
  }
  return out;
}

TEST(ConfigKafka, WhatFitsTogether) {
  const std::string standby = "standby: {lease-file: /l}\n";
  struct Case {
    std::string outputs, more;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {output(""), "", {}},
      {output(", properties: {compression.type: zstd, linger.ms: 5}"), "", {}},
      {output(", secrets: {sasl.password: {file: /p}}"), "", {}},
      {output(", properties: {no.such: 1}"), "", {"bad-value"}},
      {output(", properties: {compression.type: zip}"), "", {"bad-value"}},
      {output(", properties: {transactional.id: x}"), "", {"bad-value"}},
      {output(", secrets: {bootstrap.servers: {file: /p}}"), "", {"bad-value"}},
      {output(", secrets: {sasl.password: plain}"), "", {"bad-value"}},
      {output(", properties: {sasl.password: plain}"), "", {"bad-value"}},
      {output(", properties: {ssl.ca.location: {file: /p}}"), "", {"bad-value"}},
      {output(", properties: [x]"), "", {"bad-value"}},
      {output(", properties: {security.protocol: SASL_PLAINTEXT}"), "", {"warning exposed"}},
      {output("", ", encoding: table"), "", {"bad-value"}},
      {output("", ", encoding: alertmanager"), "", {"warning encoding"}},
      {output("", ", encoding: es-bulk"), "", {}},
      {output("", ", rate-limit: {alerts: 5}"), "", {"exactly-once"}},
      {output(", exactly-once: false", ", rate-limit: {alerts: 5}"), "", {}},
      {output(""), standby, {"exactly-once"}},
      {output(", cursor-group: g"), standby, {}},
      {output(", exactly-once: false"), standby, {}},
      {output("") + ", " + output("", "", "b"), "", {}},
      {output(", cursor-group: g") + ", " + output(", cursor-group: g", "", "b"), "", {"overlap"}},
      {output(", cursor-group: g") + ", " + output(", cursor-group: g, transactional-id: x", "", "b"), "", {"overlap"}},
      {output(", cursor-group: g") + ", " +
           "{name: b, transport: kafka, kafka: {brokers: \"x:1,b\", topic: t, cursor-group: g}}",
       "",
       {"overlap"}},
      {output(", cursor-group: g") + ", " + output(", cursor-group: g, exactly-once: false", "", "b"), "", {}},
      {"{name: a, transport: kafka}", "", {"transport"}},
      {"{name: a, transport: kafka, kafka: {brokers: b, topic: \"a b\"}}", "", {"bad-value"}},
  };
  for (const Case& c : cases) {
    const LoadedConfig loaded = checked(config_text("outputs: [" + c.outputs + "]\n" + c.more));
    EXPECT_EQ(kafka_codes(loaded), c.expected) << c.outputs << "\n" << render(loaded.diagnostics, loaded.sources);
  }
}

TEST(ConfigKafka, NoSecretIsShown) {
  for (const char* kafka : {", secrets: {sasl.password: hunter2}", ", properties: {sasl.password: hunter2}",
                            ", properties: {ssl.key.pem: hunter2}", ", secrets: [hunter2]"}) {
    LoadedConfig loaded = checked(config_text("outputs: [" + output(kafka) + "]\n"));
    EXPECT_THAT(render(loaded.diagnostics, loaded.sources), Not(HasSubstr("hunter2"))) << kafka;
    EXPECT_THAT(config_as_yaml(loaded), Not(HasSubstr("hunter2"))) << kafka;
  }
}

TEST(ConfigKafka, NamesOfGroupAndTransactionsFollowInstanceAndOutput) {
  const auto words = [](const std::string& kafka) {
    const LoadedConfig loaded = checked(config_text("instance: node1\noutputs: [" + output(kafka) + "]\n"));
    return output_words(loaded.config.outputs.at(0), loaded.config.instance).kafka;
  };
  EXPECT_EQ(words("").cursor_group, "kubevigil-node1-a");
  EXPECT_EQ(words("").transactional_id, "kubevigil-node1-a");
  EXPECT_EQ(words(", cursor-group: g").transactional_id, "g");
  EXPECT_EQ(words(", transactional-id: x").cursor_group, "kubevigil-node1-a");
}

}  // namespace
}  // namespace kubevigil
