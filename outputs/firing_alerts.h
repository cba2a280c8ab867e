// FiringAlerts: what an Alertmanager has to hear again. It keeps alerts in memory only, so a client sends those that
// fire over and over, and the resolved form for a while (docs/alerts_api.md). A sink of that encoding holds one of
// these beside its outbox: it tells of every revision that was delivered, and sends what is due, in messages of their
// own.
//
// An alert fires until `expiry` after its last event, as its record says (outputs/alertmanager.cpp). Of alerts with the
// same dedup_key, which have the same labels, only the last counts: the end of the one before must not resolve it.
// After a restart the set is empty: tell it of what all() said before (engine/run/reminder_file.h).
// Pure; one thread. Bounded by kFiringBytes: the alerts longest silent are forgotten first, counted in forgotten();
// they fire on in an Alertmanager that runs on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/run/output.h"

namespace kubevigil {

inline constexpr Duration kSendAgain = Duration::minutes(1);
inline constexpr Duration kSendResolved = Duration::minutes(5);
inline constexpr size_t kFiringBytes = 16u << 20;  // of alerts as JSON, about what they take in memory

class FiringAlerts : public Reminders {
 public:
  explicit FiringAlerts(Duration expiry, size_t most_bytes = kFiringBytes) : expiry_(expiry), most_bytes_(most_bytes) {}

  // `alert` was delivered at `now`. An older revision than the one that is known changes nothing.
  void delivered(const Alert& alert, Timestamp now) override;
  // Fires until `expiry` after its last event only: found late it was in the life that delivered it, not in this one.
  void recalled(const Alert& alert, Timestamp now) override;
  // What to send now, longest waiting first, at most `most`; each is due again after kSendAgain, sent or not.
  std::vector<Alert> due(Timestamp now, size_t most) override;
  std::vector<Alert> all() const override;

  size_t size() const { return alerts_.size(); }
  uint64_t forgotten() const { return forgotten_; }

 private:
  struct Entry {
    Alert alert;
    size_t bytes = 0;
    Timestamp heard;  // when its last revision was delivered
    Timestamp next;   // when it is due
  };
  void keep(const Alert& alert, Timestamp heard, Timestamp now);
  bool is_over(const Entry& entry, Timestamp now) const;
  void keep_to_bytes();

  Duration expiry_;
  size_t most_bytes_;
  std::map<std::string, Entry, std::less<>> alerts_;  // by dedup_key, else id
  size_t bytes_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace kubevigil
