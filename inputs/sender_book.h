// SenderBook: what is learned about each sender of the webhook: how much it sends, how late, how often it sends the
// same again, why it was refused, and whether it has fallen silent. And who knocked without being allowed in.
//
//   SenderBook book(env, {});
//   receiver     book.showed(key, end of its certificate), book.took(key, bytes, fingerprint), book.refused(key,
//   reason), book.turned_away(peer, refusal, path) intake       book.events_read(key, events, newest stage time,
//   arrival, duplicates)   once a body was judged at a start   book.expect(key)             a sender of the last life:
//   if it does not come back, it is silent every second for (const SenderNotice& notice : book.review()) -> self-alert
//   source_silent, unknown_sender metrics, API book.totals(), book.sums(), book.senders(), book.strangers()
//
// Silent: a sender with a habit (kHabitGaps gaps between posts, posts within one second being one) that has not posted
// for longer than `idle` and than kSilentGaps times its longest usual gap. Usual is a gap that was not itself a
// silence; the longest of the last kHabitGaps counts. Told once; when it posts again, that is told, too. Measured on
// the monotonic clock: a machine whose date jumps has no silent senders.
//
// Retries: a body of the same length and checksum for the same cluster within ten minutes (up to twenty), from whatever
// address; of the last limits::kBodiesRemembered bodies at least. A figure, not a decision: duplicates are recognised
// event by event.
//
// Bounds: limits::kSenders and kStrangers; the one not seen for longest leaves, counted. Sums by cluster and credential
// stay for ever; beyond kSenders of these pairs they are summed as "other". All threads.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/base/env.h"
#include "engine/net/credentials.h"

namespace kubevigil {

struct SenderKey {
  std::string cluster;
  std::string credential;
  std::string peer;  // address
  auto operator<=>(const SenderKey&) const = default;
};

// Why a body of a sender who may post was not taken.
enum class WebhookRefusal : uint8_t {
  Paused,    // 429: told to (the disk is full, shutdown)
  Busy,      // 429: too much is on its way to the disk
  Budget,    // 429: the spool is full
  DiskFull,  // 429
  TooLong,   // 413
  Broken,    // 503: the spool's disk has failed
};
inline constexpr size_t kWebhookRefusals = 6;
inline constexpr size_t kSenderRefusals = 7;  // of Refusal, engine/net/credentials.h
std::string_view to_text(WebhookRefusal refusal);

struct SenderFacts {
  SenderKey key;
  uint64_t bodies = 0;
  uint64_t bytes = 0;
  uint64_t events = 0;
  uint64_t duplicates = 0;  // of these: had been judged before, from whatever sender
  uint64_t retries = 0;     // bodies that had been taken before
  std::array<uint64_t, kWebhookRefusals> refused{};
  double events_per_second = 0;               // over about a minute
  std::optional<Duration> latency;            // of a batch: arrival less its newest stage time; a moving average
  Duration latency_longest{};                 // since the start
  std::optional<Timestamp> heard;             // the last body; nothing: expected only
  std::optional<Timestamp> certificate_ends;  // of the client certificate that it showed last
  Duration usual_gap{};                       // zero: no habit yet
  bool silent = false;
  uint64_t silences = 0;       // so far, with the present one
  Duration longest_silence{};  // of those that are over
};

// All senders of a cluster and credential together, those that are forgotten included.
struct SenderSums {
  std::string cluster, credential;
  uint64_t bodies = 0, bytes = 0, events = 0, duplicates = 0, retries = 0, silences = 0;
  std::array<uint64_t, kWebhookRefusals> refused{};
};

// An address that was answered 401.
struct StrangerFacts {
  std::string peer;
  std::array<uint64_t, kSenderRefusals> refused{};
  Timestamp seen;
  std::string path;  // the last one asked for, printable
};

struct SenderNotice {
  enum class Kind : uint8_t {
    Silent,  // `lasts`: for how long now
    Heard,   // again, after `lasts`
    Unknown  // somebody tries tokens, certificates or other people's clusters: `refusal`, `path`, key.peer
  };
  Kind kind = Kind::Silent;
  SenderKey key;
  Duration lasts{};
  Refusal refusal = {};
  std::string path = {};
};

struct SenderTotals {
  uint64_t bodies = 0, bytes = 0, events = 0, retries = 0;
  std::array<uint64_t, kWebhookRefusals> refused{};
  std::array<uint64_t, kSenderRefusals> turned_away{};
  uint64_t forgotten = 0;  // senders
  uint64_t strangers_forgotten = 0;
  uint64_t notices_dropped = 0;  // nobody reviewed
};

struct SenderBookOptions {
  Duration idle = Duration::seconds(75);  // inputs.webhook.idle-after
};

class SenderBook {
 public:
  static constexpr size_t kHabitGaps = 20;
  static constexpr int64_t kSilentGaps = 4;

  SenderBook(const Env& env, SenderBookOptions options) : env_(env), options_(options) {}

  void took(const SenderKey& key, uint64_t bytes, uint64_t fingerprint);
  void refused(const SenderKey& key, WebhookRefusal reason);
  void showed(const SenderKey& key, Timestamp certificate_ends);
  void turned_away(const std::string& peer, Refusal refusal, std::string_view path);
  void events_read(const SenderKey& key, uint64_t events, std::optional<Timestamp> newest, Timestamp arrival,
                   uint64_t duplicates = 0);
  void expect(const SenderKey& key);

  std::vector<SenderNotice> review();

  SenderTotals totals() const;
  std::vector<SenderSums> sums() const;          // by cluster and credential
  std::vector<SenderFacts> senders() const;      // by key
  std::vector<StrangerFacts> strangers() const;  // by address

 private:
  struct Sender {
    SenderFacts facts;
    Duration touched{};  // monotonic, as all below
    Duration posted{};
    std::array<int64_t, kHabitGaps> gaps{};  // seconds, a ring
    size_t gap_count = 0;
    bool expected = false;
    double rate = 0;
    Duration rated{};

    int64_t longest_gap() const;
    Duration silent_after(Duration idle) const;
  };
  struct Stranger {
    StrangerFacts facts;
    Duration touched{};
  };

  Sender& sender(const SenderKey& key, Duration now);
  SenderSums& sums_of(const SenderKey& key);
  void count_gap(Sender& one, Duration now);
  bool is_retry(const std::string& cluster, uint64_t bytes, uint64_t fingerprint, Duration now);
  void notify(SenderNotice notice);
  static double rate_at(const Sender& one, Duration now);

  const Env& env_;
  const SenderBookOptions options_;
  mutable std::mutex mutex_;  // of what follows
  std::map<SenderKey, Sender> senders_;
  std::map<std::pair<std::string, std::string>, SenderSums> sums_;
  std::map<std::string, Stranger> strangers_;
  std::unordered_set<uint64_t> bodies_, older_bodies_;  // two generations of ten minutes
  Duration generation_{};
  std::vector<SenderNotice> notices_;
  SenderTotals totals_;
};

}  // namespace kubevigil
