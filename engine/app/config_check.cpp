#include "engine/app/config_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/app/admin_access.h"
#include "engine/app/config_kafka.h"
#include "engine/event/formats.h"
#include "engine/net/url.h"
#include "inputs/rotated_name.h"
#include "outputs/registry.h"
#include "outputs/transport_registry.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

// In the order of TransportKind; a test holds the rows of the registry against it.
std::string_view name_of(TransportKind kind) { return transports()[static_cast<size_t>(kind)].name; }

bool is_any(const HostPort& address) { return address.host == "0.0.0.0" || address.host == "::"; }

// What an alert's id can be appended to, and an Alertmanager takes for a URI; a fragment may stand in it.
bool is_link(std::string_view link) {
  const auto odd = [](char c) { return c <= ' ' || c >= 0x7f || c == '|' || c == '<' || c == '>' || c == '"'; };
  return std::ranges::none_of(link, odd) && parse_url(link.substr(0, link.find('#'))).has_value();
}

bool is_rotated(std::string_view file, std::string_view rotated) {
  if (!rotated.starts_with(file) || rotated.size() < file.size() + 2 || rotated[file.size()] != '.') return false;
  return std::ranges::all_of(rotated.substr(file.size() + 1), [](char c) { return c >= '0' && c <= '9'; });
}

class Check {
 public:
  explicit Check(LoadedConfig& loaded) : loaded_(loaded), config_(loaded.config) {}

  void run() {
    inputs();
    if (config_.inputs.webhook) webhook(*config_.inputs.webhook);
    tails();
    for (size_t i = 0; i < config_.inputs.kafka.size(); ++i) kafka_input(i);
    for (size_t i = 0; i < config_.outputs.size(); ++i) {
      output(config_.outputs[i], fmt::format("outputs[{}]", i));
    }
    output_names();
    output_files();
    check_filter_clusters(loaded_);
    general();
  }

 private:
  void error(std::string code, const std::string& path, std::string message, std::string hint = {}) {
    loaded_.diagnostics.error(std::move(code), path + ": " + message, loaded_.span_of(path), std::move(hint));
  }
  void warning(std::string code, const std::string& path, std::string message, std::string hint = {}) {
    loaded_.diagnostics.warning(std::move(code), path + ": " + message, loaded_.span_of(path), std::move(hint));
  }

  // What stands there has a problem of its own, so the default is in its place.
  bool is_broken(const std::string& path) const {
    const SourceSpan place = loaded_.span_of(path);
    return std::ranges::any_of(loaded_.diagnostics.entries(), [&](const Diagnostic& d) {
      return d.severity == Severity::Error && d.span.file == place.file && d.span.line == place.line &&
             d.span.column == place.column;
    });
  }

  void inputs() {
    if (!config_.inputs.webhook && config_.inputs.tail.empty() && config_.inputs.kafka.empty() &&
        !loaded_.diagnostics.has_errors()) {
      error("no-input", "inputs", "there is no input, so there is nothing to look at",
            "write webhook:, tail: or kafka: below it; deploy/kubevigil.yaml has all");
    }
  }

  void webhook(const WebhookConfig& webhook) {
    const std::string at = "inputs.webhook.listen";
    for (size_t i = 0; i < webhook.listen.size(); ++i) {
      listener(webhook.listen[i], fmt::format("{}[{}]", at, i));
      for (size_t j = 0; j < i; ++j) same_address(webhook.listen[i].address, webhook.listen[j].address, at, i);
      same_address(webhook.listen[i].address, config_.admin.listen, at, i);
    }
    for (size_t i = 0; i < webhook.credentials.size(); ++i) {
      credential(webhook, webhook.credentials[i], fmt::format("inputs.webhook.credentials[{}]", i));
      for (size_t j = 0; j < i; ++j) {
        if (webhook.credentials[i].name != webhook.credentials[j].name) continue;
        error("duplicate-name", fmt::format("inputs.webhook.credentials[{}].name", i),
              fmt::format("another credential is named {}, too", webhook.credentials[i].name));
      }
    }
    formats(webhook.formats, "inputs.webhook");
    waiting(webhook.slack, webhook.idle_after, "inputs.webhook");
  }

