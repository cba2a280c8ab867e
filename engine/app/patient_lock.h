// A lock that another process may be about to give back: one that was killed a moment ago, or that holds it only
// briefly. Tries for kLockPatience; the error is then the disk's (DiskFault::Locked).
#pragma once

#include <memory>
#include <string>

#include "engine/base/disk.h"
#include "engine/base/env.h"

namespace kubevigil {

inline constexpr Duration kLockPatience = Duration::seconds(5);

DiskResult<std::unique_ptr<DiskLock>> lock_patiently(Disk& disk, const std::string& path, const Env& env);

}  // namespace kubevigil
