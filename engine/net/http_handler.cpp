#include "engine/net/http_handler.h"

#include "engine/net/responder_target.h"

namespace kubevigil {

void Responder::reply(HttpReply reply) const {
  if (target_->claim()) target_->deliver(std::move(reply));
}

void Responder::resume() const { target_->resume(); }

// 3: the integer that makes an API server's inner retries fill their 30 seconds.
HttpReply busy_reply() { return {503, {{"Retry-After", "3"}}, "", true}; }

}  // namespace kubevigil
