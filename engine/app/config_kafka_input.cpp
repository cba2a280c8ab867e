// What fits together in Kafka inputs.
#include <fmt/format.h>

#include <algorithm>

#include "engine/app/config_kafka.h"
#include "engine/app/serve_kafka.h"
#include "engine/base/text.h"
#include "engine/rule/regex.h"
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
      if (other.brokers != input_.brokers) continue;
      same_topics(other);
      if (kafka_group(loaded_.config, other) == kafka_group(loaded_.config, input_)) {
        error("group", fmt::format("the Kafka input {} has the same group: each would shut the other out", other.name));
      }
    }
  }

 private:
  void error(const std::string& key, std::string_view message, std::string hint = {}) {
    const std::string path = key.empty() ? at_ : at_ + "." + key;
    loaded_.diagnostics.error("kafka-input", fmt::format("{}: {}", path, message), loaded_.span_of(path),
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
    const auto regex = Regex::compile("^(?:" + text + ")$", "");
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

  void same_topics(const KafkaInputConfig& other) {
    for (const std::string& topic : input_.topics) {
      if (std::ranges::find(other.topics, topic) == other.topics.end()) continue;
      error("topics", fmt::format("the Kafka input {} reads {}, too: each event would count twice", other.name,
                                  printable(topic)));
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
