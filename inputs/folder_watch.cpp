#include "inputs/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace kubevigil {
namespace {

constexpr int64_t kCheckEvery = 100;  // milliseconds
constexpr uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | kGone;

}  // namespace

FolderWatch::FolderWatch(std::string folder)
    : folder_(std::move(folder)), events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  watch();
}

FolderWatch::~FolderWatch() {
  if (events_ >= 0) ::close(events_);
}

void FolderWatch::watch() {
  if (events_ >= 0 && watch_ < 0) watch_ = ::inotify_add_watch(events_, folder_.c_str(), kEvents | IN_ONLYDIR);
}

bool FolderWatch::take_events() {
  alignas(inotify_event) char bytes[16 << 10];
  bool any = false;
  for (ssize_t n = 0; (n = ::read(events_, bytes, sizeof bytes)) > 0; any = true) {
    for (ssize_t at = 0; at < n;) {
      inotify_event event{};
      std::memcpy(&event, bytes + at, sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if (event.wd != watch_ || (event.mask & (kGone | IN_IGNORED)) == 0) continue;
      if ((event.mask & IN_IGNORED) == 0) ::inotify_rm_watch(events_, watch_);
      watch_ = -1;  // another folder may have taken the name
    }
  }
  return any;
}

bool FolderWatch::wait(Duration most, const std::atomic<int>* stop) {
  watch();
  int64_t left = std::max<int64_t>(0, most.micros / 1000);
  do {
    if (stop != nullptr && stop->load() != 0) return false;
    const int slice = static_cast<int>(std::min(left, kCheckEvery));
    pollfd one{events_, POLLIN, 0};  // a negative descriptor is passed over
    if (::poll(&one, 1, slice) > 0 && take_events()) return true;
    left -= slice;
  } while (left > 0);
  return false;
}

}  // namespace kubevigil
