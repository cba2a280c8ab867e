#include "engine/app/output_options.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "engine/app/context.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 5> kTransports = {"stdout", "file", "http", "syslog", "kafka"};

// The value, or why it cannot be had; an empty source is an empty value.
Result<Secret> value_of(const SecretSource& source, std::string_view what) {
  if (!source.given()) return Secret();
  auto value = read_secret(source);
  if (!value) return fail(fmt::format("{}: {}", what, value.error().message));
  return value;
}

std::optional<Framing> framing_of(HttpBody body) {
  switch (body) {
    case HttpBody::Encoding:
      return std::nullopt;
    case HttpBody::Single:
      return Framing::Single;
    case HttpBody::Array:
      return Framing::Array;
    case HttpBody::Ndjson:
      return Framing::Lines;
  }
  return std::nullopt;
}

Result<HttpOutput> http_output(const HttpSinkConfig& config) {
  HttpOutput http;
  auto url = value_of(config.url, "http.url");
  if (!url) return tl::unexpected(url.error());
  http.url = std::move(*url);
  http.url_is_secret = true;  // wherever it was written: the path is all the secret that Slack's have
  for (const auto& [name, source] : config.headers) {
    auto value = value_of(source, "http.headers." + printable(name));
    if (!value) return tl::unexpected(value.error());
    http.headers.emplace_back(name, std::move(*value));
  }
  http.bearer_file = config.bearer.file;
  if (http.bearer_file.empty()) {
    auto bearer = value_of(config.bearer, "http.bearer");
    if (!bearer) return tl::unexpected(bearer.error());
    http.bearer = std::move(*bearer);
  }
  auto key = value_of(config.hmac, "http.hmac");
  if (!key) return tl::unexpected(key.error());
  http.signature_key = std::move(*key);
  if (config.tls) http.tls = *config.tls;
  http.gzip = config.gzip;
  http.batch = config.batch;
  http.framing = framing_of(config.body);
  http.timeout = config.timeout;
  return http;
}

FileTransportOptions file_output(const FileSinkConfig& config) {
  FileTransportOptions file;
  file.path = config.path;
  file.rotate_bytes = config.rotate;
  file.keep = config.keep;
  file.sync = config.sync == FileSync::Always;
  return file;
}

SyslogOptions syslog_output(const SyslogSinkConfig& config, const std::string& instance) {
  SyslogOptions syslog;
  syslog.wire = config.protocol;
  syslog.host = config.address.host;
  syslog.port = config.address.port;
  if (config.tls) syslog.tls = *config.tls;
  syslog.names.host = instance;
  syslog.names.facility = static_cast<int>(config.facility);
  syslog.timeout = config.timeout;
  return syslog;
}

KafkaOutput kafka_words(const KafkaSinkConfig& config, const std::string& name, const std::string& instance) {
  KafkaOutput kafka;
  kafka.cluster.brokers = config.brokers;
  kafka.cluster.client_id = "kubevigil-" + instance;
  kafka.topic = config.topic;
  kafka.exactly_once = config.exactly_once;
  kafka.cursor_group =
      config.cursor_group.empty() ? fmt::format("kubevigil-{}-{}", instance, name) : config.cursor_group;
  kafka.transactional_id = config.transactional_id.empty() ? kafka.cursor_group : config.transactional_id;
  kafka.timeout = config.timeout;
  return kafka;
}

}  // namespace

Result<std::map<std::string, std::string>> kafka_properties(
    const std::vector<std::pair<std::string, SecretSource>>& properties,
    const std::vector<std::pair<std::string, SecretSource>>& secrets) {
  std::map<std::string, std::string> out;
  for (const auto* sources : {&properties, &secrets}) {
    for (const auto& [name, source] : *sources) {
      const auto value = value_of(source, "kafka." + printable(name));
      if (!value) return tl::unexpected(value.error());
      out[name] = value->reveal();
    }
  }
  return out;
}

OutputOptions output_words(const OutputConfig& config, const std::string& instance) {
  OutputOptions out;
  out.name = config.name;
  out.transport = kTransports[static_cast<size_t>(config.transport)];
  out.encoding = config.encoding;
  out.encoding_options.version = version_text();
  out.encoding_options.host = instance;
  out.encoding_options.link = config.link;
  out.encoding_options.few_fields = config.fields == FalcoFields::Minimal;
  out.encoding_options.expiry = config.expiry;
  if (config.http) out.http.batch = config.http->batch;
  if (config.http) out.http.framing = framing_of(config.http->body);
  if (config.kafka) out.kafka = kafka_words(*config.kafka, config.name, instance);
  return out;
}

Result<OutputOptions> output_options(const OutputConfig& config, const std::string& instance) {
  OutputOptions out = output_words(config, instance);
  if (config.http) {
    auto http = http_output(*config.http);
    if (!http) return fail(fmt::format("output {}: {}", printable(config.name), http.error().message));
    out.http = std::move(*http);
  }
  if (config.file) out.file = file_output(*config.file);
  if (config.syslog) out.syslog = syslog_output(*config.syslog, instance);
  if (config.kafka) {
    auto properties = kafka_properties(config.kafka->properties, config.kafka->secrets);
    if (!properties) return fail(fmt::format("output {}: {}", printable(config.name), properties.error().message));
    out.kafka.cluster.properties = std::move(*properties);
  }
  return out;
}

std::string reminder_path(const std::string& data, const std::string& name) {
  return data + "/reminders/" + name + ".jsonl";
}

SinkOptions sink_options(const OutputConfig& config, const OpenOutput& opened, const std::string& data) {
  SinkOptions out;
  out.name = config.name;
  out.filter = {config.filter.min_level, config.filter.rules, config.filter.not_rules, config.filter.clusters};
  if (config.rate_limit) out.rate = {config.rate_limit->alerts, config.rate_limit->per};
  out.back_off = {config.retry.first, config.retry.most};
  out.give_up_after = config.retry.give_up_after;
  out.dead_letters.path =
      config.dead_letter.empty() ? data + "/dead-letter/" + config.name + ".jsonl" : config.dead_letter;
  out.framing = opened.framing;
  out.limits = opened.limits;
  out.in_order = opened.in_order;
  out.reminder_file = reminder_path(data, config.name);
  return out;
}

}  // namespace kubevigil
