#include "engine/base/env.h"

#include <sys/random.h>
#include <sys/resource.h>

#include <chrono>

namespace kubevigil {
namespace {

template <typename Time>
int64_t micros_of(Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

class SystemEnv : public Env {
 public:
  Timestamp now() const override { return {micros_of(std::chrono::system_clock::now())}; }
  Duration monotonic() const override { return {micros_of(std::chrono::steady_clock::now())}; }
  size_t peak_memory() const override {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
  }
};

}  // namespace

uint64_t Env::random() const {
  uint64_t number = 0;
  while (::getrandom(&number, sizeof number, 0) != sizeof number) {  // interrupted before the pool was ready
  }
  return number;
}

const Env& system_env() {
  static const SystemEnv env;
  return env;
}

}  // namespace kubevigil
