// Recovery: the state that the last life of the program had, from its newest whole snapshot and the journal behind it.
//
// The journal's inputs are read and judged again in its order, under the rules that it names, and the alerts that come
// of them are compared with the ones that it holds: a self-test of every start. Entries that are written for this:
//   control "start"   detail: version of the program. The first entry of each life, behind what recovery had to add
//   control "rules"   detail: hash of a bundle, in force from here on. Behind "start" where there is no state yet
//   control "idle"    source: name of a stream that holds the watermark no longer
//   control "position"  source: name of an input, detail: how far it was read. Behind each snapshot, with "rules": so
//                     a journal that was trimmed says of all inputs where they stand, also of silent ones
// Each life appends the alerts that the last one derived and did not journal any more (`missing`) before its "start".
//
// A snapshot that is damaged, or whose note or state is of no use, is passed over for the older one, behind which the
// journal is there, too; nothing is lost then. Where there is none, the state begins empty, at the newest positions
// that a note or the journal knows.
//
// On a difference the journal's alerts win: they stay, and no other is sent; it is counted and found
// (RecoveryMismatch). Nothing is compared behind another version's "start", behind a hole in the journal, when state
// or rules are lost, or under rules that are not as they were (LiveRules::as_then). Records that are gone (a log file
// was removed) are found as InputGap, the entry is passed over, and the state is degraded: all goes on.
//
// Errors: the disk cannot be read; stop and try again at a restart. One thread, no clock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/run/journal.h"
#include "engine/run/live_core.h"
#include "engine/run/self_alert.h"
#include "engine/run/snapshot_store.h"

namespace kubevigil {

inline constexpr const char* kControlStart = "start";
inline constexpr const char* kControlRules = "rules";
inline constexpr const char* kControlIdle = "idle";
inline constexpr const char* kControlPosition = "position";

struct RecoveryFinding {
  SelfAlertKind kind{};
  std::string subject, detail;
};

struct RecoveryReport {
  bool from_snapshot = false;
  uint64_t first = 0, end = 0;  // of the journal's entries that were processed again
  uint64_t inputs = 0, records = 0, lost_records = 0;
  uint64_t compared = 0;   // alerts
  uint64_t different = 0;  // that only the journal has, or only the re-run
  bool degraded = false;   // the state is not what it was
  std::vector<RecoveryFinding> findings;
  std::vector<Alert> self_alerts;  // open at the snapshot, then the journal's, in its order
};

struct Recovered {
  std::unique_ptr<LiveCore> core;
  std::vector<Alert> missing;   // to be journaled
  std::set<std::string> rules;  // hashes that the processed entries name
  RecoveryReport report;
};

// Hears of everything in the journal's order: journal_check.h.
class RecoveryObserver {
 public:
  virtual ~RecoveryObserver() = default;
  // What follows from an input or control. `comparable`: the journal should say the same behind it.
  virtual void derived(uint64_t entry, const std::vector<Alert>& alerts, bool comparable) = 0;
  virtual void journaled(uint64_t entry, const JournalAlert& alert) = 0;
};

struct RecoverySources {
  const Journal& journal;
  SnapshotStore& snapshots;
  LoadRules load_rules;
  std::shared_ptr<const LiveRules> present;  // when nothing says which rules were in force
  std::string version;                       // of this program
  const std::atomic<int>* stop = nullptr;    // not zero: give up, with an error
  bool from_oldest = false;                  // from the older snapshot or the first entry, whatever is there
  RecoveryObserver* observer = nullptr;
  // An input that is needed cannot be read now, and why; about once a second until it can.
  std::function<void(const std::string& input, const std::string& why)> waiting = {};
};

Result<Recovered> recover(const RecoverySources& sources);

}  // namespace kubevigil
