#include "inputs/webhook_receiver.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "inputs/webhook_body.h"

namespace kubevigil {
namespace {

HttpReply text_reply(int status, HttpHeader header, std::string_view text) {
  return {status, {std::move(header), {"Content-Type", "text/plain; charset=utf-8"}}, std::string(text) + "\n"};
}

// Two are none of ours: with a client certificate the request would otherwise pass although nobody knows which counts.
std::optional<std::string_view> authorization(const HttpHeaders& headers) {
  const auto named = [](const HttpHeader& header) { return equals_folded(header.name, "authorization"); };
  if (std::count_if(headers.begin(), headers.end(), named) > 1) return "";
  return only_header(headers, "authorization");
}

}  // namespace

HttpReply webhook_refusal(WebhookRefusal reason, std::string_view why) {
  switch (reason) {
    case WebhookRefusal::TooLong:
      return text_reply(413, {"Cache-Control", "no-store"}, why);
    case WebhookRefusal::Broken:
      return text_reply(503, {"Retry-After", "3"}, why);
    case WebhookRefusal::Paused:
    case WebhookRefusal::Busy:
    case WebhookRefusal::Budget:
    case WebhookRefusal::DiskFull:
      break;
  }
  return text_reply(429, {"Retry-After", "3"}, why);
}

WebhookReceiver::WebhookReceiver(Spool& spool, std::shared_ptr<CredentialSource> credentials,
                                 std::shared_ptr<SenderBook> senders, const Env& env, WebhookReceiverOptions options)
    : spool_(spool),
      credentials_(std::move(credentials)),
      env_(env),
      options_(std::move(options)),
      ledger_(std::make_shared<WebhookLedger>(env, std::move(senders), options_.on_ack)),
      lane_(spool) {}

void WebhookReceiver::on_trouble(const std::string& peer, const std::string& what) {
  if (options_.on_trouble) options_.on_trouble(peer, what);
}

void WebhookReceiver::set_accepting(bool accepting, std::string reason) {
  const std::lock_guard hold(mutex_);
  reason_ = std::move(reason);
  accepting_ = accepting;
}

std::optional<HttpReply> WebhookReceiver::busy(const SenderKey& key) {
  const auto refuse = [&](WebhookRefusal reason, std::string_view why) {
    ledger_->senders->refused(key, reason);
    return webhook_refusal(reason, why);
  };
  if (!accepting_) {
    const std::lock_guard hold(mutex_);
    return refuse(WebhookRefusal::Paused, reason_);
  }
  if (!lane_.is_free()) return refuse(WebhookRefusal::Busy, "the disk does not keep up");
  const Duration waits{env_.monotonic().micros - ledger_->progress};
  if (ledger_->committing > 0 && waits > options_.stalled) {
    return refuse(WebhookRefusal::Busy, "the disk does not answer");
  }
  return std::nullopt;
}

Decision WebhookReceiver::decide(const RequestContext& request, const Responder& responder) {
  if (request.head.method != "POST") {
    return Decision::answer(text_reply(405, {"Allow", "POST"}, "audit events are posted"));
  }
  const bool open = request.listener < options_.without_tls.size() && options_.without_tls[request.listener];
  const auto sender = authorize(*credentials_->current(),
                                {request.head.path, authorization(request.head.headers), request.certificate, open});
  if (!sender) {
    ledger_->senders->turned_away(request.peer, sender.error(), request.head.path);
    HttpReply reply = text_reply(401, {"WWW-Authenticate", "Bearer"}, to_text(sender.error()));
    reply.close = true;
    return Decision::answer(std::move(reply));
  }
  SenderKey key{sender->cluster, sender->credential, request.peer};
  if (request.certificate != nullptr) ledger_->senders->showed(key, request.certificate->not_after);
  if (auto reply = busy(key)) return Decision::answer(std::move(*reply));
  return take(std::move(key), request, responder);
}

Decision WebhookReceiver::take(SenderKey key, const RequestContext& request, const Responder& responder) {
  const std::optional<uint64_t> length =
      request.head.chunked ? std::nullopt : std::optional(request.head.content_length.value_or(0));
  OpenBytes place(ledger_, length);
  if (ledger_->open_bytes > options_.open_bytes) {
    ledger_->senders->refused(key, WebhookRefusal::Busy);
    return Decision::answer(webhook_refusal(WebhookRefusal::Busy, "too many bodies are on their way"));
  }
  auto body = spool_.begin({key.cluster, key.credential, key.peer, env_.now()}, length);
  if (!body) return Decision::answer(refusal_of(*ledger_, key, body.error()));
  auto upload = std::make_shared<Upload>(std::move(*body), responder, std::move(key), std::move(place));
  return Decision::accept(std::make_unique<WebhookBody>(ledger_, lane_, std::move(upload)));
}

}  // namespace kubevigil
