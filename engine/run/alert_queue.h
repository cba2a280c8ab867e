// AlertQueue: what one sink has read of the journal and not delivered yet: a bounded piece of it; the rest waits on the
// disk. Alerts that the sink is not for are passed over, those above its rate are folded (alert_rate.h).
//
//   queue.fill(env.monotonic(), env.now(), problems);
//   ... send queue.alerts(), queue.done(i) for each that is dealt with ...; queue.forget_done();
//   outbox.delivered(name, queue.done_up_to());
//
// done_up_to() stays in front of the first alert that is neither delivered nor passed over; of a digest that is the
// first alert folded into it. What a crash leaves between is read and sent again.
//
// Of each alert the queue knows when it arrived: the time of the last input or control in front of it in the journal,
// or, when there is none among the 1,000 entries in front of `from` either, the time when it was read.
// One thread; no clock of its own. Journal and encoding outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/run/alert_rate.h"
#include "engine/run/journal.h"
#include "engine/run/output.h"
#include "engine/run/sink_filter.h"

namespace kubevigil {

struct AlertQueueOptions {
  std::string sink;
  SinkFilter filter = {};
  RateLimit rate = {};
  size_t alerts = 500;      // at once
  size_t bytes = 8u << 20;  // of them in the journal
  size_t entries = 10'000;  // looked at in one call
};

// An entry of the journal that is no alert of this schema, or a gap in the journal.
struct JournalProblem {
  uint64_t sequence = 0;
  std::string text;
  std::string body;  // of an entry
};

struct QueueCounts {
  uint64_t filtered = 0;  // not for this sink, or a revision that its consumer does not want
  uint64_t folded = 0;
  uint64_t gaps = 0;
  uint64_t lost_entries = 0;  // in gaps
};

class AlertQueue {
 public:
  AlertQueue(const Journal& journal, uint64_t from, const Encoding& encoding, AlertQueueOptions options);

  // Reads on. False: there may be more to read at once. `fold` false: nothing is folded, and a digest that has begun is
  // closed. Problems are appended; entries among them are passed over once the caller has dealt with them.
  DiskResult<bool> fill(Duration now, Timestamp wall, std::vector<JournalProblem>& problems, bool fold = true);

  std::span<const Alert> alerts() const { return alerts_; }
  uint64_t sequence(size_t index) const { return places_[index].sequence; }
  Timestamp arrived(size_t index) const { return places_[index].arrived; }
  void done(size_t index) { places_[index].done = true; }
  bool is_done(size_t index) const { return places_[index].done; }
  void forget_done();

  // Everything up to this entry is dealt with.
  uint64_t done_up_to() const;
  // Everything that arrived up to this moment is dealt with; nullopt: not known yet.
  std::optional<Timestamp> settled() const;
  // When the oldest alert that is not dealt with arrived; nullopt: there is none so far.
  std::optional<Timestamp> oldest() const;
  uint64_t position() const { return reader_.position(); }
  std::optional<Duration> digest_due() const { return rate_.digest_due(); }
  const QueueCounts& counts() const { return counts_; }

 private:
  struct Place {
    uint64_t sequence = 0;
    Timestamp arrived;
    size_t bytes = 0;
    bool done = false;
  };
  void take(const JournalEntry& entry, Duration now, Timestamp wall, bool fold, std::vector<JournalProblem>& problems);
  void push(Alert alert, Place place);
  void push_digest();

  const Encoding& encoding_;
  const AlertQueueOptions options_;
  JournalReader reader_;
  AlertRate rate_;
  std::vector<Alert> alerts_;
  std::vector<Place> places_;  // of alerts_
  size_t bytes_ = 0;
  const std::optional<Timestamp> arrived_before_;  // of the last input or control in front of `from`
  std::optional<Timestamp> arrived_;               // of the last one read
  std::optional<Place> first_folded_;              // of the digest that has begun
  QueueCounts counts_;
};

}  // namespace kubevigil
