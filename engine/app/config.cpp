#include "engine/app/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "engine/base/text.h"
#include "engine/net/text_file.h"

namespace kubevigil {

std::optional<HostPort> parse_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool bad_host = host.empty() || host.find_first_of("[] /@\t") != std::string_view::npos ||
                        (!bracketed && host.find(':') != std::string_view::npos);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (bad_host || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return HostPort{std::string(host), port};
}

std::string to_text(const HostPort& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", endpoint.host, brackets ? "]" : "", endpoint.port);
}

Result<Secret> read_secret(const SecretSource& source) {
  if (!source.text.empty()) return source.text;
  std::string text;
  if (!source.file.empty()) {
    Result<std::string> read = read_text_file(source.file);
    if (!read) return fail(read.error().message);
    text = trim(*read);
    if (text.empty()) return fail(fmt::format("{}: is empty, expected a secret in it", printable(source.file)));
  } else {
    const char* value = std::getenv(source.env.c_str());
    text = trim(value == nullptr ? std::string_view() : value);
    if (text.empty()) {
      return fail(
          fmt::format("the environment variable {} is not set, expected a secret in it", printable(source.env)));
    }
  }
  return Secret(std::move(text));
}

std::optional<std::vector<std::string>> known_clusters(const InputsConfig& inputs) {
  std::vector<std::string> out;
  const auto add = [&](const std::vector<std::string>& more) { out.insert(out.end(), more.begin(), more.end()); };
  for (const TailConfig& tail : inputs.tail) out.push_back(tail.cluster);
  for (const KafkaInputConfig& kafka : inputs.kafka) {
    if (kafka.cluster_from && kafka.clusters.empty()) return std::nullopt;
    add(kafka.cluster_from ? kafka.clusters : std::vector{kafka.cluster});
  }
  if (inputs.webhook) {
    for (const CredentialSpec& credential : inputs.webhook->credentials) add(credential.clusters);
  }
  return out;
}

}  // namespace kubevigil
