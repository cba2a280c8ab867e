#include "engine/app/config_kafka.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/app/config_secret.h"
#include "engine/app/output_options.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kSecretWords[] = {"password", "secret", "passphrase", "key.pem", "sasl.oauthbearer.config"};
constexpr size_t kLongestTopic = 249;  // Kafka's own bound

bool is_secret(std::string_view property) {
  return std::ranges::any_of(kSecretWords,
                             [&](std::string_view word) { return property.find(word) != std::string_view::npos; });
}

// HOST:PORT of each, as librdkafka reads them: "SSL://Kafka-0, kafka-1:9093".
std::set<std::string> brokers_in(std::string_view list) {
  std::set<std::string> out;
  for (const std::string_view part : split(list, ',')) {
    std::string broker = folded(trim(part));
    if (const size_t scheme = broker.find("://"); scheme != std::string::npos) broker.erase(0, scheme + 3);
    if (broker.empty()) continue;
    const size_t colon = broker.rfind(':');
    const bool has_port = colon != std::string::npos && broker.find(']', colon) == std::string::npos;
    out.insert(has_port ? broker : broker + ":9092");
  }
  return out;
}

class KafkaOutputCheck {
 public:
  KafkaOutputCheck(LoadedConfig& loaded, const OutputConfig& output, const std::string& at)
      : loaded_(loaded), output_(output), kafka_(*output.kafka), at_(at) {}

  void run() {
    if (!kafka_.topic.empty() && !is_kafka_topic(kafka_.topic)) {
      error("bad-value", "kafka.topic", "is no name of a topic", "at most 249 letters, digits, '.', '_', '-'");
    }
    for (const auto& [name, source] : kafka_.properties) property(name, source.text.reveal());
    for (const auto& [name, source] : kafka_.secrets) secret(name);
    if (output_.encoding == "alertmanager") {
      warning("encoding", "encoding", "an Alertmanager has to be told again and again, which a topic is not",
              "transport: http");
    }
    if (kafka_.exactly_once) exactly_once();
  }

 private:
  void error(std::string code, const std::string& key, std::string_view message, std::string hint = {}) {
    const std::string path = at_ + "." + key;
    loaded_.diagnostics.error(std::move(code), fmt::format("{}: {}", path, message), loaded_.span_of(path),
                              std::move(hint));
  }
  void warning(std::string code, const std::string& key, std::string_view message, std::string hint = {}) {
    const std::string path = at_ + "." + key;
    loaded_.diagnostics.warning(std::move(code), fmt::format("{}: {}", path, message), loaded_.span_of(path),
                                std::move(hint));
  }

  void property(const std::string& name, const std::string& value) {
    const std::string why = why_no_kafka_property(name, value);
    if (!why.empty()) error("bad-value", "kafka.properties", fmt::format("{}: {}", printable(name), why));
    if (name == "security.protocol" && folded(value) == "sasl_plaintext") {
      warning("exposed", "kafka.properties", "secrets are sent in the clear: there is no TLS", "SASL_SSL");
    }
  }

  void secret(const std::string& name) {
    if (const char* why = reserved_kafka_property(name)) {
      error("bad-value", "kafka.secrets", fmt::format("{}: it may not be set: {}", printable(name), why));
    }
  }

  void exactly_once() {
    if (output_.rate_limit) {
      error("exactly-once", "rate-limit",
            "a digest depends on the moment, and would be another one after a crash: it cannot be published once",
            "use filter, or kafka: {exactly-once: false}");
    }
    if (loaded_.config.standby && kafka_.cursor_group.empty()) {
      error("exactly-once", "kafka",
            "with standby: the two instances need the same cursor-group, so that the one that takes over shuts the "
            "other out",
            fmt::format("cursor-group: kubevigil-{}, on both", output_.name));
    }
    const KafkaOutput own = output_words(output_, loaded_.config.instance).kafka;
    for (const OutputConfig& other : loaded_.config.outputs) {
      if (&other == &output_) break;
      if (!other.kafka || !other.kafka->exactly_once) continue;
      if (!same_kafka_cluster(other.kafka->brokers, kafka_.brokers)) continue;
      const KafkaOutput theirs = output_words(other, loaded_.config.instance).kafka;
      if (own.transactional_id == theirs.transactional_id) {
        error("overlap", "kafka", fmt::format("output {} has the same transactional id", other.name),
              "each would shut the other out: give each its own cursor-group");
      } else if (own.cursor_group == theirs.cursor_group && own.topic == theirs.topic) {
        error("overlap", "kafka", fmt::format("output {} has the same cursor-group", other.name));
      }
    }
  }

  LoadedConfig& loaded_;
  const OutputConfig& output_;
  const KafkaSinkConfig& kafka_;
  const std::string& at_;
};

}  // namespace

bool is_kafka_topic(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kLongestTopic && name != "." && name != ".." &&
         std::ranges::all_of(name, letter);
}

bool same_kafka_cluster(std::string_view brokers, std::string_view others) {
  const std::set<std::string> ours = brokers_in(brokers), theirs = brokers_in(others);
  return std::ranges::any_of(ours, [&](const std::string& broker) { return theirs.contains(broker); });
}

void read_kafka_properties(ConfigKind kind, const YamlNode& node, const std::string& path, ValueReader& reader,
                           HeaderSources& to) {
  const auto bad = [&](const YamlNode& where, const std::string& what, std::string hint = {}) {
    reader.diagnostics.error("bad-value", what, where.span, std::move(hint));
  };
  if (!node.is_map()) {
    blot_out(node, reader.sources);
    return bad(node, fmt::format("{}: expected {}", path, expectation(kind)));
  }
  HeaderSources properties;
  for (const YamlEntry& entry : node.entries) {
    const std::string& name = entry.key.text;
    const std::string where = fmt::format("{}.{}", path, printable(name));
    SecretSource value;
    if (kind == ConfigKind::Secrets) {
      read_secret_source(ConfigKind::Secret, entry.value, where, reader, value);
    } else if (is_secret(name)) {
      blot_out(entry.value, reader.sources);
      bad(entry.key, where + ": a secret does not stand in the configuration itself",
          fmt::format("secrets: {{{}: {{file: PATH}}}}", printable(name)));
    } else if (!entry.value.is_scalar()) {
      bad(entry.value, where + ": expected a text");
    } else {
      value.text = Secret(entry.value.text);
    }
    properties.emplace_back(name, std::move(value));
  }
  to = std::move(properties);
}

std::string kafka_properties_text(const HeaderSources& properties) {
  std::string out;
  for (const auto& [name, source] : properties) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", yaml_word(name), yaml_word(source.text.reveal()));
  }
  return fmt::format("{{{}}}", out);
}

void check_kafka_output(LoadedConfig& loaded, const OutputConfig& output, const std::string& at) {
  KafkaOutputCheck(loaded, output, at).run();
}

}  // namespace kubevigil
