// DiskWatch: looks at the disk of the data folder for `serve`: says when it is full and when there is space again (log,
// `disk_full`), takes the reserve back, and tells whether anything may be taken in.
//
// Without its reserve nothing is taken in, so that journal and alerts keep their room. Bodies never use the reserve:
// the spool refuses them first, and takes them again by itself.
//
// One thread. What it is given outlives it.
#pragma once

#include <string>

#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/disk_reserve.h"
#include "engine/run/self_alerts.h"
#include "engine/run/spool.h"

namespace kubevigil {

class DiskWatch {
 public:
  DiskWatch(Disk& disk, std::string folder, DiskReserve& reserve, const Spool& spool, const Env& env, Log& log,
            SelfAlerts& self_alerts)
      : disk_(disk),
        folder_(std::move(folder)),
        reserve_(reserve),
        spool_(spool),
        env_(env),
        log_(log),
        self_alerts_(self_alerts) {}

  // A few times a second. True: nothing may be taken in.
  bool look();
  // Whether there is room for what a start writes: the reserve, or limits::kStartRoomBytes without it.
  bool has_room_to_start() const;

 private:
  Disk& disk_;
  const std::string folder_;
  DiskReserve& reserve_;
  const Spool& spool_;
  const Env& env_;
  Log& log_;
  SelfAlerts& self_alerts_;
  bool full_ = false;
  uint64_t refused_ = 0;  // bodies, at the last look
  Duration refused_at_{};
  Duration refilled_{};  // when it was tried last
};

}  // namespace kubevigil
