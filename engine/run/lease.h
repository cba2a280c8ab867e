// Lease: warm standby. Two instances are fed the same stream, each with a data folder of its own; both detect, and one
// sends: the holder of a lease file that both see (lease_file.h). Alert ids follow from the events, so when the other
// takes over, what it sends once more has the ids that the consumer knows already.
//
//   every ttl/3, under an exclusive lock on FILE.lock:
//     holder    writes the file anew (to FILE.new, synced, renamed): it may send for another ttl less a fifth, counted
//               on its monotonic clock from before the write. It stops at once when the file names somebody else, and
//               also when its wall clock has passed `expires` (its machine stood still).
//     standby   takes the lease with the next term when it has seen the same bytes for a whole ttl on its own monotonic
//               clock, or when they say "released". Wall clocks of the two are never compared.
//
// A file that is missing, torn or of an earlier term is free only on the file system on which a lease was last seen. On
// another one (the mount is gone, the folder below it is a local one) it is trouble: neither taken nor renewed. Where
// none was seen yet, it is free only beside the file that both instances have there (LeaseOptions::beside).
//
// With each renewal the holder says how far behind arrival its sinks are. The standby counts back from its own clock,
// takes kMargin off, and moves its cursors up to there (SendGate::settled); at a take-over it sends from there on.
//
// Promised, as long as the lock works and monotonic clocks run at about the same rate (a fifth of the ttl is spare):
//   * no two instances begin to send a message at the same time;
//   * one of two that both reach the file sends again within 2 ttl after the other died, at the next third of a ttl
//     after it has stopped in order;
//   * an alert that both derived is sent by at least one, unless one instance's input is more than kMargin behind the
//     other's (kMargin is also what wall clocks may jump while an alert waits).
// Not promised:
//   * a message that was begun may arrive after the lease has ended; consumers that do not know alerts by their id may
//     get those of the last kMargin, and what the holder had not said yet, twice;
//   * two send when one of them is started for the first time where the mount is missing: it knows of no file that is
//     beside the lease. Have the service manager start it after the mount, or make the folder below unwritable;
//   * nobody sends while neither reaches the file: alerts wait in the journals;
//   * a machine that stood still without its clocks noticing sends until the next renewal;
//   * the same id where the two saw different things: an episode that began before one of them was started with an
//     empty data folder, streams that differ. The key of hashes must be one for both (engine/app/hash_key.h), rules
//     as well.
//
// Threads: all, but tick, which is the thread's, or a test's that never called start.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/disk.h"
#include "engine/base/env.h"
#include "engine/run/lease_file.h"
#include "engine/run/send_gate.h"

namespace kubevigil {

inline constexpr Duration kMargin = Duration::minutes(5);

struct LeaseOptions {
  std::string file;  // its folder must be there
  std::string instance;
  Duration ttl = Duration::seconds(15);
  // Names the file system that the file's folder is on (file_system_of); null: not looked at.
  std::function<uint64_t()> file_system = nullptr;
  // A file that stands beside the lease wherever it is the shared one; "": not looked for.
  std::string beside = {};
};

struct LeaseNotice {
  enum class Kind : uint8_t {
    Taken,      // this instance sends from now on
    Lost,       // it does not any longer
    Trouble,    // the file cannot be read, locked or written; said once
    Recovered,  // after Trouble
  };
  Kind kind = Kind::Taken;
  std::string text;  // one printable line
};

struct LeaseState {
  bool sending = false;
  std::string holder;  // as the file said last; "" when it said nothing
  uint64_t term = 0;
  uint64_t failures = 0;  // rounds in which the file could not be read, locked or written
  uint64_t take_overs = 0;
  std::string last_error;  // "" when the last round went well
};

class Lease : public SendGate {
 public:
  using Notice = std::function<void(const LeaseNotice&)>;  // on the lease's thread

  Lease(Disk& disk, const Env& env, LeaseOptions options, Notice notice);
  ~Lease() override;  // ends the thread, and keeps the lease: as if the program had died

  void start();
  // Ends the thread and gives the lease back. Call when the sinks have stopped.
  void release();
  LeaseState state() const;

  bool may_send() const override;
  void delivered(std::string_view sink, Timestamp up_to) override;
  std::optional<Timestamp> settled(std::string_view sink) const override;

  // One round. Returns how long to wait for the next.
  Duration tick();

 private:
  void run();
  void end_thread();
  Result<void> round();
  Result<void> at_home(const std::optional<LeaseRecord>& record);
  Result<void> renew();
  Result<std::string> read() const;  // "" when there is no file
  DiskResult<void> write(const LeaseRecord& record) const;
  LeaseRecord next_record() const;
  void learn(const LeaseRecord& record);
  void stop_sending(const std::string& why);
  void say(LeaseNotice::Kind kind, std::string text) const;

  Disk& disk_;
  const Env& env_;
  const LeaseOptions options_;
  const Notice notice_;
  const std::string self_;

  // The thread's
  bool holding_ = false;  // the file named us when we saw it last
  uint64_t term_ = 0;     // the highest seen
  uint64_t renewal_ = 0;
  std::optional<std::string> seen_;  // bytes of the file, since:
  Duration seen_since_{};
  std::optional<uint64_t> home_;  // the file system on which a lease was last seen
  bool in_trouble_ = false;

  std::atomic<int64_t> until_ = 0;       // on the monotonic clock
  std::atomic<int64_t> wall_until_ = 0;  // on the wall clock
  mutable std::mutex mutex_;             // of what follows
  std::condition_variable changed_;
  bool stop_ = false;
  LeaseState state_;
  std::map<std::string, Timestamp, std::less<>> settled_;  // by sink, on our wall clock, without the margin
  std::thread thread_;
};

}  // namespace kubevigil
