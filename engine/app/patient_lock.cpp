#include "engine/app/patient_lock.h"

#include <chrono>
#include <thread>

namespace kubevigil {

DiskResult<std::unique_ptr<DiskLock>> lock_patiently(Disk& disk, const std::string& path, const Env& env) {
  const Duration began = env.monotonic();
  for (;;) {
    auto lock = disk.lock(path);
    const bool locked = !lock && lock.error().fault == DiskFault::Locked;
    if (!locked || env.monotonic() - began > kLockPatience) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace kubevigil
