#include "engine/app/serve_webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

bool takes_tokens(const WebhookConfig& config) {
  return std::any_of(config.credentials.begin(), config.credentials.end(),
                     [](const CredentialSpec& c) { return !c.token_file.empty(); });
}

// Who must show a certificate is refused in the handshake; where a token does as well, one is only asked for.
TlsRole role_of(const WebhookConfig& config, const TlsFiles& files) {
  if (files.authorities.empty()) return TlsRole::Server;
  return takes_tokens(config) ? TlsRole::ServerAskingForCertificate : TlsRole::ServerRequiringCertificate;
}

std::string whole_seconds(Duration time) { return format_duration(Duration::seconds(time.micros / 1'000'000)); }

}  // namespace

std::vector<std::string> awaited_streams(std::span<const StreamReport> streams) {
  Timestamp newest = Timestamp::min();
  for (const StreamReport& stream : streams) newest = std::max(newest, stream.watermark);
  std::vector<std::string> out;
  for (const StreamReport& stream : streams) {
    const bool had_events = stream.watermark != Timestamp::min();
    if (!had_events || newest - stream.watermark < kGoneForGood) out.push_back(stream.name);
  }
  return out;
}

std::optional<SenderKey> sender_of_stream(std::string_view stream) {
  constexpr std::string_view kWebhook = "webhook/";
  if (!stream.starts_with(kWebhook)) return std::nullopt;
  stream.remove_prefix(kWebhook.size());
  const size_t first = stream.find('/'), last = stream.rfind('/');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  return SenderKey{std::string(stream.substr(0, first)), std::string(stream.substr(first + 1, last - first - 1)),
                   std::string(stream.substr(last + 1))};
}

ServeWebhook::ServeWebhook(Spool& spool, const Env& env, Log& log, SelfAlerts& self_alerts)
    : spool_(spool), env_(env), log_(log), self_alerts_(self_alerts) {}

ServeWebhook::~ServeWebhook() { shutdown({}); }

Result<void> ServeWebhook::open_listeners(const WebhookConfig& config, HttpServerOptions& server) {
  for (const ListenConfig& listen : config.listen) {
    Listener one{to_text(listen.address), nullptr};
    if (listen.tls) {
      auto tls = TlsSource::open(*listen.tls, role_of(config, *listen.tls), env_);
      if (!tls) return fail(fmt::format("webhook listener {}: {}", one.name, tls.error().message));
      one.tls = std::move(*tls);
    } else if (!is_loopback(listen.address.host)) {
      log_.warn("webhook", "LISTENS WITHOUT TLS: whoever reaches this address can read and forge audit events",
                {{"address", one.name}});
    }
    server.listeners.push_back({listen.address.host, listen.address.port, one.tls});
    listeners_.push_back(std::move(one));
  }
  return {};
}

Result<std::unique_ptr<ServeWebhook>> ServeWebhook::start(const WebhookConfig& config, Spool& spool, const Env& env,
                                                          Log& log, SelfAlerts& self_alerts,
                                                          std::function<void(Duration)> on_ack) {
  std::unique_ptr<ServeWebhook> out(new ServeWebhook(spool, env, log, self_alerts));
  auto credentials = CredentialSource::open(config.credentials);
  if (!credentials) return fail("webhook: " + credentials.error().message);
  out->credentials_ = std::move(*credentials);
  HttpServerOptions server;
  if (auto opened = out->open_listeners(config, server); !opened) return tl::unexpected(opened.error());
  out->senders_ = std::make_shared<SenderBook>(env, SenderBookOptions{config.idle_after});
  WebhookReceiverOptions options;
  for (const Listener& listener : out->listeners_) options.without_tls.push_back(listener.tls == nullptr);
  options.on_ack = std::move(on_ack);
  options.on_trouble = [&log](const std::string& peer, const std::string& what) {
    log.info("webhook", "a connection was ended", {{"peer", peer}, {"why", what}});
  };
  out->receiver_ = std::make_unique<WebhookReceiver>(spool, out->credentials_, out->senders_, env, std::move(options));
  auto started = HttpServer::start(std::move(server), *out->receiver_, env);
  if (!started) return fail("webhook: " + started.error().message);
  out->server_ = std::move(*started);
  for (size_t i = 0; i < out->listeners_.size(); ++i) {
    log.info("webhook", "listening",
             {{"address", out->listeners_[i].name},
              {"port", out->server_->port(i)},
              {"tls", out->listeners_[i].tls != nullptr}});
  }
  return out;
}

