#include "engine/app/sink_trial.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "engine/app/config_check.h"
#include "engine/app/output_options.h"
#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/net/url.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 3> kWires = {"udp", "tcp", "tls"};

struct Hint {
  std::string_view sign;  // in the reason
  std::string_view words;
};
// The first that fits.
constexpr Hint kHints[] = {
    {"HTTP 401", "The server does not know the credential: look at bearer, headers and hmac."},
    {"HTTP 403", "The server knows the credential and does not let it post there: look at its rights."},
    {"HTTP 404", "The server has no such address: look at the path of the url."},
    {"HTTP 405", "The address is there, and takes no POST: look at the path of the url."},
    {"HTTP 413", "The server takes smaller bodies only: lower http.batch."},
    {"HTTP 415", "The server wants another content type: look at the encoding, and turn gzip off."},
    {"HTTP 429", "The server is busy: the sink will wait as long as it asks for."},
    {"HTTP 3", "The server sends elsewhere, and redirects are never followed: put the final address into the url."},
    {"HTTP 4", "The server does not understand the body: is it a receiver of this encoding?"},
    {"HTTP 5", "The server is out of order: the sink will try again."},
    {"has no address", "The name is not known here: look at the host, and at the resolver of this machine."},
    {"looking up the name", "The resolver of this machine does not answer."},
    {"Connection refused", "Nobody listens there: look at host and port, and whether the receiver runs."},
    {"certificate required", "The server wants a certificate of ours: look at tls.certificate and tls.key."},
    {"alert unknown ca", "The server does not trust our certificate: look at tls.certificate, and at its authorities."},
    {"alert bad certificate", "The server does not take our certificate: look at tls.certificate and its dates."},
    {"alert certificate expired", "The server finds our certificate expired: look at tls.certificate."},
    {"UNKNOWN_TOPIC", "The cluster has no such topic, or does not show it to this user: kubevigil makes none."},
    {"AUTHORIZATION_FAILED", "The cluster knows the user and does not let it write there: look at its rights."},
    {"SASL authentication", "The cluster does not know the user: look at sasl.username and the secret sasl.password."},
    {"SSL handshake failed", "The connection is there, trust is not: look at ssl.ca.location and the brokers' names."},
    {"security.protocol", "Something else is spoken there: look at security.protocol, and at the port."},
    {"TLS", "The connection is there, trust is not: look at tls.authorities, the server's name and its dates."},
    {"reset by peer", "The server hung up: does it speak TLS there, and the url says http?"},
    {"timed out", "No answer came in time: look at firewalls and network policies between here and there."},
};

std::string_view hint_for(const std::string& reason) {
  for (const Hint& hint : kHints) {
    if (reason.find(hint.sign) != std::string::npos) return hint.words;
  }
  return {};
}

// What "delivered" is worth.
std::string delivered_words(const OutputConfig& output, const std::string& id) {
  switch (output.transport) {
    case TransportKind::Stdout:
      return "written to standard output";
    case TransportKind::File:
      return "written to " + destination(output) + ".test, synced, and removed again; the file itself was not touched";
    case TransportKind::Http:
      if (output.encoding == "alertmanager") {
        return "accepted by the server; it fires as " + id + " and ends by itself within " +
               format_duration(output.expiry);
      }
      return "accepted by the server (HTTP 2xx), id " + id;
    case TransportKind::Syslog:
      if (output.syslog && output.syslog->protocol == SyslogWire::Udp) {
        return "sent; UDP does not say whether anybody got it: look for id " + id + " at the receiver";
      }
      return "acknowledged by the receiver's system: look for id " + id + " in its files";
    case TransportKind::Kafka:
      return "acknowledged by the brokers, id " + id +
             "; it was sent outside of transactions, so the right to the transactional id was not tried";
  }
  return {};
}

Trial judge(const OutputConfig& output, const Delivery& delivery, const std::string& id) {
  std::string reason = delivery.reason;
  const bool apart = !delivery.items.empty();  // judged by itself, and not taken
  if (apart) reason = delivery.items.front().reason;
  if (delivery.kind == Delivery::Kind::Delivered && !apart) return {true, delivered_words(output, id)};
  const bool refused =
      apart ? delivery.items.front().kind == Delivery::Kind::Refused : delivery.kind == Delivery::Kind::Refused;
  std::string words = fmt::format("not delivered: {}", printable(reason));
  if (const auto hint = hint_for(reason); !hint.empty()) words += fmt::format("\n  {}", hint);
  words += refused ? "\n  serve would put such an alert into the dead-letter file at once."
                   : "\n  serve would try again until retry.give-up-after.";
  return {false, words};
}