  void listener(const ListenConfig& listen, const std::string& at) {
    if (listen.address.host.empty()) return;
    if (!listen.tls && !listen.insecure && !is_loopback(listen.address.host)) {
      error("insecure-listener", at + ".address",
            fmt::format("{} can be reached from elsewhere, and the listener has no TLS", to_text(listen.address)),
            "give it tls: {certificate: ..., key: ...}, or say insecure: true behind a mesh that encrypts");
    }
    if (listen.tls && listen.insecure) warning("unused", at + ".insecure", "the listener has TLS");
  }

  void same_address(const HostPort& a, const HostPort& b, const std::string& at, size_t i) {
    const bool overlap = a.host == b.host || is_any(a) || is_any(b);
    if (a.port != b.port || a.port == 0 || !overlap) return;
    error("same-address", fmt::format("{}[{}].address", at, i), fmt::format("another listener is at {}", to_text(b)));
  }

  void credential(const WebhookConfig& webhook, const CredentialSpec& spec, const std::string& at) {
    const bool certificate = !spec.common_name.empty() || !spec.alternative_name.empty();
    const int ways = (spec.token_file.empty() ? 0 : 1) + (spec.common_name.empty() ? 0 : 1) +
                     (spec.alternative_name.empty() ? 0 : 1) + (spec.anonymous ? 1 : 0);
    if (ways != 1) {
      error("credential", at,
            ways == 0 ? "says not how the sender is known" : "says in several ways how the sender is known",
            "give one of token-file, common-name, alternative-name, anonymous: true");
    }
    if (!spec.authorities_file.empty() && !certificate) {
      error("credential", at + ".authorities", "only a client certificate has authorities");
    }
    const auto any = [&](auto&& wanted) { return std::ranges::any_of(webhook.listen, wanted); };
    if (certificate && !any([](const ListenConfig& l) { return l.tls && !l.tls->authorities.empty(); })) {
      error("credential", at, "no listener asks for client certificates",
            "give the listener's tls a client-authorities file");
    }
    if (spec.anonymous && !any([](const ListenConfig& l) { return !l.tls; })) {
      error("credential", at + ".anonymous", "counts on plain listeners only, and there is none");
    }
  }

  void formats(const std::vector<std::string>& formats, const std::string& at) {
    if (formats.empty()) return;  // what stands there is wrong, and said
    if (const auto parsed = parse_formats(formats); !parsed)
      error("bad-value", at + ".formats", parsed.error().message);
  }

  void waiting(Duration slack, Duration idle_after, const std::string& at) {
    if (idle_after >= slack) return;
    warning("order", at + ".idle-after",
            fmt::format("{} is less than slack, {}: events that are merely slow will be late",
                        format_duration(idle_after), format_duration(slack)));
  }

  void kafka_input(size_t i) {
    const KafkaInputConfig& input = config_.inputs.kafka[i];
    const std::string at = fmt::format("inputs.kafka[{}]", i);
    formats(input.formats, at);
    waiting(input.slack, input.idle_after, at);
    check_kafka_input(loaded_, input, at);
  }

  void tails() {
    const auto& tails = config_.inputs.tail;
    for (size_t i = 0; i < tails.size(); ++i) {
      const std::string at = fmt::format("inputs.tail[{}]", i);
      formats(tails[i].formats, at);
      waiting(tails[i].slack, tails[i].idle_after, at);
      const fs::path path = tails[i].path;
      const RotatedName name = parse_rotated_name(path.filename().string());
      if (name.live != path.filename()) {
        warning("overlap", at + ".path", "has the name of a rotated file, which does not grow",
                "name the live file: " + (path.parent_path() / name.live).string());
      }
      for (size_t j = 0; j < i; ++j) {
        const fs::path other = tails[j].path;
        const bool same_set = other.parent_path() == path.parent_path() &&
                              parse_rotated_name(other.filename().string()).live == name.live;
        if (same_set) error("overlap", at + ".path", fmt::format("inputs.tail[{}] reads the same files", j));
      }
    }
  }

