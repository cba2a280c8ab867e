#include "engine/app/serve_kafka.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/app/output_options.h"
#include "engine/app/setting_words.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"

namespace kubevigil {
namespace {

using Settings = std::map<std::string, std::string>;

std::string key_of(std::string_view kind, std::string_view setting) {
  return fmt::format("kafka-{}/{}", kind, setting.substr(kKafkaSetting.size()));
}

std::vector<std::string> list_in(const Settings& settings, const std::string& key) {
  std::vector<std::string> out;
  const auto found = settings.find(key);
  if (found == settings.end()) return out;
  for (const std::string_view part : split(found->second, ',')) out.emplace_back(part);
  return out;
}

std::shared_ptr<const Regex> whole(const std::string& pattern) {
  auto regex = kafka_pattern(pattern);
  return regex ? std::make_shared<const Regex>(std::move(*regex)) : nullptr;
}

LogLevel level_of(int syslog_level) {
  return syslog_level <= 3 ? LogLevel::Error : syslog_level <= 5 ? LogLevel::Warn : LogLevel::Info;
}

std::string client_id_of(const Config& config) { return "kubevigil-" + config.instance; }

std::string input_name(const KafkaInputConfig& input) { return std::string(kKafkaSetting) + input.name; }

Result<KafkaOptions> options_of(const KafkaInputConfig& input, const std::string& client_id, Log& log) {
  KafkaOptions options;
  options.brokers = input.brokers;
  options.client_id = client_id;
  auto properties = kafka_properties(input.properties, input.secrets);
  if (!properties) return tl::unexpected(properties.error());
  options.properties = std::move(*properties);
  options.log = [name = input_name(input), &log](int level, const std::string& line) {
    log.line(level_of(level), "kafka", "librdkafka says", {{"input", name}, {"line", line}});
  };
  return options;
}

// What the group is said to read: what is read is known to us alone. A pattern of ours is none of librdkafka's, and it
// joins no group while no topic of those is there; Kafka's own, of the groups' offsets, is there whenever a group is.
std::vector<std::string> subscription(const KafkaInputConfig& input) {
  if (!input.topics_regex.empty()) return {"^.*"};
  std::vector<std::string> topics = input.topics;
  topics.emplace_back("^__consumer_offsets$");
  return topics;
}

}  // namespace

void add_kafka_settings(const KafkaInputConfig& input, Settings& settings) {
  const std::string name = std::string(kKafkaSetting) + input.name;
  KafkaClusterFrom from = KafkaClusterFrom::Name;
  std::string text = input.cluster;
  if (const auto& said = input.cluster_from) {
    from = said->key ? KafkaClusterFrom::Key : said->topic.empty() ? KafkaClusterFrom::Header : KafkaClusterFrom::Topic;
    text = said->topic.empty() ? said->header : said->topic;
  }
  settings[name] = fmt::format("{} {} {} {} {} {}", input.slack.micros, input.idle_after.micros,
                               format_word(input.formats), static_cast<int>(input.start), static_cast<int>(from), text);
  if (!input.topics.empty()) settings[key_of("topics", name)] = fmt::format("{}", fmt::join(input.topics, ","));
  if (!input.topics_regex.empty()) settings[key_of("pattern", name)] = input.topics_regex;
  if (!input.clusters.empty()) settings[key_of("clusters", name)] = fmt::format("{}", fmt::join(input.clusters, ","));
}

std::string kafka_group(const Config& config, const KafkaInputConfig& input) {
  if (!input.group.empty()) return input.group;
  return config.standby ? fmt::format("{}-{}", client_id_of(config), input.name) : "kubevigil-" + input.name;
}

Result<Regex> kafka_pattern(const std::string& pattern) { return Regex::compile("^(?:" + pattern + ")$", ""); }

bool fits_kafka_pattern(const Regex& pattern, const std::string& topic) {
  return !topic.starts_with("__") && pattern.matches(topic);
}

KafkaClients kafka_clients(const Config& config, Log& log) {
  KafkaClients out;
  for (const KafkaInputConfig& input : config.inputs.kafka) {
    out[input_name(input)].open = [input, id = client_id_of(config), &log]() -> Result<std::unique_ptr<KafkaConsumer>> {
      auto options = options_of(input, id, log);
      if (!options) return tl::unexpected(options.error());
      options->properties.try_emplace("queued.max.messages.kbytes", std::to_string(limits::kKafkaQueueKbytes));
      return open_kafka_consumer(*options);
    };
  }
  return out;
}

KafkaClients owning_kafka_clients(const Config& config, Log& log) {
  KafkaClients out = kafka_clients(config, log);
  for (const KafkaInputConfig& input : config.inputs.kafka) {
    const std::string group = kafka_group(config, input), id = client_id_of(config);
    const auto open = [input, group, id, &log]() -> Result<std::unique_ptr<KafkaGroup>> {
      auto options = options_of(input, id, log);
      if (!options) return tl::unexpected(options.error());
      return open_kafka_group({std::move(*options), group, subscription(input)});
    };
    const auto owner = std::make_shared<KafkaOwner>(KafkaClaim(group, id, open));
    KafkaReader& reader = out[input_name(input)];
    reader.hold = [owner] { return owner->hold(); };
    reader.committed = [owner](std::vector<KafkaPosition> positions) { owner->commit(std::move(positions)); };
    reader.refuse = input.on_conflict == KafkaConflict::Refuse;
  }
  return out;
}

std::unique_ptr<LiveInput> open_kafka_input(const std::string& setting, const Settings& all,
                                            const KafkaClients& clients, const Env& env) {
  const auto client = clients.find(setting);
  if (client == clients.end()) return nullptr;
  std::string_view text = all.at(setting);
  KafkaLiveOptions options;
  options.lanes.name = setting;
  read_waiting(text, options);
  options.lanes.quiet = options.idle_after;
  options.lanes.start = static_cast<KafkaStart>(number_of(next_word(text)));
  options.lanes.topics = list_in(all, key_of("topics", setting));
  if (const auto pattern = all.find(key_of("pattern", setting)); pattern != all.end()) {
    options.lanes.fits = [regex = whole(pattern->second)](const std::string& topic) {
      return regex != nullptr && fits_kafka_pattern(*regex, topic);
    };
  }
  options.cluster.from = static_cast<KafkaClusterFrom>(number_of(next_word(text)));
  options.cluster.text = text;
  options.cluster.allowed = list_in(all, key_of("clusters", setting));
  if (options.cluster.from == KafkaClusterFrom::Topic) {
    options.cluster.of_topic = [regex = whole(options.cluster.text)](const std::string& topic) {
      return regex == nullptr ? std::nullopt : regex->first_group(topic);
    };
  }
  return std::make_unique<KafkaLive>(std::move(options), client->second, env);
}

}  // namespace kubevigil
