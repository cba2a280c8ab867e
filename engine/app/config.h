// Config: the configuration file of `serve`, as values. Each struct is a mapping of the YAML file, each member a key of
// the same name (with - for _). Defaults, bounds and the one line of documentation of each key stand in config_keys.cpp
// and nowhere else: a Config comes from load_config (config_load.h), also in tests.
//
// Paths are absolute: those of the file are taken from the folder where it stands. Sizes are bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/level.h"
#include "engine/base/log.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/base/timestamp.h"
#include "engine/net/credentials.h"
#include "engine/net/tls_context.h"
#include "inputs/kafka_place.h"
#include "inputs/tail_input.h"
#include "outputs/syslog_transport.h"

namespace kubevigil {

// "127.0.0.1:9442", "[::1]:9442", "collector:514": an address or a name, and a port.
struct HostPort {
  std::string host;  // of IPv6 without brackets
  uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};
std::optional<HostPort> parse_host_port(std::string_view text);
std::string to_text(const HostPort& endpoint);

// Where a secret is: {file: PATH} or {env: NAME}; and for URLs and headers, of which few are secret, the text itself.
struct SecretSource {
  std::string file = {};
  std::string env = {};
  Secret text = {};
  bool given() const { return !file.empty() || !env.empty() || !text.empty(); }
};
// Reads it, without the blanks and line feeds around it. The error names the file or variable; empty is an error.
Result<Secret> read_secret(const SecretSource& source);

struct RulesConfig {
  bool builtin = false;
  Preset preset = Preset::Core;
  std::vector<std::string> paths;
  bool strict = false;
  std::vector<std::string> trusted_proxies;  // addresses and networks
};

struct ListenConfig {
  HostPort address;
  std::optional<TlsFiles> tls;
  bool insecure = false;  // without TLS off loopback
};

struct WebhookConfig {
  std::vector<ListenConfig> listen;
  std::vector<CredentialSpec> credentials;
  Duration slack;
  Duration idle_after;
  std::vector<std::string> formats;  // as engine/event/formats.h writes them, or ["any"]
  uint64_t spool_budget = 0;
};

struct TailConfig {
  std::string path;
  std::string cluster;
  TailStart start = TailStart::Oldest;
  Duration slack;
  Duration idle_after;
  std::vector<std::string> formats;
};

struct KafkaClusterConfig {
  std::string topic;  // a pattern with one group
  bool key = false;
  std::string header;
};

// What to do when another instance holds the group.
enum class KafkaConflict : uint8_t { StandBy, Refuse };

struct KafkaInputConfig {
  std::string name, brokers;
  std::vector<std::string> topics;
  std::string topics_regex;
  KafkaStart start = KafkaStart::Oldest;
  std::string group;  // kafka_group() says which it is
  KafkaConflict on_conflict = KafkaConflict::StandBy;
  std::string cluster;
  std::optional<KafkaClusterConfig> cluster_from;
  std::vector<std::string> clusters;
  Duration slack;
  Duration idle_after;
  std::vector<std::string> formats;
  std::vector<std::pair<std::string, SecretSource>> properties, secrets;  // librdkafka's
};

struct InputsConfig {
  std::optional<WebhookConfig> webhook;
  std::vector<TailConfig> tail;
  std::vector<KafkaInputConfig> kafka;
};
// Of which events can come; nullopt: of any, as messages of Kafka say.
std::optional<std::vector<std::string>> known_clusters(const InputsConfig& inputs);

struct StateConfig {
  uint64_t memory = 0;
  Duration snapshot_every;
};

struct FilterConfig {
  Level min_level = Level::Informational;
  std::vector<std::string> rules, not_rules, clusters;  // names; * stands for any text; empty: all, none, all
};

struct RateLimitConfig {
  uint64_t alerts = 0;
  Duration per;
};

struct RetryConfig {
  Duration first, most, give_up_after;
};

enum class HttpBody : uint8_t { Encoding, Single, Array, Ndjson };
struct HttpSinkConfig {
  SecretSource url;
  std::vector<std::pair<std::string, SecretSource>> headers;
  SecretSource bearer;
  std::optional<TlsFiles> tls;
  SecretSource hmac;
  bool gzip = false;
  HttpBody body = HttpBody::Encoding;
  uint64_t batch = 0;  // alerts a message at most, where the encoding takes several
  Duration timeout;
};

enum class FileSync : uint8_t { Always, Never };
struct FileSinkConfig {
  std::string path;
  uint64_t rotate = 0;
  uint64_t keep = 0;
  FileSync sync = FileSync::Always;
};

struct SyslogSinkConfig {
  HostPort address;
  SyslogWire protocol = SyslogWire::Udp;
  std::optional<TlsFiles> tls;
  uint64_t facility = 0;
  Duration timeout;
};

struct KafkaSinkConfig {
  std::string brokers, topic;
  std::vector<std::pair<std::string, SecretSource>> properties, secrets;  // librdkafka's
  bool exactly_once = true;
  std::string cursor_group;      // kubevigil-INSTANCE-NAME unless given
  std::string transactional_id;  // the cursor group's name unless given
  Duration timeout;
};

enum class FalcoFields : uint8_t { Full, Minimal };
enum class TransportKind : uint8_t { Stdout, File, Http, Syslog, Kafka };
struct OutputConfig {
  std::string name;
  TransportKind transport = TransportKind::Stdout;
  std::string encoding;
  FilterConfig filter;
  std::optional<RateLimitConfig> rate_limit;
  RetryConfig retry;
  std::string dead_letter;  // dead-letter/NAME.jsonl in the data folder unless given
  std::string link;         // EncodingOptions::link
  FalcoFields fields = FalcoFields::Full;
  Duration expiry;  // EncodingOptions::expiry
  // The one that `transport` names is there.
  std::optional<HttpSinkConfig> http;
  std::optional<FileSinkConfig> file;
  std::optional<SyslogSinkConfig> syslog;
  std::optional<KafkaSinkConfig> kafka;
};

struct AdminConfig {
  HostPort listen;
  std::optional<TlsFiles> tls;
  std::string token_file;
};

struct LogConfig {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Json;
};

struct StandbyConfig {
  std::string lease_file;
  Duration ttl;
};

struct Config {
  std::string data;
  std::string instance;
  uint64_t threads = 0;
  bool redact = true;
  std::string redact_key_file;
  RulesConfig rules;
  InputsConfig inputs;
  StateConfig state;
  std::vector<OutputConfig> outputs;
  AdminConfig admin;
  LogConfig log;
  std::optional<StandbyConfig> standby;
};

}  // namespace kubevigil
