// Env: the only door to clock and process. Only run, connectors and app receive one; everything below is a function
// of its input.
#pragma once

#include "engine/base/timestamp.h"

namespace kubevigil {

class Env {
 public:
  virtual ~Env() = default;
  virtual Timestamp now() const = 0;       // wall clock, UTC
  virtual Duration monotonic() const = 0;  // since an arbitrary moment; never goes back
  virtual size_t peak_memory() const = 0;  // bytes resident at most, so far
  virtual uint64_t random() const;         // the system's own, fit for secrets; tests give their own
};

// The machine's own; lives as long as the program.
const Env& system_env();

}  // namespace kubevigil
