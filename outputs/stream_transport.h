// StreamTransport: messages to a descriptor that is already open, as a rule standard output. One line a record; a
// message without a newline at its end gets one.
//
// Delivered: the kernel has taken the bytes (a pipe's reader may still die with them). A reader that does not read for
// kStreamWait is Retry; the rest of a message that was taken in part is written first, in the next send(), so records
// are never torn. A closed pipe is Retry: it stays closed, and the caller's limit of tries ends it. The process must
// ignore SIGPIPE. One thread; the descriptor is not closed here, and its flags stay as they are.
#pragma once

#include "engine/base/env.h"
#include "engine/net/waiter.h"
#include "engine/run/output.h"

namespace kubevigil {

inline constexpr Duration kStreamWait = Duration::seconds(10);

class StreamTransport : public Transport {
 public:
  StreamTransport(int descriptor, const Env& env, Duration wait = kStreamWait)
      : descriptor_(descriptor), env_(env), wait_(wait) {}
  Delivery send(const Message& message) override;
  void cancel() override { cancellation_.cancel(); }

 private:
  Delivery write_rest();

  int descriptor_;
  const Env& env_;
  Duration wait_;
  Cancellation cancellation_;
  std::string current_;  // what is being written, or was last
  size_t written_ = 0;   // of current_
};

}  // namespace kubevigil
