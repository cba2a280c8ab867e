#include "inputs/webhook_body.h"

#include <algorithm>

namespace kubevigil {
namespace {

constexpr size_t kBodyOverhead = 4096;

WebhookRefusal reason_of(SpoolRefusal refusal) {
  switch (refusal) {
    case SpoolRefusal::Budget:
      return WebhookRefusal::Budget;
    case SpoolRefusal::DiskFull:
      return WebhookRefusal::DiskFull;
    case SpoolRefusal::TooLong:
      return WebhookRefusal::TooLong;
    case SpoolRefusal::Broken:
      break;
  }
  return WebhookRefusal::Broken;
}

// Not the spool's own text: that names files.
std::string_view explanation(WebhookRefusal reason) {
  switch (reason) {
    case WebhookRefusal::Budget:
      return "the spool is full";
    case WebhookRefusal::DiskFull:
      return "the disk is full";
    case WebhookRefusal::TooLong:
      return "the body is too long";
    default:
      return "the spool cannot be written";
  }
}

void take(const WebhookLedger& ledger, Upload& upload, std::string_view piece) {
  const auto written = upload.body->write(piece);
  if (written) return;
  upload.responder.reply(refusal_of(ledger, upload.key, written.error()));
  upload.body.reset();
}

void commit(const std::shared_ptr<WebhookLedger>& ledger, Upload& upload) {
  const Duration began = ledger->env.monotonic();
  if (ledger->committing == 0) ledger->progress = began.micros;
  ++ledger->committing;
  const auto body = std::move(upload.body);
  body->commit([ledger, began, responder = upload.responder, key = upload.key, bytes = body->raw_bytes(),
                checksum = body->raw_crc()](const SpoolResult<uint64_t>& sequence) {
    const Duration ended = ledger->env.monotonic();
    ledger->progress = ended.micros;
    --ledger->committing;
    if (!sequence) return responder.reply(refusal_of(*ledger, key, sequence.error()));
    ledger->senders->took(key, bytes, checksum);  // first: who has the answer finds it counted
    if (ledger->on_ack) ledger->on_ack(ended - began);
    responder.reply({200, {{"Content-Type", "application/json"}}, "{}"});
  });
}

}  // namespace

OpenBytes::OpenBytes(std::shared_ptr<WebhookLedger> ledger, std::optional<uint64_t> length)
    : ledger_(std::move(ledger)),
      bytes_(kBodyOverhead +
             2 * static_cast<size_t>(std::min<uint64_t>(length.value_or(kSpoolBlockBytes), kSpoolBlockBytes))) {
  ledger_->open_bytes += bytes_;
}

OpenBytes::~OpenBytes() {
  if (ledger_) ledger_->open_bytes -= bytes_;
}

HttpReply refusal_of(const WebhookLedger& ledger, const SenderKey& key, const SpoolError& error) {
  const WebhookRefusal reason = reason_of(error.reason);
  ledger.senders->refused(key, reason);
  return webhook_refusal(reason, explanation(reason));
}

// Giving a body up writes a record, too.
WebhookBody::~WebhookBody() {
  if (!lane_.is_free()) lane_.add([upload = std::move(upload_)] {});
}

BodyFlow WebhookBody::write(std::string_view piece) {
  if (!upload_->body) return BodyFlow::Continue;  // given up; the answer is on its way
  if (lane_.is_free()) {
    take(*ledger_, *upload_, piece);
    return BodyFlow::Continue;
  }
  lane_.add([ledger = ledger_, upload = upload_, text = std::string(piece)] {
    take(*ledger, *upload, text);
    upload->responder.resume();
  });
  return BodyFlow::Pause;
}

void WebhookBody::finish() {
  if (!upload_->body) return;
  if (lane_.is_free()) return commit(ledger_, *upload_);
  lane_.add([ledger = ledger_, upload = upload_] { commit(ledger, *upload); });
}

}  // namespace kubevigil
