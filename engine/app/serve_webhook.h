// The webhook of `serve`: listeners, certificates and credentials from the configuration over one receiver. Bodies are
// taken from the moment it starts, also while the last state is still being recovered: they wait in the spool.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/app/certificate_watch.h"
#include "engine/app/config.h"
#include "engine/app/reload_loop.h"
#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/net/http_server.h"
#include "engine/run/judged_batch.h"
#include "engine/run/live_input.h"
#include "engine/run/self_alerts.h"
#include "engine/run/spool.h"
#include "engine/run/watermarks.h"
#include "inputs/sender_book.h"
#include "inputs/webhook_receiver.h"

namespace kubevigil {

class ServeWebhook {
 public:
  // All outlive it. Errors: a file of a certificate or token, an address that cannot be listened on.
  static Result<std::unique_ptr<ServeWebhook>> start(const WebhookConfig& config, Spool& spool, const Env& env,
                                                     Log& log, SelfAlerts& self_alerts,
                                                     std::function<void(Duration)> on_ack);
  ~ServeWebhook();

  void add_triggers(ReloadTriggers& triggers) const;
  void add_certificates(CertificateWatch& watch) const;
  // Ends listening; requests that have begun are answered, for at most `patience`.
  void shutdown(Duration patience);
  // About every second: silent senders, strangers, a full spool.
  void review();
  // Behind each batch of a stream of the webhook; other streams are not its.
  void processed(const LiveBatch& info, const JudgedBatch& judged);
  // A stream of the last life (awaited_streams): its sender is expected to come back.
  void expect(const std::string& stream);

  WebhookReceiver& receiver() { return *receiver_; }
  const HttpServer& server() const { return *server_; }
  const SenderBook& senders() const { return *senders_; }

 private:
  ServeWebhook(Spool& spool, const Env& env, Log& log, SelfAlerts& self_alerts);
  Result<void> open_listeners(const WebhookConfig& config, HttpServerOptions& server);
  void say(const SenderNotice& notice);

  Spool& spool_;
  const Env& env_;
  Log& log_;
  SelfAlerts& self_alerts_;
  struct Listener {
    std::string name;
    std::shared_ptr<TlsSource> tls;  // null: plain
  };
  std::vector<Listener> listeners_;
  std::shared_ptr<CredentialSource> credentials_;
  std::shared_ptr<SenderBook> senders_;
  uint64_t refused_budget_ = 0;  // said so far
  std::unique_ptr<WebhookReceiver> receiver_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use what is above
};

// "webhook/CLUSTER/CREDENTIAL/PEER"; nullopt: another kind of stream.
std::optional<SenderKey> sender_of_stream(std::string_view stream);

// Which streams of the last life should be heard again: all but those that were kGoneForGood behind the newest, of
// senders that were away long before it ended.
inline constexpr Duration kGoneForGood = Duration::days(1);
std::vector<std::string> awaited_streams(std::span<const StreamReport> streams);

}  // namespace kubevigil
