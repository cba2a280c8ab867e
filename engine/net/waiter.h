// Waiting for a descriptor until a deadline or until someone cancels: the one place where a client's thread sleeps.
#pragma once

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/net/descriptor.h"

namespace kubevigil {

// Set once, for good, from any thread; whoever waits wakes up.
class Cancellation {
 public:
  Cancellation();
  void cancel();
  bool cancelled() const;
  int descriptor() const { return event_.get(); }  // readable once cancelled

 private:
  Descriptor event_;
};

struct Ready {
  bool readable = false;  // or closed, or broken: the next call on it will tell
  bool writable = false;
};

// `deadline` is on env.monotonic(). Errors: "timed out", "cancelled".
Result<Ready> wait_for(int descriptor, bool to_write, Duration deadline, const Cancellation& cancellation,
                       const Env& env);

}  // namespace kubevigil
