// WebhookReceiver: the API server's audit webhook. Takes bodies into the spool and answers 200 when they are durable.
//
//   WebhookReceiver receiver(spool, credentials, senders, env, {.without_tls = {false, true}});
//   auto server = HttpServer::start(listeners, receiver, env);
//   ...
//   receiver.set_accepting(false, "the disk is full");   // 429 until set_accepting(true, "")
//   (*server)->shutdown(patience); then the server, the receiver and the spool may go, in this order
//
// Answers, in the order in which they are decided; all but the last before the body is read:
//
//   405  Allow: POST            another method
//   401  WWW-Authenticate, ends the connection: who may not post here (engine/net/credentials.h); never said: which
//        paths there are
//   429  Retry-After: 3         paused; too much is on its way to the disk; the disk has not answered for kStalled; the
//                               spool's budget is used up; the disk is full
//   413                         over SpoolOptions::body_bytes (512 MiB), or what HttpLimits says
//   503  Retry-After: 3         the spool is broken: a restart is needed
//   200  Content-Type: application/json, body {}      the body is in the spool and fdatasync has returned
//
// Nothing is refused for its content, not even an empty body: what cannot be read is quarantined behind the spool.
// There is no redirect. An integer Retry-After on 429 makes the API server wait for up to four minutes instead of one
// and a half before it drops a batch (client-go, checkWait).
//
// Threads: an io thread never waits for the disk. A body's pieces go to the spool's queue while that has room; without
// room the connection pauses and one thread of the receiver (SpoolLane) goes on with it when there is.
//
// Memory: limits::kWebhookOpenBytes for all bodies on their way, announced before they are read; beside that the queue
// of the spool.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/limits.h"
#include "engine/net/credentials.h"
#include "engine/net/http_handler.h"
#include "engine/run/spool.h"
#include "inputs/sender_book.h"
#include "inputs/spool_lane.h"

namespace kubevigil {

struct WebhookReceiverOptions {
  std::vector<bool> without_tls = {};  // by listener: there, credentials `anonymous` count
  size_t open_bytes = limits::kWebhookOpenBytes;
  Duration stalled = Duration::seconds(10);  // no commit ended for so long although some wait: 429
  // Called on the spool's writing thread, for each 200: from the body's last byte to the end of the sync.
  std::function<void(Duration)> on_ack = {};
  // As HttpHandler::on_trouble, for the log.
  std::function<void(const std::string& peer, const std::string& what)> on_trouble = {};
};

// What commits need that end after the receiver is gone, on the spool's thread.
struct WebhookLedger {
  const Env& env;
  std::shared_ptr<SenderBook> senders;
  std::function<void(Duration)> on_ack;
  std::atomic<size_t> open_bytes{0};
  std::atomic<size_t> committing{0};
  std::atomic<int64_t> progress{0};  // monotonic microseconds: the last end of a commit, or begin when none waited
  WebhookLedger(const Env& clock, std::shared_ptr<SenderBook> book, std::function<void(Duration)> ack)
      : env(clock), senders(std::move(book)), on_ack(std::move(ack)) {}
};

class WebhookReceiver : public HttpHandler {
 public:
  // Spool, env and what the options' functions refer to outlive the receiver and, since commits may end late, the
  // spool.
  WebhookReceiver(Spool& spool, std::shared_ptr<CredentialSource> credentials, std::shared_ptr<SenderBook> senders,
                  const Env& env, WebhookReceiverOptions options);

  Decision decide(const RequestContext& request, const Responder& responder) override;
  void on_trouble(const std::string& peer, const std::string& what) override;

  // Any thread. `reason` is for the peer's log, and for ours.
  void set_accepting(bool accepting, std::string reason);
  bool accepting() const { return accepting_; }

  size_t open_bytes() const { return ledger_->open_bytes; }  // of bodies on their way
  uint64_t paused_bodies() const { return lane_.taken(); }   // times that a body had to wait for room, so far

 private:
  std::optional<HttpReply> busy(const SenderKey& key);
  Decision take(SenderKey key, const RequestContext& request, const Responder& responder);

  Spool& spool_;
  const std::shared_ptr<CredentialSource> credentials_;
  const Env& env_;
  const WebhookReceiverOptions options_;
  const std::shared_ptr<WebhookLedger> ledger_;
  std::atomic<bool> accepting_{true};
  mutable std::mutex mutex_;
  std::string reason_;
  SpoolLane lane_;  // last: its thread uses what is above
};

}  // namespace kubevigil
