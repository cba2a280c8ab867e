// The webhook's listeners: does somebody answer, and is the certificate the one that senders expect.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/app/doctor.h"
#include "engine/net/server_look.h"
#include "engine/net/text_file.h"
#include "engine/net/url.h"

namespace kubevigil {
namespace {

constexpr Duration kListenerPatience = Duration::seconds(5);
constexpr Duration kRenewal = Duration::days(21);

// Where a listener of all addresses is reached from this machine.
std::string near_end(const std::string& host) { return host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host; }

void examine_end(const std::string& what, const PeerCertificate& certificate, Findings& out, const Env& env) {
  const Duration left = certificate.not_after - env.now();
  const std::string until = format_rfc3339(certificate.not_after).substr(0, 10);
  if (left.micros < 0) {
    out.fail("listener", fmt::format("{} ended on {}", what, until), "renew it; the new file is taken up by itself");
  } else if (left < kRenewal) {
    out.warn("listener", fmt::format("{} ends on {}", what, until), "renew it; the new file is taken up by itself");
  }
}

void examine_names(const std::string& what, const PeerCertificate& certificate, const std::string& url, Findings& out) {
  if (certificate.alternative_names.empty()) {
    return out.fail("listener",
                    fmt::format("{} has no alternative name; API servers do not look at the common name", what),
                    "issue it with subjectAltName: the address or name that senders use");
  }
  const std::string names = fmt::format("{}", fmt::join(certificate.alternative_names, ", "));
  if (url.empty()) return out.ok("listener", fmt::format("{} is for {}", what, names));
  const Result<Url> parsed = parse_url(url);
  if (!parsed) return out.fail("listener", "--url: " + parsed.error().message, "https://HOST:PORT/k8s-audit/CLUSTER");
  if (is_for_host(certificate, parsed->host)) {
    return out.ok("listener", fmt::format("{} is for {}", what, parsed->host));
  }
  out.fail("listener", fmt::format("{} is for {}, not for {}", what, names, parsed->host),
           "issue it with that alternative name too, or give senders one of these");
}

void examine_certificate(const TlsFiles& tls, const std::string& url, Findings& out, const Env& env) {
  const Result<std::string> pem = read_text_file(tls.certificate);
  const auto certificate = pem ? first_certificate_in(*pem) : std::nullopt;
  if (!certificate) return;  // the configuration's check has said so
  const std::string what = "the certificate " + tls.certificate;
  examine_end(what, *certificate, out, env);
  examine_names(what, *certificate, url, out);
}

}  // namespace

void examine_listeners(const Config& config, const std::string& url, Findings& out, const Env& env) {
  if (!config.inputs.webhook) return;
  for (const ListenConfig& listen : config.inputs.webhook->listen) {
    if (listen.address.host.empty()) continue;  // the configuration's check has said what is wrong with it
    const std::string host = near_end(listen.address.host);
    const ServerLook look = look_at_server(host, listen.address.port, nullptr, host, kListenerPatience, env);
    if (look.state == ServerLook::State::Good) {
      out.ok("listener", to_text(listen.address) + " answers");
    } else {
      out.fail("listener", fmt::format("{}: {}", to_text(listen.address), look.why),
               "is kubevigil serve running, and with this configuration?");
    }
    if (listen.tls) examine_certificate(*listen.tls, url, out, env);
  }
}

}  // namespace kubevigil
