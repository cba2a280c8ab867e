// ApiServerClient: sends audit events as kube-apiserver's webhook backend does (--audit-webhook-mode=batch): what it
// does with our answers decides what is lost. After kubernetes/apiserver plugin/pkg/audit/buffered, pkg/util/webhook
// and client-go; one answer: api_server_post.h.
//
//   ApiServerClient client({.url = ..., .headers = {bearer}});
//   client.offer(Duration::seconds(1), R"({"kind":"Event",...})");       a moment of the client's own clock
//   client.at(Duration::seconds(30), [&] { receiver.set_accepting(false, "down"); });
//   client.run();                                    until every event was taken or dropped
//   client.batches(), client.overflowed()
//
// Batches: up to max_size events, or what there is when max_wait is over since the last batch was closed; each on its
// own, at most qps a second and burst at once. A buffer that is full drops events.
// Ladder: attempts at most, with initial_backoff x 1.5 x (1 to 1.2) between; in an attempt up to inner_tries more while
// answers carry Retry-After, within `context`; then the batch is dropped.
//
// The clock is an Agenda's: without a pace hours cost nothing; a try then takes kTry of it, and one that times out (by
// the wall clock) the whole context.
#pragma once

#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/agenda.h"
#include "tests/support/api_server_post.h"

namespace kubevigil::test {

struct ApiServerOptions {
  Url url;
  TlsFiles tls = {};
  HttpHeaders headers = {};  // Authorization

  size_t buffer_events = 10'000;
  size_t max_size = 400;
  Duration max_wait = Duration::seconds(30);
  double qps = 10;  // 0: no throttle
  double burst = 15;

  int attempts = 5;
  Duration initial_backoff = Duration::seconds(10);
  int inner_tries = 10;
  Duration context = Duration::seconds(30);

  uint64_t seed = 1;  // of the jitter
  double pace = 0;    // seconds of the wall clock a second takes
  size_t threads = 8;
  Duration request_timeout = Duration::seconds(60);  // wall clock, for one try
  bool keep_bodies = true;                           // false: SentBatch::body is empty once it was taken
};

struct SentBatch {
  std::vector<size_t> events;  // by the order of offer()
  std::string body;
  int tries = 0;
  bool taken = false;  // else dropped
  std::string error;   // the last one
  Duration closed{}, ended{};
};

class ApiServerClient {
 public:
  static constexpr Duration kTry{1000};

  explicit ApiServerClient(ApiServerOptions options);

  // Before run(), or out of at(): an event that occurs at that moment.
  void offer(Duration when, std::string event);
  void at(Duration when, std::function<void()> call) { agenda_.add(when, std::move(call)); }
  void run() { agenda_.run(options_.threads); }
  Duration now() const { return agenda_.now(); }

  // After run().
  const std::deque<SentBatch>& batches() const { return batches_; }
  const std::vector<size_t>& overflowed() const { return overflowed_; }  // events that the buffer had no room for
  std::vector<size_t> taken_events() const;
  std::vector<size_t> dropped_events() const;  // with their batch, or by the buffer

 private:
  struct Attempt {
    int number = 0;
    int tries = 0;
    Duration spent{};
  };

  void occur();
  void pump();
  void close_batch();
  void dispatch();
  void try_once(SentBatch& batch, Attempt attempt);
  void end_attempt(SentBatch& batch, Attempt attempt, Duration rest);
  Duration backoff(const SentBatch& batch, int attempt) const;

  const ApiServerOptions options_;
  Agenda agenda_;
  PostPool pool_;
  std::mutex mutex_;  // of what follows
  std::vector<std::string> events_;
  std::set<std::pair<Duration, size_t>> to_come_;  // when, and which of events_
  std::deque<size_t> buffer_;
  std::vector<size_t> collected_;
  std::deque<SentBatch> batches_;
  std::vector<size_t> overflowed_;
  Duration collecting_since_{}, tokens_at_{};
  double tokens_;
  uint64_t collection_ = 0;  // which one a timer is for
  bool throttled_ = false;
};

}  // namespace kubevigil::test