  void output(const OutputConfig& output, const std::string& at) {
    if (is_broken(at + ".transport")) return;
    const bool there[] = {true, output.file.has_value(), output.http.has_value(), output.syslog.has_value(),
                          output.kafka.has_value()};
    for (size_t i = 1; i < std::size(there); ++i) {
      const bool meant = static_cast<size_t>(output.transport) == i;
      const std::string_view name = transports()[i].name;
      if (meant && !there[i]) error("transport", at, fmt::format("transport {0} needs its settings below {0}:", name));
      if (meant || !there[i]) continue;
      warning("unused", fmt::format("{}.{}", at, name), fmt::format("the transport is {}", name_of(output.transport)));
    }
    if (output.http) http(output, *output.http, at);
    if (output.syslog) tls_half(output.syslog->tls, at + ".syslog");
    if (output.kafka) check_kafka_output(loaded_, output, at);
    if (output.syslog && output.syslog->tls && output.syslog->protocol != SyslogWire::Tls) {
      error("transport", at + ".syslog.protocol", "tls: is given, but the protocol is another", "protocol: tls");
    }
    if (output.retry.most < output.retry.first) error("order", at + ".retry.most", "is less than retry.first");
    if (!output.link.empty() && !is_link(output.link)) {
      error("bad-value", at + ".link", "is no address that an id can be appended to",
            "expected https://HOST/PATH; an Alertmanager refuses alerts with anything else");
    }
    unused_words(output, at);
    encoding(output, at);
  }

  void http(const OutputConfig& output, const HttpSinkConfig& http, const std::string& at) {
    tls_half(http.tls, at + ".http");
    const auto url = parse_url(http.url.text.reveal());
    if (!url) return;  // it is in a file, or was said already
    const auto secret = [](const auto& header) { return header.second.text.empty(); };
    if (!url->tls && !names_loopback(url->host) && (http.bearer.given() || std::ranges::any_of(http.headers, secret))) {
      warning("exposed", at + ".http.url", "secrets are sent in the clear: there is no TLS", "https://...");
    }
    const bool unpacks = output.encoding != "falco" && output.encoding != "alertmanager" && output.encoding != "slack";
    if (http.gzip && !unpacks) {
      warning("encoding", at + ".http.gzip", fmt::format("receivers of {} do not unpack bodies", output.encoding));
    }
    const std::string_view path = std::string_view(url->target).substr(0, url->target.find('?'));
    if (output.encoding == "es-bulk" && !path.ends_with("/_bulk")) {
      warning("encoding", at + ".http.url", "es-bulk is for the address /_bulk, and the path ends in something else");
    }
  }

  void unused_words(const OutputConfig& output, const std::string& at) {
    const auto given = [&](const std::string& path) {
      return loaded_.origins[path].from != ConfigOrigin::From::Default;
    };
    if (output.encoding != "falco" && given(at + ".fields")) warning("unused", at + ".fields", "is for falco");
    if (output.encoding != "alertmanager" && given(at + ".expiry")) {
      warning("unused", at + ".expiry", "is for alertmanager");
    }
    const bool json = output.encoding == "jsonl" || output.encoding == "ocsf" || output.encoding == "ecs";
    if (json && output.syslog && output.syslog->protocol == SyslogWire::Udp) {
      warning("encoding", at + ".encoding", "a datagram above 8192 bytes is cut, and is no JSON then",
              "protocol: tcp or tls, or encoding: cef");
    }
  }

  void tls_half(const std::optional<TlsFiles>& tls, const std::string& at) {
    if (!tls || tls->certificate.empty() == tls->key.empty()) return;
    error("tls-half", at + ".tls",
          fmt::format("has a {} without a {}", tls->key.empty() ? "certificate" : "key",
                      tls->key.empty() ? "key" : "certificate"));
  }

  void encoding(const OutputConfig& output, const std::string& at) {
    const auto made = make_encoding(output.encoding, {});
    if (!made) return;
    const auto framing = transports()[static_cast<size_t>(output.transport)].framing(made->format());
    if (framing && output.http && output.http->body != HttpBody::Encoding && made->format().fixed) {
      error("encoding", at + ".http.body", fmt::format("{} has one form only", output.encoding), "leave it out");
    }
    if (framing) return;
    error(
        "encoding", at + ".encoding",
        fmt::format("{} does not go over {}: {}", output.encoding, name_of(output.transport), framing.error().message));
  }

