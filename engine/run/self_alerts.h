// SelfAlerts: whoever sees something wrong says so here, as often as it likes; what comes out is one alert a subject
// in five minutes.
//
//   Moment  the first raise is an alert at once; raises in the five minutes behind an alert are folded into the next
//           one, which says how many they were and what the last one was.
//   State   the first raise opens an alert; clear() closes it under the same id with revision 2, but not before it was
//           open for five minutes: what comes and goes is one alert, not a hundred. Raises of what is open are counted.
//
// Times are handed in (one wall clock; a step back makes what waits due). Alerts come out of due() in the order
// (kind, cluster, subject); the caller, one thread, appends them to the journal.
//
// Bounds: limits::kSelfAlertSubjects of a kind; raises about further ones share the alert of a subject "(others)",
// which lasts for a moment only. Subjects are forgotten when nothing of them is open or was sent in five minutes.
//
// Threads: all. No I/O, no waiting.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "engine/run/self_alert.h"

namespace kubevigil {

inline constexpr Duration kSelfAlertEvery = Duration::minutes(5);

struct SelfAlertEvent {
  SelfAlertKind kind{};
  std::string cluster, subject, detail;
  Timestamp time;
};

struct SelfAlertCounts {
  std::array<uint64_t, kSelfAlertKinds> raised = {};  // by kind
  uint64_t sent = 0, folded = 0, others = 0;
};

class SelfAlerts {
 public:
  SelfAlerts(std::string instance, uint64_t nonce) : instance_(std::move(instance)), nonce_(nonce) {}

  void raise(const SelfAlertEvent& event);
  // The state is over; nothing where it was not raised.
  void clear(const SelfAlertEvent& event);

  // What is to be journaled now. Call it about every second.
  std::vector<Alert> due(Timestamp now);
  // What was raised about this subject and not told of yet, now, however young its last alert is: for a caller that
  // must have it in the journal before what it writes next.
  std::vector<Alert> due_at_once(SelfAlertKind kind, const std::string& cluster, const std::string& subject,
                                 Timestamp now);
  // At an orderly end: everything folded, and states closed, since nobody will watch them.
  std::vector<Alert> finish(Timestamp now);
  // From snapshot and journal at a start, in their order: states that the last life left open. They go on under their
  // ids when they are raised again within five minutes, else they are closed.
  void adopt(const Alert& alert, Timestamp now);

  // States that were told of and are not closed yet; what a snapshot keeps for adopt().
  std::vector<Alert> open() const;
  SelfAlertCounts counts() const;

 private:
  using Key = std::tuple<SelfAlertKind, std::string, std::string>;  // kind, cluster, subject
  struct Subject {
    uint64_t folded = 0;  // raises that no alert has told of yet
    Timestamp first, last;
    std::string detail;  // of the last raise, or of clear()
    std::optional<Timestamp> sent;
    std::optional<Alert> open;  // a state that was told of
    uint64_t count = 0;         // raises of the open one
    bool over = false, others = false;
  };

  Subject* find_or_add(const SelfAlertEvent& event);
  std::vector<Alert> collect(Timestamp now, bool all);
  void send(const Key& key, Subject& subject, Timestamp now, std::vector<Alert>& out);
  static void close(Subject& subject, Timestamp now, std::vector<Alert>& out);

  const std::string instance_;
  const uint64_t nonce_;
  mutable std::mutex mutex_;  // of what follows
  std::map<Key, Subject> subjects_;
  std::array<size_t, kSelfAlertKinds> of_kind_ = {};
  uint64_t number_ = 0;
  SelfAlertCounts counts_;
};

}  // namespace kubevigil