// Folders above a file that are not there, the deepest first. What a test made as root, `serve` could not use.
std::vector<std::filesystem::path> missing_folders(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> out;
  std::error_code ignored;
  for (auto at = file.parent_path(); at.has_relative_path() && !std::filesystem::exists(at, ignored);
       at = at.parent_path()) {
    out.push_back(at);
  }
  return out;
}

void remove_folders(const std::vector<std::filesystem::path>& folders) {
  std::error_code ignored;
  for (const auto& folder : folders) std::filesystem::remove(folder, ignored);  // only when it is empty
}

Delivery send(const OpenOutput& opened, const Alert& alert) {
  const auto messages = bodies(*opened.connection.encoding, opened.framing, {&alert, 1}, opened.limits);
  return opened.connection.transport->send(messages.front());
}

}  // namespace

Alert trial_alert(const std::string& instance, Level level, const Env& env) {
  const Timestamp now = env.now();
  Alert alert;
  alert.id = sha256_hex(fmt::format("test\n{}\n{}\n{}", instance, now.micros, env.random())).substr(0, 32);
  alert.dedup_key = alert.id;
  alert.status = EpisodeStatus::Open;
  alert.time = alert.first_seen = alert.last_seen = now;
  alert.count = 1;
  alert.rule_id = kTrialRuleId;
  alert.rule_name = kTrialRuleName;
  alert.rule_title = "TEST: kubevigil can reach this receiver";
  alert.level = level;
  alert.message = "This is a test by kubevigil sinks test on " + instance + "; nothing has happened";
  alert.cluster = "test";
  alert.next_steps = {"Nothing: it was sent by hand"};
  return alert;
}

std::string destination(const OutputConfig& output) {
  switch (output.transport) {
    case TransportKind::Stdout:
      return "standard output";
    case TransportKind::File:
      return output.file ? printable(output.file->path) : "";
    case TransportKind::Http: {
      if (!output.http) return "";
      const SecretSource& source = output.http->url;
      if (!source.env.empty()) return "URL in the environment variable " + printable(source.env);
      if (!source.file.empty()) return "URL in the file " + printable(source.file);
      const auto url = parse_url(source.text.reveal());
      return url ? fmt::format("{}://{}", url->tls ? "https" : "http", url->authority()) : "a URL that cannot be used";
    }
    case TransportKind::Syslog:
      if (!output.syslog) return "";
      return fmt::format("{}://{}", kWires[static_cast<size_t>(output.syslog->protocol)],
                         printable(to_text(output.syslog->address)));
    case TransportKind::Kafka:
      return output.kafka
                 ? fmt::format("topic {} at {}", printable(output.kafka->topic), printable(output.kafka->brokers))
                 : "";
  }
  return {};
}

Trial try_output(const OutputConfig& output, const std::string& instance, Level level, Disk& disk, const Env& env) {
  auto options = output_options(output, instance);
  if (!options) return {false, options.error().message};
  if (output.transport == TransportKind::File) {
    if (const std::string why = why_no_output_file(options->file.path); !why.empty()) return {false, printable(why)};
    options->file.path += ".test";
    if (std::filesystem::exists(std::filesystem::symlink_status(options->file.path))) {
      return {false, fmt::format("{} is there already: move it away, it would be lost", printable(options->file.path))};
    }
  }
  options->kafka.exactly_once = false;  // a newer client with its transactional id would fence the one that runs
  const auto made = missing_folders(options->file.path);
  const auto opened = open_output(*options, "", disk, env);
  if (!opened) remove_folders(made);
  if (!opened) return {false, opened.error().message};
  const Alert alert = trial_alert(instance, level, env);
  const Delivery delivery = send(*opened, alert);
  if (output.transport == TransportKind::File) {
    if (const auto removed = disk.remove(options->file.path); !removed) return {false, removed.error().message};
    remove_folders(made);
  }
  return judge(output, delivery, alert.id);
}

}  // namespace kubevigil
