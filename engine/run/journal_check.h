// JournalCheck: what a journal's inputs give when they are run again, held against the alerts that it holds, byte for
// byte. An observer of recovery (live_recovery.h), for `replay --journal`.
//
// Everything is given on in the journal's order: alerts as they were derived now, and the alerts about the program
// itself (self_alert.h) as they stand in the journal, where they stand. Differences are
//   * an alert that follows and is not there, or is there and does not follow, or in another order
//   * the same (id, revision) with another body: the first place where the texts differ
// Alerts that the journal's last entry lacks are none: the program was stopped before they were written, and its next
// start writes them. Nothing is held against entries of another version, or where state or records are lost.
//
// One thread.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "engine/run/live_recovery.h"

namespace kubevigil {

class JournalCheck final : public RecoveryObserver {
 public:
  using Give = std::function<void(const Alert&)>;
  explicit JournalCheck(Give give) : give_(std::move(give)) {}

  void derived(uint64_t entry, const std::vector<Alert>& alerts, bool comparable) override;
  void journaled(uint64_t entry, const JournalAlert& alert) override;
  // The journal ended.
  void finish();

  struct Counts {
    uint64_t given = 0, self = 0;
    uint64_t same = 0;       // alerts, byte for byte
    uint64_t different = 0;  // of any kind
    uint64_t unwritten = 0;  // that the last entry lacks
    uint64_t not_compared = 0;
  };
  const Counts& counts() const { return counts_; }
  // One line each, printable; the first kKept of them.
  static constexpr size_t kKept = 20;
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  void give(const Alert& alert);
  void differ(std::string text);
  void settle();

  const Give give_;
  uint64_t entry_ = 0;  // that waiting_ follows from
  bool comparable_ = false;
  std::deque<Alert> waiting_;  // derived, and not met in the journal yet
  Counts counts_;
  std::vector<std::string> differences_;
};

}  // namespace kubevigil
