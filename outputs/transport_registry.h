// The transports by name, and one output put together: transport x encoding, with what the pair needs of each other
// (how records stand in a message, reminders for an Alertmanager). To add a transport: a file with its class, its
// options here, and a row in transport_registry.cpp (tests hold the table in outputs/README.md against the rows).
//
// Secrets come as values or as paths of files; no error names more of them than the path.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/disk.h"
#include "engine/base/secret.h"
#include "engine/run/sink.h"
#include "outputs/file_transport.h"
#include "outputs/kafka_output.h"
#include "outputs/syslog_transport.h"

namespace kubevigil {

struct HttpOutput {
  Secret url;
  bool url_is_secret = false;  // then an answer that repeats its path is not shown
  std::vector<std::pair<std::string, Secret>> headers = {};
  Secret bearer = {};            // either this
  std::string bearer_file = {};  // or this, read anew for each message
  Secret signature_key = {};
  TlsFiles tls = {};
  bool gzip = false;
  size_t batch = 100;                   // alerts in a message at most, where the consumer takes several
  std::optional<Framing> framing = {};  // of the body; nullopt: the encoding's own
  Duration timeout = Duration::seconds(30);
};

struct OutputOptions {
  std::string name;       // for messages
  std::string transport;  // of a row
  std::string encoding;   // of encodings()
  EncodingOptions encoding_options = {};
  // The one of `transport`
  HttpOutput http = {};
  FileTransportOptions file = {};
  SyslogOptions syslog = {};
  KafkaOutput kafka = {};
};

struct OpenOutput {
  SinkConnection connection;
  Framing framing = Framing::Lines;
  BodyLimits limits = {};
  bool in_order = false;  // SinkOptions::in_order
  std::string note;       // for the log: what was not as expected; "" when all was
};

// Opens files, reads tokens and certificates; connects nowhere. `place`: Outbox::place() of the sink. Disk and env
// outlive it.
Result<OpenOutput> open_output(const OutputOptions& options, std::string_view place, Disk& disk, const Env& env);

// The same without its transport: what does not depend on files, secrets or the network.
Result<OpenOutput> shape_output(const OutputOptions& options, const Env& env);

struct TransportRow {
  std::string_view name, help;
  // How records of this encoding stand in its messages; an error when it cannot carry them.
  Result<Framing> (*framing)(const Format& format);
  Result<std::unique_ptr<Transport>> (*open)(const OutputOptions& options, const Format& format, std::string_view place,
                                             Disk& disk, const Env& env);
};
std::span<const TransportRow> transports();

}  // namespace kubevigil
