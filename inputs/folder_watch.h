// FolderWatch: waits until something happens in a folder (inotify), or a time is over. Only a hint: mounts, network
// file systems and a full table of watches give no events, so whoever waits looks again after each return. One thread.
#pragma once

#include <atomic>
#include <string>

#include "engine/base/timestamp.h"

namespace kubevigil {

class FolderWatch {
 public:
  explicit FolderWatch(std::string folder);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // Looks at `stop` ten times a second; it may be null. True: something happened since the last return.
  bool wait(Duration most, const std::atomic<int>* stop);
  bool watching() const { return watch_ >= 0; }

 private:
  void watch();
  bool take_events();

  std::string folder_;
  int events_ = -1;
  int watch_ = -1;
};

}  // namespace kubevigil
