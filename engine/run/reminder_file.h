// ReminderFile: what a sink's Reminders hold, over restarts. Without it an alert that fires when the program restarts
// would end in an Alertmanager before its time, and one that ended would fire on.
//
// Bytes: lines, each with a newline
//   first   "kubevigil-reminders 1 " N    the alerts up to entry N of the journal are in the file; what came later is
//                                         still in the journal: the file is written more often than that is trimmed
//   others  one alert each (kubevigil.alert/v1)
//
// Written to PATH.new, synced, renamed, its folder synced: old or new, never torn. Errors: the disk's, the old file
// stays. One thread.
#pragma once

#include <string>
#include <vector>

#include "engine/alert/alert.h"
#include "engine/base/disk.h"

namespace kubevigil {

struct KeptReminders {
  uint64_t sequence = 0;
  std::vector<Alert> alerts;
  size_t damaged = 0;  // lines that could not be read
};

class ReminderFile {
 public:
  ReminderFile(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  DiskResult<KeptReminders> load() const;  // nothing when there is no file
  DiskResult<void> save(uint64_t sequence, const std::vector<Alert>& alerts) const;

 private:
  Disk& disk_;
  const std::string path_;
};

}  // namespace kubevigil
