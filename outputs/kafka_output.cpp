#include "outputs/kafka_output.h"

#include <fmt/format.h>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"
#include "outputs/kafka_transport.h"

namespace kubevigil {

std::string why_no_kafka_property(const std::string& name, const std::string& value) {
  if (const char* reason = reserved_kafka_property(name)) return fmt::format("it may not be set: {}", reason);
  return wrong_kafka_property(name, value);
}

Result<std::unique_ptr<Transport>> open_kafka_output(const KafkaOutput& options, const std::string& name,
                                                     const Env& env) {
  for (const auto& [property, value] : options.cluster.properties) {
    const std::string why = why_no_kafka_property(property, value);
    if (!why.empty()) return fail(fmt::format("kafka property {}: {}", printable(property), why));
  }
  const KafkaOptions& cluster = options.cluster;
  KafkaPublisherOptions publisher{cluster, options.topic, {}, {}};
  KafkaTransportOptions transport;
  transport.output = name;
  transport.where = fmt::format("kafka {} topic {}", printable(cluster.brokers), printable(options.topic));
  transport.timeout = options.timeout;
  transport.exactly_once = options.exactly_once;
  std::unique_ptr<KafkaLookup> lookup;
  if (options.exactly_once) {
    publisher.transactional_id = options.transactional_id;
    publisher.cursor_group = options.cursor_group;
    transport.lives = options.lives;
    KafkaOptions reads = cluster;
    reads.properties.try_emplace("queued.max.messages.kbytes", std::to_string(limits::kKafkaQueueKbytes));
    const auto open = [reads] { return open_kafka_consumer(reads); };
    lookup = std::make_unique<KafkaLookup>(open, options.topic, name, env);
  }
  return std::make_unique<KafkaTransport>(std::move(transport), make_kafka_publisher(std::move(publisher)),
                                          std::move(lookup), env);
}

KafkaTopicLook look_at_kafka_topic(const KafkaOutput& options, Duration most) {
  const auto consumer = open_kafka_consumer(options.cluster);
  if (!consumer) return {0, consumer.error().message, "mend its properties"};
  const auto found = (*consumer)->partitions([&](const std::string& topic) { return topic == options.topic; }, most);
  if (found && !found->empty()) return {found->size(), {}, {}};
  if (found)
    return {0, "the cluster has no such topic, or does not show it to this user", "make it; kubevigil does not"};
  return {0, fmt::format("{}: {}", printable(options.cluster.brokers), found.error().message),
          "are the brokers up, does every firewall let us through, and do security.protocol and secrets fit?"};
}

}  // namespace kubevigil
