// Sink: one thread that takes alerts out of the journal and delivers them to one consumer.
//
//   journal -> AlertQueue (filter, rate limit) -> Encoding -> framing -> Transport -> outbox cursor
//                                                                `-> DeadLetters
//
// Promise: every durable alert that the filter lets through is delivered at least once, or folded into a digest that
// is, or stands in the dead-letter file with the reason. Behind a crash alerts since the last durable cursor are sent
// again with the same id and revision. A transport with a place (a file) is cut back first, so that it has them once:
// its cursor is on the disk before the next message goes; only while a digest gathers it is not, for a period. Order is
// the journal's, but for alerts that had to be sent again alone. Memory is bounded; what waits, waits in the journal. A
// sink waits for nobody but its own consumer.
//
//   Retry     the same alerts again after BackOff, or when the consumer said. Tries in a row are counted.
//             Given up (dead letter) are alerts that arrived longer than `give_up_after` ago, once the sink has been
//             failing for as long without a break, in this life of the program and those before (kept in the outbox).
//             One alert that fails again and again holds up the others only for kAlone tries: it is then sent alone,
//             and the one behind it, too; when that is taken kPassedBy times while the first is not, the first is
//             given up. (A consumer that breaks on what an attacker wrote must not silence all that follows.)
//   Refused   of several alerts: sent again in halves, down to the one that is meant; that one is a dead letter.
//
// With SinkOptions::in_order nothing passes an alert that fails: whoever keeps a cursor of his own (Kafka, in the same
// transaction) passes over what lies in front of it. One that is refused, or too old, still goes to the dead letters.
//
// What an alert's revisions mean is the encoding's (outputs/README.md). Reminders are sent when they are due; they are
// kept in a file of their own over restarts (reminding.h).
// With a SendGate nothing is sent while it is closed; alerts that the other instance has delivered are passed over.
//
// Threads: start, stop, counters by any; step is the thread's, or a test's that never called start.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/env.h"
#include "engine/run/alert_queue.h"
#include "engine/run/back_off.h"
#include "engine/run/dead_letters.h"
#include "engine/run/framing.h"
#include "engine/run/outbox.h"
#include "engine/run/output.h"
#include "engine/run/reminding.h"
#include "engine/run/send_gate.h"

namespace kubevigil {

inline constexpr Duration kFailingIsSaid = Duration::minutes(1);  // after failing for so long
inline constexpr uint64_t kAlone = 6;                             // failures in a row
inline constexpr uint32_t kPassedBy = 3;
inline constexpr Duration kGiveUpAfter = Duration::hours(24);

// For logs and self-alerts; `text` is one printable line without secrets.
struct SinkNotice {
  enum class Kind : uint8_t {
    Failing,         // for kFailingIsSaid and longer: `sink_failing`; said once
    Recovered,       // after Failing
    DeadLetter,      // alerts were refused or given up
    DeadLetterFile,  // the file cannot be written: the sink waits until it can
    Gap,             // entries of the journal are lost
    Journal,         // the journal cannot be read: tried again
    Reminders,       // their file cannot be read or written
    Note,            // delivered, but not as it should be (Delivery::note)
  };
  Kind kind = Kind::Failing;
  std::string sink;
  std::string text;
};

struct SinkOptions {
  std::string name;
  SinkFilter filter = {};
  RateLimit rate = {};
  BackOffLimits back_off = {};
  Duration give_up_after = kGiveUpAfter;
  DeadLetterOptions dead_letters = {};  // path; the sink's name is put in
  Framing framing = Framing::Lines;     // REQUIRES: the encoding's consumer understands it
  bool in_order = false;
  BodyLimits limits = {};
  std::string reminder_file = {};  // with reminders: where they are kept
};

// All outlive the sink.
struct SinkWorld {
  Journal& journal;
  Outbox& outbox;
  Disk& disk;
  const Env& env;
  SendGate* gate = nullptr;
  std::function<void(const SinkNotice&)> notice = [](const SinkNotice&) {};  // called on the sink's thread
};

struct SinkConnection {
  std::unique_ptr<Encoding> encoding;
  std::unique_ptr<Transport> transport;  // opened with Outbox::place(name)
  std::unique_ptr<Reminders> reminders = {};
};

struct SinkCounters {
  uint64_t delivered = 0;  // alerts
  uint64_t filtered = 0, folded = 0;
  uint64_t retries = 0;   // messages that have to be sent again
  uint64_t refused = 0;   // alerts, into the dead-letter file
  uint64_t given_up = 0;  // the same
  uint64_t reminded = 0;
  uint64_t dead_letter_bytes_lost = 0;  // removed with the old dead-letter file, to stay within its bound
  uint64_t gaps = 0, lost_entries = 0;
  uint64_t lag_entries = 0;                     // of the journal behind the cursor
  std::optional<Timestamp> oldest_undelivered;  // when it arrived; of those read so far
  bool failing = false;                         // the last try failed
  std::string last_error;                       // "" when the last try did not fail
};

class Sink {
 public:
  Sink(const SinkWorld& world, SinkConnection connection, SinkOptions options);
  ~Sink();  // as stop()
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void start();
  void stop();  // interrupts waiting and sending, and ends the thread; for good
  SinkCounters counters() const;
  const std::string& name() const { return options_.name; }
  // Waits until everything up to this entry is dealt with; false: not within `most`, or the sink was stopped, or the
  // other instance sends.
  bool wait_delivered(uint64_t sequence, Duration most) const;

