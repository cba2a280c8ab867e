#include "inputs/kafka_cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/net/credentials.h"

namespace kubevigil {
namespace {

constexpr size_t kShown = 100;

std::optional<std::string> name_in(const KafkaClusterRule& rule, const KafkaMessage& message) {
  switch (rule.from) {
    case KafkaClusterFrom::Name:
      return rule.text;
    case KafkaClusterFrom::Topic:
      return rule.of_topic(message.at.topic);
    case KafkaClusterFrom::Key:
      if (!message.has_key) return std::nullopt;
      return std::string(message.key);
    case KafkaClusterFrom::Header:
      break;
  }
  // The last one of that name: what the nearest to us added.
  const auto& headers = message.headers;
  const auto found =
      std::find_if(headers.rbegin(), headers.rend(), [&](const KafkaHeader& h) { return h.name == rule.text; });
  if (found == headers.rend() || found->is_null) return std::nullopt;
  return std::string(found->value);
}

std::string_view where(KafkaClusterFrom from) {
  switch (from) {
    case KafkaClusterFrom::Name:
      return "configuration";
    case KafkaClusterFrom::Topic:
      return "topic's name";
    case KafkaClusterFrom::Key:
      return "key";
    case KafkaClusterFrom::Header:
      break;
  }
  return "header";
}

}  // namespace

Result<std::string> cluster_of(const KafkaClusterRule& rule, const KafkaMessage& message) {
  auto name = name_in(rule, message);
  if (!name) return fail(fmt::format("the message's {} names no cluster", where(rule.from)));
  if (!is_cluster_name(*name)) {
    return fail(fmt::format("the message's {} is no cluster's name: {}", where(rule.from),
                            printable(cut_to_bytes(*name, kShown))));
  }
  const auto& allowed = rule.allowed;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *name) == allowed.end()) {
    return fail(
        fmt::format("the message's {} says {}, which is not among `clusters`", where(rule.from), printable(*name)));
  }
  return std::move(*name);
}

}  // namespace kubevigil
