// The receivers of alerts: can they be connected to, and is it really they. Nothing is sent; `kubevigil sinks test`
// sends an alert.
#include <fmt/format.h>

#include "engine/app/doctor.h"
#include "engine/app/output_options.h"
#include "engine/base/text.h"
#include "engine/net/server_look.h"
#include "engine/net/url.h"

namespace kubevigil {
namespace {

constexpr Duration kOutputPatience = Duration::seconds(5);

struct Receiver {
  std::string host;
  uint16_t port = 0;
  bool tls = false;
  TlsFiles files;
};

Result<Receiver> receiver_of(const OutputConfig& output) {
  if (output.http) {
    const auto text = read_secret(output.http->url);
    if (!text) return tl::unexpected(text.error());
    const auto url = parse_url(text->reveal());
    if (!url) return tl::unexpected(url.error());
    return Receiver{url->host, url->port, url->tls, output.http->tls.value_or(TlsFiles{})};
  }
  const SyslogSinkConfig& syslog = *output.syslog;
  return Receiver{syslog.address.host, syslog.address.port, syslog.protocol == SyslogWire::Tls,
                  syslog.tls.value_or(TlsFiles{})};
}

void examine_receiver(const std::string& name, const Receiver& to, Findings& out, const Env& env) {
  std::shared_ptr<TlsSource> tls;
  if (to.tls) {
    auto opened = TlsSource::open(to.files, TlsRole::Client, env);
    if (!opened) return out.fail("output", fmt::format("{}: {}", name, opened.error().message), "mend its tls:");
    tls = std::move(*opened);
  }
  const std::string where = to_text(HostPort{to.host, to.port});
  const ServerLook look = look_at_server(to.host, to.port, tls.get(), to.host, kOutputPatience, env);
  if (look.state == ServerLook::State::Good) {
    return out.ok("output", fmt::format("{}: {} answers{}", name, where, to.tls ? ", its certificate is good" : ""));
  }
  const std::string what = fmt::format("{}: {}: {}", name, where, look.why);
  if (look.state == ServerLook::State::Untrusted)
    return out.fail("output", what, certificate_advice(look.why, to.host));
  if (look.state == ServerLook::State::NoTls) return out.fail("output", what, "does it speak TLS at this port?");
  out.fail("output", what, "is the receiver up, and does every firewall on the way let us through?");
}

void examine_topic(const OutputConfig& output, const std::string& instance, Findings& out) {
  const auto options = output_options(output, instance);
  if (!options) return out.fail("output", options.error().message, "mend the output");
  const std::string what = fmt::format("{}: topic {}", output.name, printable(options->kafka.topic));
  const KafkaTopicLook look = look_at_kafka_topic(options->kafka, kOutputPatience);
  if (look.partitions > 0) {
    return out.ok("output", fmt::format("{} answers, it has {} partitions", what, look.partitions));
  }
  out.fail("output", fmt::format("{}: {}", what, look.why), look.advice);
}

}  // namespace

void examine_outputs(const Config& config, Findings& out, const Env& env) {
  for (const OutputConfig& output : config.outputs) {
    const bool udp = output.syslog && output.syslog->protocol == SyslogWire::Udp;
    const bool none = output.transport == TransportKind::Stdout || output.transport == TransportKind::File;
    if (none) continue;  // the configuration's check has looked at files
    if (output.transport == TransportKind::Kafka) {
      examine_topic(output, config.instance, out);
      continue;
    }
    if (output.transport == TransportKind::Syslog && udp) {
      out.ok("output", fmt::format("{}: UDP, whether anybody listens cannot be told", output.name));
      continue;
    }
    const auto receiver = receiver_of(output);
    if (receiver) {
      examine_receiver(output.name, *receiver, out, env);
    } else {
      out.fail("output", fmt::format("{}: {}", output.name, receiver.error().message), "mend the output");
    }
  }
}

}  // namespace kubevigil
