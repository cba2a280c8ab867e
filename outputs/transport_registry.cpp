#include "outputs/transport_registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "outputs/firing_alerts.h"
#include "outputs/http_transport.h"
#include "outputs/registry.h"
#include "outputs/stream_transport.h"

namespace kubevigil {
namespace {

constexpr Duration kConnect = Duration::seconds(5);

Result<Framing> lines_only(const Format& format) {
  if (format.framing == Framing::Single || understands(format, Framing::Lines)) return Framing::Lines;
  return fail("it does not stand in lines; http can carry it");
}

Result<Framing> as_asked(const Format& format) { return format.framing; }

std::string_view name_of(Framing framing) {
  return framing == Framing::Single ? "single" : framing == Framing::Array ? "array" : "ndjson";
}

Result<Framing> one_by_one(const Format& format) {
  const bool one_line = lines_only(format).has_value() && !format.judges_records;
  if (one_line) return Framing::Single;
  return fail("it is not one line an alert; text, cef, jsonl, ocsf, ecs and falco are");
}

Result<std::unique_ptr<Transport>> open_stdout(const OutputOptions&, const Format&, std::string_view, Disk&,
                                               const Env& env) {
  return std::make_unique<StreamTransport>(STDOUT_FILENO, env);
}

Result<std::unique_ptr<Transport>> open_file(const OutputOptions& options, const Format&, std::string_view place,
                                             Disk& disk, const Env&) {
  auto file = FileTransport::open(options.file, place, disk);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<Transport>(std::move(*file));
}

Result<std::unique_ptr<Transport>> open_http(const OutputOptions& options, const Format& format, std::string_view,
                                             Disk&, const Env& env) {
  const HttpOutput& http = options.http;
  auto url = parse_url(http.url.reveal());
  if (!url) return tl::unexpected(url.error());
  HttpTransportOptions out;
  out.client.url = std::move(*url);
  out.client.tls = http.tls;
  out.client.request_timeout = http.timeout;
  out.client.connect_timeout = std::min(kConnect, http.timeout);
  for (const auto& [name, value] : http.headers) out.headers.push_back({name, value.reveal()});
  out.bearer = http.bearer.reveal();
  out.bearer_file = http.bearer_file;
  out.signature_key = http.signature_key.reveal();
  out.secret_target = http.url_is_secret;
  out.gzip = http.gzip;
  out.judges_records = format.judges_records;
  auto transport = HttpTransport::open(std::move(out), env);
  if (!transport) return tl::unexpected(transport.error());
  return std::unique_ptr<Transport>(std::move(*transport));
}

Result<std::unique_ptr<Transport>> open_syslog(const OutputOptions& options, const Format&, std::string_view, Disk&,
                                               const Env& env) {
  auto transport = SyslogTransport::open(options.syslog, env);
  if (!transport) return tl::unexpected(transport.error());
  return std::unique_ptr<Transport>(std::move(*transport));
}

Result<Framing> apart(const Format&) { return Framing::Apart; }

Result<std::unique_ptr<Transport>> open_kafka(const OutputOptions& options, const Format&, std::string_view, Disk&,
                                              const Env& env) {
  return open_kafka_output(options.kafka, options.name, env);
}

const TransportRow* find_transport(std::string_view name) {
  for (const TransportRow& row : transports()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Result<OpenOutput> shape_pair(const TransportRow* row, const OutputOptions& options, const Env& env) {
  if (row == nullptr) return fail("there is no transport " + printable(options.transport));
  EncodingOptions words = options.encoding_options;
  words.revisions = true;
  words.env = &env;
  OpenOutput out;
  out.connection.encoding = make_encoding(options.encoding, words);
  if (!out.connection.encoding) return fail("there is no encoding " + printable(options.encoding));
  const Format format = out.connection.encoding->format();
  const auto framing =
      format.framing == Framing::Document ? fail("it is for whole documents, not for messages") : row->framing(format);
  if (!framing) {
    return fail(
        fmt::format("the encoding {} does not go over {}: {}", options.encoding, row->name, framing.error().message));
  }
  const bool http = row->open == open_http;
  if (http && options.http.framing && !understands(format, *options.http.framing)) {
    return fail(fmt::format("the encoding {} goes over http as {} only", options.encoding, name_of(format.framing)));
  }
  out.framing = http ? options.http.framing.value_or(*framing) : *framing;
  if (http) out.limits.records = std::max<size_t>(options.http.batch, 1);
  const bool kafka = row->open == open_kafka;
  out.in_order = kafka && options.kafka.exactly_once;
  // Whoever reads a topic reads it again himself.
  if (options.encoding == "alertmanager" && !kafka)
    out.connection.reminders = std::make_unique<FiringAlerts>(words.expiry);
  return out;
}

Result<OpenOutput> open_pair(const OutputOptions& options, std::string_view place, Disk& disk, const Env& env) {
  const TransportRow* row = find_transport(options.transport);
  auto out = shape_pair(row, options, env);
  if (!out) return out;
  auto transport = row->open(options, out->connection.encoding->format(), place, disk, env);
  if (!transport) return tl::unexpected(transport.error());
  if (const auto* file = dynamic_cast<const FileTransport*>(transport->get())) out->note = file->note();
  out->connection.transport = std::move(*transport);
  return out;
}

tl::unexpected<Error> named(const OutputOptions& options, const Error& error) {
  return fail(fmt::format("output {}: {}", printable(options.name), error.message));
}

}  // namespace

std::span<const TransportRow> transports() {
  static constexpr std::array<TransportRow, 5> kRows = {{
      {"stdout", "standard output, one record a line", lines_only, open_stdout},
      {"file", "a file that is rotated, one record a line", lines_only, open_file},
      {"http", "POST to a URL", as_asked, open_http},
      {"syslog", "RFC 5424 over UDP, TCP or TLS", one_by_one, open_syslog},
      {"kafka", "a Kafka topic, one message an alert", apart, open_kafka},
  }};
  return kRows;
}

Result<OpenOutput> open_output(const OutputOptions& options, std::string_view place, Disk& disk, const Env& env) {
  auto opened = open_pair(options, place, disk, env);
  if (!opened) return named(options, opened.error());
  return opened;
}

Result<OpenOutput> shape_output(const OutputOptions& options, const Env& env) {
  auto shaped = shape_pair(find_transport(options.transport), options, env);
  if (!shaped) return named(options, shaped.error());
  return shaped;
}

}  // namespace kubevigil
