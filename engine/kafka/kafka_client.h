// The real clients (librdkafka 2.0): what to make of options. Nothing is connected here; a broker that is down is one
// that is retried.
#pragma once

#include "engine/kafka/kafka_consumer.h"
#include "engine/kafka/kafka_group.h"
#include "engine/kafka/kafka_publisher.h"

namespace kubevigil {

Result<std::unique_ptr<KafkaConsumer>> open_kafka_consumer(const KafkaOptions& options);
Result<std::unique_ptr<KafkaGroup>> open_kafka_group(const KafkaGroupOptions& options);
std::unique_ptr<KafkaPublisher> make_kafka_publisher(KafkaPublisherOptions options);

}  // namespace kubevigil