  void output_names() {
    const auto& outputs = config_.outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto same = std::find_if(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](const OutputConfig& o) { return o.name == outputs[i].name; });
      if (same == outputs.begin() + static_cast<std::ptrdiff_t>(i) || outputs[i].name.empty()) continue;
      error("duplicate-name", fmt::format("outputs[{}].name", i),
            fmt::format("another output is named {}, too", outputs[i].name));
    }
    if (outputs.empty() && !is_broken("outputs")) {
      warning("no-output", "outputs", "alerts go nowhere; they can only be asked for at the admin listener");
    }
  }

  // No two outputs, and no input, on the same file, nor on what another one's file is called after a rotation.
  void output_files() {
    std::map<std::string, std::string> taken;  // path -> what has it
    for (size_t i = 0; i < config_.inputs.tail.size(); ++i) {
      taken.emplace(config_.inputs.tail[i].path, fmt::format("inputs.tail[{}]", i));
    }
    const auto take = [&](const std::string& file, const std::string& key) {
      for (const auto& [other, at] : taken) {
        const bool same = other == file || is_rotated(other, file) || is_rotated(file, other);
        if (same) error("overlap", key, fmt::format("{} has the same file", at));
      }
      taken.emplace(file, key);
      if (is_storage(file)) error("overlap", key, "is among the program's own files in the data folder");
    };
    one_standard_output();
    for (size_t i = 0; i < config_.outputs.size(); ++i) {
      const OutputConfig& output = config_.outputs[i];
      if (output.file && !output.file->path.empty()) take(output.file->path, fmt::format("outputs[{}].file.path", i));
      const std::string dead_letter = fmt::format("outputs[{}].dead-letter", i);
      const bool given = loaded_.origins[dead_letter].from != ConfigOrigin::From::Default;
      if (given && !output.dead_letter.empty()) take(output.dead_letter, dead_letter);
    }
  }

  // Two threads on one descriptor would write into each other's lines.
  void one_standard_output() {
    std::optional<size_t> first;
    for (size_t i = 0; i < config_.outputs.size(); ++i) {
      if (config_.outputs[i].transport != TransportKind::Stdout) continue;
      if (first) {
        error("overlap", fmt::format("outputs[{}].transport", i),
              fmt::format("outputs[{}] writes to standard output, too", *first));
      }
      first = first.value_or(i);
    }
  }

  bool is_storage(const fs::path& file) const {
    static constexpr std::string_view kOwn[] = {"spool",     "journal", "outbox",  "snapshots", "rules",
                                                "reminders", "lock",    "reserve", "hash-key",  "bad-records.jsonl"};
    const fs::path inside = file.lexically_relative(config_.data);
    return !inside.empty() && std::ranges::find(kOwn, inside.begin()->string()) != std::end(kOwn);
  }

  void general() {
    if (!config_.redact && !config_.redact_key_file.empty()) {
      warning("unused", "redact-key-file", "redact is off");
    }
    if (!config_.redact) warning("exposed", "redact", "alerts will hold the secrets that events hold");
    const AdminConfig& admin = config_.admin;
    if (!admin.listen.host.empty() && !is_loopback(admin.listen.host)) {
      if (admin.token_file.empty()) {
        error("exposed", "admin.listen", "off loopback the admin listener shows alerts to whoever reaches it",
              "give it a token-file, or listen on 127.0.0.1");
      } else if (!admin.tls) {
        warning("exposed", "admin.listen", "the token is sent in the clear: there is no tls");
      }
    }
    if (!config_.rules.builtin && config_.rules.paths.empty()) {
      error("no-rules", "rules", "builtin is false and there are no paths, so nothing is looked for");
    }
  }

  LoadedConfig& loaded_;
  const Config& config_;
};

}  // namespace

void check_config(LoadedConfig& loaded) {
  if (!loaded.is_yaml) return;
  Check(loaded).run();
  loaded.diagnostics.sort();
}

}  // namespace kubevigil
