// Reminding: a sink's Reminders over time: what is due is asked for every kRemindEvery, and kept in a ReminderFile
// every kKeepEvery while it changes. What a crash took is read from the journal again.
// One thread. Errors are texts to be said; reminding goes on without the file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/run/journal.h"
#include "engine/run/output.h"
#include "engine/run/reminder_file.h"

namespace kubevigil {

inline constexpr Duration kRemindEvery = Duration::seconds(10);
inline constexpr Duration kKeepEvery = Duration::seconds(10);  // much less than the time between two snapshots

class Reminding {
 public:
  // `path` "": nothing is kept.
  Reminding(std::unique_ptr<Reminders> reminders, Disk& disk, const Env& env, std::string path);

  // At a start, before anything else: what the file holds, and the alerts of the journal behind it up to `cursor`.
  // `wanted`: the encoding whose revisions count. Why something is missing; "" when nothing is.
  std::string recall(const Journal& journal, uint64_t cursor, const Encoding& wanted);
  void delivered(const Alert& alert);
  // What to send now; empty when it is not time.
  std::vector<Alert> due(size_t most);
  // Writes the file when it is time, or `now`. Why that failed; "" when it did not.
  std::string keep(uint64_t sequence, bool now);
  // On Env::monotonic(): when due() or keep() has something to do.
  Duration next() const;

 private:
  std::unique_ptr<Reminders> reminders_;
  const Env& env_;
  std::optional<ReminderFile> file_;
  bool changed_ = false;  // since the file was written
  Duration next_due_{}, next_keep_{};
};

}  // namespace kubevigil
