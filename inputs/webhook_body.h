// WebhookBody: one body on its way from a connection to the spool. Internal to the receiver.
//
//   io thread   write ... write finish           while the spool's queue has room
//   SpoolLane   the piece that found none, then Responder::resume; or the commit
//
// Upload is what both work on, never at the same time: a body whose piece went to the lane is paused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/net/http_handler.h"
#include "inputs/webhook_receiver.h"

namespace kubevigil {

// What a body may take of memory, announced as long as it lives: its block, and as much for its growth or its frame.
class OpenBytes {
 public:
  OpenBytes(std::shared_ptr<WebhookLedger> ledger, std::optional<uint64_t> length);
  ~OpenBytes();
  OpenBytes(OpenBytes&& other) noexcept = default;
  OpenBytes& operator=(OpenBytes&&) = delete;

 private:
  std::shared_ptr<WebhookLedger> ledger_;
  size_t bytes_ = 0;
};

struct Upload {
  std::unique_ptr<SpoolBody> body;  // nullptr: committed, or given up
  Responder responder;
  SenderKey key;
  OpenBytes place;
  Upload(std::unique_ptr<SpoolBody> to, Responder answer, SenderKey from, OpenBytes bytes)
      : body(std::move(to)), responder(std::move(answer)), key(std::move(from)), place(std::move(bytes)) {}
};

class WebhookBody : public BodySink {
 public:
  WebhookBody(std::shared_ptr<WebhookLedger> ledger, SpoolLane& lane, std::shared_ptr<Upload> upload)
      : ledger_(std::move(ledger)), lane_(lane), upload_(std::move(upload)) {}
  ~WebhookBody() override;

  BodyFlow write(std::string_view piece) override;
  void finish() override;

 private:
  const std::shared_ptr<WebhookLedger> ledger_;
  SpoolLane& lane_;
  std::shared_ptr<Upload> upload_;
};

HttpReply webhook_refusal(WebhookRefusal reason, std::string_view why);
// Counted.
HttpReply refusal_of(const WebhookLedger& ledger, const SenderKey& key, const SpoolError& error);

}  // namespace kubevigil