  // Everything that can be done now. Returns how long there is nothing more to do; with `for_journal`, unless the
  // journal grows.
  struct Pause {
    Duration most;
    bool for_journal = false;
  };
  Pause step();

 private:
  enum class Outcome : uint8_t {
    Taken,  // the alerts are dealt with
    Again,  // the message, or some of its alerts, have to be sent again
    Split,  // refused: to be sent in smaller messages
    Stuck,  // dead letters could not be written
  };
  // sink.cpp: what to do when
  void run();
  void pause(const Pause& pause);
  Pause stand_by();
  Pause idle();
  bool fill(bool fold);
  void say_problems();
  void move_cursor(bool now);
  bool cursor_moves() const;
  bool save_place();
  bool keeps_place() const { return !connection_.transport->position().empty(); }
  void publish();
  bool may_send() const { return !stop_ && (world_.gate == nullptr || world_.gate->may_send()); }
  void say(SinkNotice::Kind kind, std::string text) const;
  // sink_delivery.cpp: sending, and what became of it
  void deliver();
  void deliver_alone();
  void remind();
  bool remind(std::span<const Alert> alerts, size_t records);

  std::vector<Message> messages(std::span<const Alert> alerts, size_t records) const;
  std::vector<Message> first_messages(size_t alerts, size_t records) const;
  Outcome send(const Message& message, size_t first);
  Outcome settle(const Delivery& delivery, size_t first, size_t count);
  Outcome settle_items(const Delivery& delivery, size_t first, size_t count);
  void delivered(size_t index);
  void failed(const Delivery& delivery);
  void succeeded();
  void keep_failing_time(Duration failing);
  void give_up_old();
  bool bury(const std::vector<std::pair<size_t, std::string>>& dead, uint64_t SinkCounters::*counter);

  const SinkWorld world_;
  const SinkOptions options_;
  SinkConnection connection_;
  AlertQueue queue_;
  DeadLetters dead_letters_;
  BackOff back_off_;
  std::optional<Reminding> reminding_;
  std::vector<JournalProblem> problems_;  // not dealt with yet
  size_t records_;                        // in one message at most: fewer after a refusal
  uint32_t passed_by_ = 0;                // the first alert of the queue, by those behind it
  Duration not_before_{};                 // the next try
  Duration next_cursor_{};
  uint64_t last_sent_ = 0;   // the highest sequence of an alert that was delivered
  bool place_saved_ = true;  // of a transport with a place: the cursor is on the disk
  Duration failing_kept_{};  // as the outbox has it
  bool failing_said_ = false;
  bool journal_said_ = false;

  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;  // of what follows
  mutable std::condition_variable changed_;
  SinkCounters counters_;
  uint64_t done_up_to_ = 0;
  std::thread thread_;
};

}  // namespace kubevigil