void ServeWebhook::add_triggers(ReloadTriggers& triggers) const {
  for (const Listener& listener : listeners_) {
    if (listener.tls) triggers.add("tls " + listener.name, [tls = listener.tls] { return tls->reload(); });
  }
  triggers.add("webhook credentials", [credentials = credentials_] { return credentials->reload(); });
}

void ServeWebhook::add_certificates(CertificateWatch& watch) const {
  for (const Listener& listener : listeners_) {
    if (listener.tls) watch.add("listener", listener.name, listener.tls);
  }
}

void ServeWebhook::shutdown(Duration patience) {
  if (server_) server_->shutdown(patience);
  server_.reset();
}

void ServeWebhook::say(const SenderNotice& notice) {
  const std::string subject = fmt::format("{}/{}", notice.key.credential, notice.key.peer);
  const Timestamp now = env_.now();
  switch (notice.kind) {
    case SenderNotice::Kind::Silent:
      log_.warn("webhook", "a sender has fallen silent",
                {{"cluster", notice.key.cluster}, {"sender", subject}, {"for", notice.lasts}});
      return self_alerts_.raise({SelfAlertKind::SourceSilent, notice.key.cluster, subject,
                                 fmt::format("no batch for {}", whole_seconds(notice.lasts)), now});
    case SenderNotice::Kind::Heard:
      log_.info("webhook", "a sender is heard again",
                {{"cluster", notice.key.cluster}, {"sender", subject}, {"after", notice.lasts}});
      return self_alerts_.clear({SelfAlertKind::SourceSilent, notice.key.cluster, subject,
                                 fmt::format("heard again after {}", whole_seconds(notice.lasts)), now});
    case SenderNotice::Kind::Unknown:
      const bool foreign = notice.refusal == Refusal::OtherCluster;
      log_.warn("webhook", "somebody was turned away",
                {{"peer", notice.key.peer}, {"why", to_text(notice.refusal)}, {"path", notice.path}});
      return self_alerts_.raise({foreign ? SelfAlertKind::ForeignCluster : SelfAlertKind::UnknownSender, "",
                                 notice.key.peer, fmt::format("{} at {}", to_text(notice.refusal), notice.path), now});
  }
}

void ServeWebhook::review() {
  for (const SenderNotice& notice : senders_->review()) say(notice);
  const Timestamp now = env_.now();
  const uint64_t refused = spool_.counts().refused_budget;
  const SelfAlertEvent full{SelfAlertKind::SpoolFull, "", "spool",
                            fmt::format("{} bodies were refused so far, {} bytes wait", refused, spool_.bytes()), now};
  if (refused != refused_budget_) {
    log_.error("webhook", "the spool has used up its budget; API servers are told to wait",
               {{"refused", refused}, {"bytes", spool_.bytes()}});
    self_alerts_.raise(full);
  } else {
    self_alerts_.clear(full);
  }
  refused_budget_ = refused;
}

void ServeWebhook::processed(const LiveBatch& info, const JudgedBatch& judged) {
  const auto key = sender_of_stream(info.stream);
  if (!key) return;
  std::optional<Timestamp> newest;
  for (const auto& [number, file] : judged.tally.files) {
    if (file.last != Timestamp::min()) newest = std::max(newest.value_or(file.last), file.last);
  }
  senders_->events_read(*key, judged.tally.events, newest, info.taken, judged.duplicates);
}

void ServeWebhook::expect(const std::string& stream) {
  if (const auto key = sender_of_stream(stream)) senders_->expect(*key);
}

}  // namespace kubevigil
