#include "inputs/kafka_place.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "TOPIC/PARTITION"
std::optional<TopicPartition> parse_partition(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  const auto partition = number<int32_t>(text.substr(slash + 1));
  if (!partition) return std::nullopt;
  return TopicPartition{std::string(text.substr(0, slash)), *partition};
}

}  // namespace

std::string to_text(const KafkaPlace& place) { return fmt::format("{} {}", place.offset, place.given); }

std::optional<KafkaPlace> parse_kafka_place(std::string_view text) {
  const size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto offset = number<int64_t>(text.substr(0, blank));
  const auto given = number<uint64_t>(text.substr(blank + 1));
  if (!offset || !given) return std::nullopt;
  return KafkaPlace{*offset, *given};
}

std::string kafka_source(std::string_view input, const TopicPartition& at) {
  return fmt::format("{}/{}/{}", input, at.topic, at.partition);
}

std::optional<TopicPartition> parse_kafka_source(std::string_view input, std::string_view source) {
  if (!source.starts_with(input) || source.size() <= input.size() || source[input.size()] != '/') return std::nullopt;
  return parse_partition(source.substr(input.size() + 1));
}

std::string to_text(const KafkaStarts& starts) {
  std::string out;
  for (const auto& [at, offset] : starts) {
    out += fmt::format("{}{}/{}={}", out.empty() ? "" : " ", at.topic, at.partition, offset);
  }
  return out;
}

std::optional<KafkaStarts> parse_kafka_starts(std::string_view text) {
  KafkaStarts out;
  if (text.empty()) return out;
  for (const std::string_view word : split(text, ' ')) {
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto at = parse_partition(word.substr(0, equals));
    const auto offset = number<int64_t>(word.substr(equals + 1));
    if (!at || !offset) return std::nullopt;
    out[*at] = *offset;
  }
  return out;
}

}  // namespace kubevigil
