#include "engine/app/config_keys.h"

#include "engine/app/config_member.h"

namespace kubevigil {
namespace {

using config_member::member;
using enum ConfigKind;

constexpr bool kRequired = true, kOptional = false;

// name, kind, member, default, bounds, required, documentation, keys below

constexpr ConfigKey kServerTls[] = {
    {"certificate", File, member<&TlsFiles::certificate>, "", "", kRequired,
     "PEM chain, the server's own certificate first"},
    {"key", File, member<&TlsFiles::key>, "", "", kRequired, "PEM key of the certificate, without a passphrase"},
    {"client-authorities", File, member<&TlsFiles::authorities>, "", "", kOptional,
     "PEM authorities of client certificates; without them no client is asked for one"},
};
constexpr ConfigSection kServerTlsSection{kServerTls};

constexpr ConfigKey kClientTls[] = {
    {"authorities", File, member<&TlsFiles::authorities>, "", "", kOptional,
     "PEM authorities of the server; default: the system's"},
    {"certificate", File, member<&TlsFiles::certificate>, "", "", kOptional,
     "PEM chain of our own, for mutual TLS; with key"},
    {"key", File, member<&TlsFiles::key>, "", "", kOptional, "PEM key of the certificate, without a passphrase"},
};
constexpr ConfigSection kClientTlsSection{kClientTls};

constexpr ConfigKey kRules[] = {
    {"builtin", Flag, member<&RulesConfig::builtin>, "true", "", kOptional, "the pack that comes with the program"},
    {"preset", Choice, member<&RulesConfig::preset>, "core", "core|extended|all", kOptional,
     "how much of the pack alerts: what is quiet on a normal cluster, also what is not, streams"},
    {"paths", RulePaths, member<&RulesConfig::paths>, "", "", kOptional,
     "rule files, folders or globs; a change is taken up by itself"},
    {"strict", Flag, member<&RulesConfig::strict>, "false", "", kOptional, "warnings in rules count as errors"},
    {"trusted-proxies", Networks, member<&RulesConfig::trusted_proxies>, "", "", kOptional,
     "addresses or networks of proxies before the API server, stepped over to find the client's address"},
};
constexpr ConfigSection kRulesSection{kRules};

constexpr ConfigKey kListen[] = {
    {"address", Listen, member<&ListenConfig::address>, "", "", kRequired,
     "address and port; port 0: the system chooses one"},
    {"tls", Section, member<&ListenConfig::tls>, "", "", kOptional,
     "certificate and key; without it the listener is plain", &kServerTlsSection},
    {"insecure", Flag, member<&ListenConfig::insecure>, "false", "", kOptional,
     "allows a plain listener off loopback: events and tokens can be read and forged on the way"},
};
constexpr ConfigSection kListenSection{kListen};

constexpr ConfigKey kCredential[] = {
    {"name", Name, member<&CredentialSpec::name>, "", "", kRequired, "for logs and metrics; unique"},
    {"token-file", File, member<&CredentialSpec::token_file>, "", "", kOptional,
     "bearer tokens, one a line; several while one replaces another"},
    {"common-name", Text, member<&CredentialSpec::common_name>, "", "", kOptional,
     "common name of the client certificate"},
    {"alternative-name", Text, member<&CredentialSpec::alternative_name>, "", "", kOptional,
     "alternative name of the client certificate: dns:NAME, uri:URI, ip:ADDRESS or email:ADDRESS"},
    {"authorities", File, member<&CredentialSpec::authorities_file>, "", "", kOptional,
     "the client certificate must be signed by one of these"},
    {"anonymous", Flag, member<&CredentialSpec::anonymous>, "false", "", kOptional,
     "anyone, on plain listeners only (behind a mesh)"},
    {"clusters", Clusters, member<&CredentialSpec::clusters>, "", "", kRequired,
     "clusters for which this sender may post"},
};
constexpr ConfigSection kCredentialSection{kCredential};

constexpr ConfigKey kWebhook[] = {
    {"listen", Sections, member<&WebhookConfig::listen>, "", "", kRequired, "listeners", &kListenSection},
    {"credentials", Sections, member<&WebhookConfig::credentials>, "", "", kRequired,
     "who may post: each has one of token-file, common-name, alternative-name, anonymous", &kCredentialSection},
    {"slack", Span, member<&WebhookConfig::slack>, "35s", "0s..1h", kOptional,
     "events may come so late without being late: batch-max-wait and the API server's retries"},
    {"idle-after", Span, member<&WebhookConfig::idle_after>, "75s", "1s..1d", kOptional,
     "a sender silent for so long holds no time back"},
    {"formats", Formats, member<&WebhookConfig::formats>, "native", "", kOptional,
     "what events are taken out of: native, wrappers of clouds and shippers by name, or any; others could be forged"},
    {"spool-budget", Size, member<&WebhookConfig::spool_budget>, "10GB", "1MiB..", kOptional,
     "disk for bodies that wait; beyond it senders get 429"},
};
constexpr ConfigSection kWebhookSection{kWebhook};

constexpr ConfigKey kTail[] = {
    {"path", LogFile, member<&TailConfig::path>, "", "", kRequired,
     "the live audit log; its rotated files are found beside it"},
    {"cluster", Cluster, member<&TailConfig::cluster>, "", "", kRequired, "the cluster that these events are of"},
    {"start", Choice, member<&TailConfig::start>, "oldest", "oldest|live|end", kOptional,
     "where the first start begins: the oldest rotated file, the live file, or its end"},
    {"slack", Span, member<&TailConfig::slack>, "2s", "0s..1h", kOptional, "events may stand so far out of order"},
    {"idle-after", Span, member<&TailConfig::idle_after>, "15s", "1s..1d", kOptional,
     "a log silent for so long holds no time back"},
    {"formats", Formats, member<&TailConfig::formats>, "native", "", kOptional, "as for the webhook"},
};
constexpr ConfigSection kTailSection{kTail};

constexpr ConfigKey kClusterFrom[] = {
    {"topic", Text, member<&KafkaClusterConfig::topic>, "", "", kOptional,
     "a pattern of the topic's whole name, whose one group is the cluster: audit-(.+)"},
    {"key", Flag, member<&KafkaClusterConfig::key>, "false", "", kOptional, "the message's key"},
    {"header", Text, member<&KafkaClusterConfig::header>, "", "", kOptional, "name of a header of the message"},
};
constexpr ConfigSection kClusterFromSection{kClusterFrom};

constexpr ConfigKey kKafkaInput[] = {
    {"name", Name, member<&KafkaInputConfig::name>, "", "", kRequired,
     "unique; under it positions are kept: another name reads the topics anew"},
    {"brokers", Text, member<&KafkaInputConfig::brokers>, "", "", kRequired, "host:port of one or more, with commas"},
    {"topics", Names, member<&KafkaInputConfig::topics>, "", "", kOptional, "topics that are read"},
    {"topics-regex", Text, member<&KafkaInputConfig::topics_regex>, "", "", kOptional,
     "and those whose whole name it fits, also when they come later"},
    {"start", Choice, member<&KafkaInputConfig::start>, "oldest", "oldest|newest", kOptional,
     "where the first start begins; partitions that come later are read from their first message"},
    {"cluster", Cluster, member<&KafkaInputConfig::cluster>, "", "", kOptional,
     "the cluster that all these events are of; this or cluster-from is needed"},
    {"cluster-from", Section, member<&KafkaInputConfig::cluster_from>, "", "", kOptional,
     "where the cluster's name stands: one of topic, key, header", &kClusterFromSection},
    {"clusters", Clusters, member<&KafkaInputConfig::clusters>, "", "", kOptional,
     "of which events may come this way; others are bad records; default: all"},
    {"group", Text, member<&KafkaInputConfig::group>, "", "", kOptional,
     "the consumer group that one instance holds at a time, and that displays of lag show; kubevigil-NAME unless "
     "given"},
    {"on-conflict", Choice, member<&KafkaInputConfig::on_conflict>, "stand-by", "stand-by|refuse", kOptional,
     "when another instance holds the group: wait until it is gone, or stop with an error"},
    {"slack", Span, member<&KafkaInputConfig::slack>, "30s", "0s..1h", kOptional,
     "events of a partition may stand so far out of order"},
    {"idle-after", Span, member<&KafkaInputConfig::idle_after>, "75s", "1s..1d", kOptional,
     "a partition silent for so long holds no time back"},
    {"formats", Formats, member<&KafkaInputConfig::formats>, "native", "", kOptional, "as for the webhook"},
    {"properties", Properties, member<&KafkaInputConfig::properties>, "", "", kOptional,
     "anything that librdkafka 2.0 knows, by its own names: {security.protocol: SASL_SSL}"},
    {"secrets", Secrets, member<&KafkaInputConfig::secrets>, "", "", kOptional,
     "those that are secret, as {file: PATH} or {env: NAME}: {sasl.password: {file: ...}}"},
};
constexpr ConfigSection kKafkaInputSection{kKafkaInput};

constexpr ConfigKey kInputs[] = {
    {"webhook", Section, member<&InputsConfig::webhook>, "", "", kOptional, "the API servers' audit webhook",
     &kWebhookSection},
    {"tail", Sections, member<&InputsConfig::tail>, "", "", kOptional, "live log files", &kTailSection},
    {"kafka", Sections, member<&InputsConfig::kafka>, "", "", kOptional, "topics of Kafka clusters",
     &kKafkaInputSection},
};
constexpr ConfigSection kInputsSection{kInputs};

constexpr ConfigKey kState[] = {
    {"memory", Size, member<&StateConfig::memory>, "256MiB", "1MiB..", kOptional,
     "for what stateful rules remember; the oldest leaves first"},
    {"snapshot-every", Span, member<&StateConfig::snapshot_every>, "30s", "10ms..1h", kOptional,
     "a restart re-reads at most so much"},
};
constexpr ConfigSection kStateSection{kState};

constexpr ConfigKey kFilter[] = {
    {"min-level", Choice, member<&FilterConfig::min_level>, "informational", "informational|low|medium|high|critical",
     kOptional, "alerts below it are not sent here"},
    {"rules", Names, member<&FilterConfig::rules>, "", "", kOptional,
     "only these rules, * stands for any text; default: all"},
    {"not-rules", Names, member<&FilterConfig::not_rules>, "", "", kOptional, "not these"},
    {"clusters", Names, member<&FilterConfig::clusters>, "", "", kOptional, "only these clusters; default: all"},
};
constexpr ConfigSection kFilterSection{kFilter};

constexpr ConfigKey kRateLimit[] = {
    {"alerts", Count, member<&RateLimitConfig::alerts>, "60", "1..1000000", kOptional,
     "so many in each period; the rest becomes one digest"},
    {"per", Span, member<&RateLimitConfig::per>, "1m", "1s..1d", kOptional, "the period"},
};
constexpr ConfigSection kRateLimitSection{kRateLimit};

constexpr ConfigKey kRetry[] = {
    {"first", Span, member<&RetryConfig::first>, "1s", "1ms..1h", kOptional,
     "wait after the first failure; doubled after each"},
    {"most", Span, member<&RetryConfig::most>, "5m", "1ms..1d", kOptional, "longest wait"},
    {"give-up-after", Span, member<&RetryConfig::give_up_after>, "24h", "1s..365d", kOptional,
     "then the alert goes to the dead-letter file"},
};
constexpr ConfigSection kRetrySection{kRetry};

constexpr ConfigKey kHttp[] = {
    {"url", Url, member<&HttpSinkConfig::url>, "", "", kRequired,
     "where to post; {file: PATH} or {env: NAME} when the address itself is secret, as Slack's"},
    {"headers", Headers, member<&HttpSinkConfig::headers>, "", "", kOptional,
     "more headers; values as text, {file: PATH} or {env: NAME}"},
    {"bearer", Secret, member<&HttpSinkConfig::bearer>, "", "", kOptional, "token of Authorization: Bearer"},
    {"tls", Section, member<&HttpSinkConfig::tls>, "", "", kOptional, "for https", &kClientTlsSection},
    {"hmac", Secret, member<&HttpSinkConfig::hmac>, "", "", kOptional,
     "key of X-Kubevigil-Signature: HMAC-SHA256 over time and body"},
    {"gzip", Flag, member<&HttpSinkConfig::gzip>, "false", "", kOptional, "compress bodies"},
    {"body", Choice, member<&HttpSinkConfig::body>, "encoding", "encoding|single|array|ndjson", kOptional,
     "of jsonl, json, ocsf and ecs: one alert, a JSON array, or one a line; encoding: as its consumer wants it"},
    {"batch", Count, member<&HttpSinkConfig::batch>, "100", "1..10000", kOptional,
     "alerts in one request at most, where the encoding takes several"},
    {"timeout", Span, member<&HttpSinkConfig::timeout>, "30s", "1s..10m", kOptional, "of one request"},
};
constexpr ConfigSection kHttpSection{kHttp};

constexpr ConfigKey kFile[] = {
    {"path", OutFile, member<&FileSinkConfig::path>, "", "", kRequired, "the file; no other program may rotate it"},
    {"rotate", Size, member<&FileSinkConfig::rotate>, "100MB", "4KiB..", kOptional, "size at which a new file begins"},
    {"keep", Count, member<&FileSinkConfig::keep>, "5", "1..10000", kOptional, "rotated files that stay"},
    {"sync", Choice, member<&FileSinkConfig::sync>, "always", "always|never", kOptional,
     "never: a loss of power may cost the last alerts in it"},
};
constexpr ConfigSection kFileSection{kFile};

constexpr ConfigKey kSyslog[] = {
    {"address", Endpoint, member<&SyslogSinkConfig::address>, "", "", kRequired, "host and port of the receiver"},
    {"protocol", Choice, member<&SyslogSinkConfig::protocol>, "tls", "udp|tcp|tls", kOptional,
     "udp promises nothing; tcp is sent in the clear"},
    {"tls", Section, member<&SyslogSinkConfig::tls>, "", "", kOptional, "for protocol tls", &kClientTlsSection},
    {"facility", Count, member<&SyslogSinkConfig::facility>, "10", "0..23", kOptional,
     "10: authpriv; 16 to 23: local0 to local7"},
    {"timeout", Span, member<&SyslogSinkConfig::timeout>, "10s", "1s..10m", kOptional, "of one message"},
};
constexpr ConfigSection kSyslogSection{kSyslog};

constexpr ConfigKey kKafka[] = {
    {"brokers", Text, member<&KafkaSinkConfig::brokers>, "", "", kRequired, "host:port of one or more, with commas"},
    {"topic", Text, member<&KafkaSinkConfig::topic>, "", "", kRequired, "it must be there; it is never made"},
    {"properties", Properties, member<&KafkaSinkConfig::properties>, "", "", kOptional,
     "anything that librdkafka 2.0 knows, by its own names: {security.protocol: SASL_SSL}"},
    {"secrets", Secrets, member<&KafkaSinkConfig::secrets>, "", "", kOptional,
     "those that are secret, as {file: PATH} or {env: NAME}: {sasl.password: {file: ...}}"},
    {"exactly-once", Flag, member<&KafkaSinkConfig::exactly_once>, "true", "", kOptional,
     "alerts and how far we are in one transaction; false: at least once"},
    {"cursor-group", Text, member<&KafkaSinkConfig::cursor_group>, "", "", kOptional,
     "consumer group, without members, whose offset says how far we are; default: kubevigil-INSTANCE-NAME; of a "
     "standby pair the same on both"},
    {"transactional-id", Text, member<&KafkaSinkConfig::transactional_id>, "", "", kOptional,
     "of no other output or instance, but the other one of a standby pair; default: the cursor group's name"},
    {"timeout", Span, member<&KafkaSinkConfig::timeout>, "30s", "1s..10m", kOptional, "of one transaction"},
};
constexpr ConfigSection kKafkaSection{kKafka};

constexpr ConfigKey kOutput[] = {
    {"name", Name, member<&OutputConfig::name>, "", "", kRequired,
     "unique; a new name begins with the alerts that come then"},
    {"transport", Choice, member<&OutputConfig::transport>, "", "stdout|file|http|syslog|kafka", kRequired,
     "where to; its settings stand below the same name"},
    {"encoding", Encoding, member<&OutputConfig::encoding>, "jsonl", "", kOptional, "what a message looks like"},
    {"filter", Section, member<&OutputConfig::filter>, "", "", kOptional, "which alerts", &kFilterSection},
    {"rate-limit", Section, member<&OutputConfig::rate_limit>, "", "", kOptional, "default: none", &kRateLimitSection},
    {"retry", Section, member<&OutputConfig::retry>, "", "", kOptional, "when the receiver does not take them",
     &kRetrySection},
    {"dead-letter", OutFile, member<&OutputConfig::dead_letter>, "", "", kOptional,
     "what could not be delivered; default: dead-letter/NAME.jsonl in the data folder"},
    {"link", Text, member<&OutputConfig::link>, "", "", kOptional,
     "address that an alert's id is appended to, shown to people"},
    {"fields", Choice, member<&OutputConfig::fields>, "full", "full|minimal", kOptional,
     "encoding falco; minimal: no ids, times and addresses, which would be labels behind falcosidekick"},
    {"expiry", Span, member<&OutputConfig::expiry>, "15m", "1m..7d", kOptional,
     "encoding alertmanager: an alert fires until so long after its last event"},
    {"http", Section, member<&OutputConfig::http>, "", "", kOptional, "for transport http", &kHttpSection},
    {"file", Section, member<&OutputConfig::file>, "", "", kOptional, "for transport file", &kFileSection},
    {"syslog", Section, member<&OutputConfig::syslog>, "", "", kOptional, "for transport syslog", &kSyslogSection},
    {"kafka", Section, member<&OutputConfig::kafka>, "", "", kOptional, "for transport kafka", &kKafkaSection},
};
constexpr ConfigSection kOutputSection{kOutput};

constexpr ConfigKey kAdminTls[] = {
    {"certificate", File, member<&TlsFiles::certificate>, "", "", kRequired,
     "PEM chain, the server's own certificate first"},
    {"key", File, member<&TlsFiles::key>, "", "", kRequired, "PEM key of the certificate, without a passphrase"},
};
constexpr ConfigSection kAdminTlsSection{kAdminTls};

constexpr ConfigKey kAdmin[] = {
    {"listen", Listen, member<&AdminConfig::listen>, "127.0.0.1:9442", "", kOptional,
     "health, metrics and the API; off loopback a token-file is needed"},
    {"tls", Section, member<&AdminConfig::tls>, "", "", kOptional, "default: plain", &kAdminTlsSection},
    {"token-file", File, member<&AdminConfig::token_file>, "", "", kOptional,
     "bearer tokens, one a line; health answers without one"},
};
constexpr ConfigSection kAdminSection{kAdmin};

constexpr ConfigKey kLog[] = {
    {"level", Choice, member<&LogConfig::level>, "info", "debug|info|warn|error", kOptional,
     "lines below it are not written"},
    {"format", Choice, member<&LogConfig::format>, "json", "json|text", kOptional, "of standard error"},
};
constexpr ConfigSection kLogSection{kLog};

constexpr ConfigKey kStandby[] = {
    {"lease-file", OutFile, member<&StandbyConfig::lease_file>, "", "", kRequired,
     "on a disk that both instances see; who holds it sends"},
    {"ttl", Span, member<&StandbyConfig::ttl>, "15s", "3s..10m", kOptional,
     "the other takes over when the holder is silent for so long"},
};
constexpr ConfigSection kStandbySection{kStandby};

constexpr ConfigKey kConfig[] = {
    {"data", Folder, member<&Config::data>, "", "", kRequired,
     "spool, journal, snapshots and cursors; one instance a folder"},
    {"instance", Name, member<&Config::instance>, "", "", kOptional,
     "name of this instance in logs, metrics and alerts; default: the host's"},
    {"threads", Count, member<&Config::threads>, "2", "1..64", kOptional, "that judge events"},
    {"redact", Flag, member<&Config::redact>, "on", "", kOptional, "secrets in alerts are replaced by a keyed hash"},
    {"redact-key-file", File, member<&Config::redact_key_file>, "", "", kOptional,
     "secret key of these hashes, 16 bytes or more; without it guesses can be checked against them"},
    {"rules", Section, member<&Config::rules>, "", "", kOptional, "what is looked for", &kRulesSection},
    {"inputs", Section, member<&Config::inputs>, "", "", kRequired, "where events come from", &kInputsSection},
    {"state", Section, member<&Config::state>, "", "", kOptional, "what stateful rules remember", &kStateSection},
    {"outputs", Sections, member<&Config::outputs>, "", "", kOptional, "where alerts go", &kOutputSection},
    {"admin", Section, member<&Config::admin>, "", "", kOptional, "the listener for operators", &kAdminSection},
    {"log", Section, member<&Config::log>, "", "", kOptional, "what the program says about itself", &kLogSection},
    {"standby", Section, member<&Config::standby>, "", "", kOptional,
     "two instances fed the same events, of which one sends", &kStandbySection},
};
constexpr ConfigSection kConfigSection{kConfig};

}  // namespace

const ConfigSection& config_keys() { return kConfigSection; }

}  // namespace kubevigil
