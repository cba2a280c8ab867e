#include "engine/app/disk_watch.h"

#include <utility>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

constexpr Duration kRefillEvery = Duration::seconds(10);

}  // namespace

bool DiskWatch::look() {
  const Duration now = env_.monotonic();
  const bool held = reserve_.held();
  const uint64_t refused = spool_.counts().refused_disk;
  if (std::exchange(refused_, refused) != refused) refused_at_ = now;
  const bool refusing = refused > 0 && now - refused_at_ < kRefillEvery;
  const SelfAlertEvent event{SelfAlertKind::DiskFull, "", folder_,
                             held ? "bodies are refused; the reserve for journal and alerts is held"
                                  : "the reserve for journal and alerts is in use; nothing is taken in",
                             env_.now()};
  if (held && !refusing) {
    if (!std::exchange(full_, false)) return false;
    log_.info("disk", "there is space again");
    self_alerts_.clear(event);
    return false;
  }
  if (!std::exchange(full_, true))
    log_.error("disk", "the disk is full: senders are told to wait", {{"folder", folder_}});
  self_alerts_.raise(event);
  if (!held && now - refilled_ >= kRefillEvery) {
    refilled_ = now;
    (void)reserve_.refill();
  }
  return !held;
}

bool DiskWatch::has_room_to_start() const {
  if (reserve_.held()) return true;
  const auto free = disk_.free_bytes(folder_);
  return free && *free >= limits::kStartRoomBytes;
}

}  // namespace kubevigil
