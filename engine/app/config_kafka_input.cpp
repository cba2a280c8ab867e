// What fits together in Kafka inputs.
#include <fmt/format.h>

#include <algorithm>

#include "engine/app/config_kafka.h"
#include "engine/app/serve_kafka.h"
#include "engine/base/text.h"
#include "outputs/kafka_output.h"

namespace kubevigil {
namespace {

class KafkaInputCheck {
 public:
  KafkaInputCheck(LoadedConfig& loaded, const KafkaInputConfig& input, std::string at)
      : loaded_(loaded), input_(input), at_(std::move(at)) {}

  void run() {
    topics();
    cluster();
    for (const auto& [name, source] : input_.properties) {
      const std::string why = why_no_kafka_property(name, std::string(source.text.reveal()));
      if (!why.empty()) error("properties", fmt::format("{}: {}", printable(name), why));
    }
    for (const auto& [name, source] : input_.secrets) {
      if (const char* why = reserved_kafka_property(name)) {
        error("secrets", fmt::format("{}: it may not be set: {}", printable(name), why));
      }
    }
    for (const KafkaInputConfig& other : loaded_.config.inputs.kafka) {
      if (&other == &input_) break;
      if (other.name == input_.name) error("name", "another Kafka input has this name, too");
      if (!same_kafka_cluster(other.brokers, input_.brokers)) continue;
      same_topics(other);
      same_patterns(other);
      if (kafka_group(loaded_.config, other) == kafka_group(loaded_.config, input_)) {
        error("group", fmt::format("the Kafka input {} has the same group: each would shut the other out", other.name));
      }
    }
    for (const OutputConfig& output : loaded_.config.outputs) own_alerts(output);
  }

 private:
  void error(const std::string& key, std::string_view message, std::string hint = {}) {
    const std::string path = key.empty() ? at_ : at_ + "." + key;
    loaded_.diagnostics.error("kafka-input", fmt::format("{}: {}", path, message), loaded_.span_of(path),
                              std::move(hint));
  }

  void warning(const std::string& key, std::string_view message, std::string hint) {
    const std::string path = at_ + "." + key;
    loaded_.diagnostics.warning("kafka-input", fmt::format("{}: {}", path, message), loaded_.span_of(path),
                                std::move(hint));
  }

  void topics() {
    if (input_.topics.empty() && input_.topics_regex.empty()) error("", "names no topics", "topics: [audit]");
    for (const std::string& topic : input_.topics) {
      if (!is_kafka_topic(topic)) error("topics", fmt::format("{} is no name of a topic", printable(topic)));
    }
    if (!input_.topics_regex.empty()) pattern("topics-regex", input_.topics_regex);
  }

  // Its groups; nullopt: it is none, which was said.
  std::optional<int> pattern(const std::string& key, const std::string& text) {
    const auto regex = kafka_pattern(text);
    if (regex) return regex->groups();
    error(key, regex.error().message);
    return std::nullopt;
  }

  void cluster() {
    const auto& from = input_.cluster_from;
    if (from.has_value() == !input_.cluster.empty()) {
      return error("", from ? "has both cluster and cluster-from" : "says not which cluster its events are of",
                   "cluster: NAME, or cluster-from: {topic: PATTERN}, {key: true} or {header: NAME}");
    }
    if (!from) return;
    if ((from->topic.empty() ? 0 : 1) + (from->key ? 1 : 0) + (from->header.empty() ? 0 : 1) != 1) {
      return error("cluster-from", "expected one of topic, key and header");
    }
    if (from->topic.empty()) return;
    const auto groups = pattern("cluster-from.topic", from->topic);
    if (groups && *groups != 1) {
      error("cluster-from.topic", fmt::format("has {} groups, expected one: the cluster's name", *groups),
            "audit-(.+)");
    }
  }

  static bool lists(const KafkaInputConfig& input, const std::string& topic) {
    return std::ranges::find(input.topics, topic) != input.topics.end();
  }
  static bool fits(const KafkaInputConfig& input, const std::string& topic) {
    if (input.topics_regex.empty()) return false;
    const auto regex = kafka_pattern(input.topics_regex);
    return regex && fits_kafka_pattern(*regex, topic);
  }

  void same_topics(const KafkaInputConfig& other) {
    for (const std::string& topic : input_.topics) {
      if (!lists(other, topic) && !fits(other, topic)) continue;
      error("topics",
            fmt::format("the Kafka input {} reads {}, too: each event would count twice", other.name, printable(topic)),
            "let one of them read it: take it out here, or out of that one's topics or topics-regex");
    }
    for (const std::string& topic : other.topics) {
      if (lists(input_, topic) || !fits(input_, topic)) continue;
      error("topics-regex",
            fmt::format("it fits {}, which the Kafka input {} reads, too: each event would count twice",
                        printable(topic), other.name),
            "a pattern that does not fit it, or topics by name");
    }
  }

  void same_patterns(const KafkaInputConfig& other) {
    if (input_.topics_regex.empty() || other.topics_regex.empty()) return;
    const auto ours = kafka_pattern(input_.topics_regex), theirs = kafka_pattern(other.topics_regex);
    if (!ours || !theirs || ours->is_apart_from(*theirs)) return;
    if (input_.topics_regex == other.topics_regex) {
      return error("topics-regex",
                   fmt::format("the Kafka input {} has the same: each event would count twice", other.name),
                   "one input for all of these topics");
    }
    warning("topics-regex",
            fmt::format("the Kafka input {} has '{}': events of a topic that fits both would count twice", other.name,
                        printable(other.topics_regex)),
            "patterns that begin with different texts, or topics by name");
  }

  // They would be bad records, of which alerts tell, which would be bad records.
  void own_alerts(const OutputConfig& output) {
    if (!output.kafka || !same_kafka_cluster(output.kafka->brokers, input_.brokers)) return;
    const std::string topic = printable(output.kafka->topic);
    const std::string hint = "read other topics here, or give the output one of its own";
    if (lists(input_, output.kafka->topic)) {
      error("topics",
            fmt::format("output {} writes to {}: our own alerts would come back as bad records", output.name, topic),
            hint);
    } else if (fits(input_, output.kafka->topic)) {
      error("topics-regex",
            fmt::format("it fits {}, to which output {} writes: our own alerts would come back as bad records", topic,
                        output.name),
            hint);
    }
  }

  LoadedConfig& loaded_;
  const KafkaInputConfig& input_;
  const std::string at_;
};

}  // namespace

void check_kafka_input(LoadedConfig& loaded, const KafkaInputConfig& input, const std::string& at) {
  KafkaInputCheck(loaded, input, at).run();
}

}  // namespace kubevigil
