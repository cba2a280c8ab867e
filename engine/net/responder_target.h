// The connection's side of a Responder.
#pragma once

#include <atomic>

#include "engine/net/http_handler.h"

namespace kubevigil {

class Responder::Target {
 public:
  virtual ~Target() = default;
  // True once: whoever gets it gives the answer.
  bool claim() { return !answered_.exchange(true); }
  virtual void deliver(HttpReply reply) = 0;  // any thread
  virtual void resume() = 0;                  // any thread

 private:
  std::atomic<bool> answered_{false};
};

HttpReply busy_reply();  // 503 with Retry-After: 3

}  // namespace kubevigil
