#include "tests/support/api_server_client.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace kubevigil::test {
namespace {

HttpClientOptions http_options(const ApiServerOptions& options) {
  HttpClientOptions http;
  http.url = options.url;
  http.tls = options.tls;
  http.connect_timeout = http.request_timeout = options.request_timeout;
  http.resend = false;
  return http;
}

Duration plus(Duration a, Duration b) { return {a.micros + b.micros}; }

}  // namespace

ApiServerClient::ApiServerClient(ApiServerOptions options)
    : options_(std::move(options)),
      agenda_(options_.pace),
      pool_(http_options(options_), options_.headers),
      tokens_(options_.burst) {}

void ApiServerClient::offer(Duration when, std::string event) {
  const std::lock_guard hold(mutex_);
  to_come_.emplace(when, events_.size());
  events_.push_back(std::move(event));
  agenda_.add(when, [this] { occur(); });
}

// The jobs of one moment run side by side: whichever comes first brings the event that was offered first.
void ApiServerClient::occur() {
  const std::lock_guard hold(mutex_);
  const size_t event = to_come_.extract(to_come_.begin()).value().second;
  if (buffer_.size() >= options_.buffer_events) {
    overflowed_.push_back(event);
    return;
  }
  buffer_.push_back(event);
  pump();
}

// The collecting loop of the buffered backend, as far as it comes now.
void ApiServerClient::pump() {
  while (!throttled_ && !buffer_.empty()) {
    if (collected_.empty()) {
      // The timer runs since the last batch was closed, and begins again when it found nothing.
      const Duration idle = agenda_.now() - collecting_since_;
      const int64_t rounds = options_.max_wait.micros == 0 ? 0 : idle.micros / options_.max_wait.micros;
      collecting_since_ = {collecting_since_.micros + rounds * options_.max_wait.micros};
      agenda_.add(plus(collecting_since_, options_.max_wait), [this, mine = ++collection_] {
        const std::lock_guard hold(mutex_);
        if (mine != collection_ || throttled_ || collected_.empty()) return;
        close_batch();
        pump();
      });
    }
    while (!buffer_.empty() && collected_.size() < options_.max_size) {
      collected_.push_back(buffer_.front());
      buffer_.pop_front();
    }
    if (collected_.size() < options_.max_size) return;
    close_batch();
  }
}

// Waits for a token (nobody collects in the meantime), then sends.
void ApiServerClient::close_batch() {
  ++collection_;
  if (options_.qps > 0) {
    const Duration now = agenda_.now();
    const double refill = static_cast<double>((now - tokens_at_).micros) / 1e6 * options_.qps;
    tokens_ = std::min(options_.burst, tokens_ + refill) - 1;
    tokens_at_ = now;
    if (tokens_ < 0) {
      throttled_ = true;
      const Duration wait{static_cast<int64_t>(std::ceil(-tokens_ / options_.qps * 1e6))};
      return agenda_.add(plus(now, wait), [this] {
        const std::lock_guard hold(mutex_);
        throttled_ = false;
        dispatch();
        pump();
      });
    }
  }
  dispatch();
}

void ApiServerClient::dispatch() {
  SentBatch& batch = batches_.emplace_back();
  batch.events = std::exchange(collected_, {});
  batch.closed = collecting_since_ = agenda_.now();
  batch.body = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)";
  for (const size_t event : batch.events) batch.body.append(std::exchange(events_[event], {})).push_back(',');
  batch.body.back() = ']';
  batch.body += "}\n";
  agenda_.add(batch.closed, [this, &batch] { try_once(batch, {}); });
}

void ApiServerClient::try_once(SentBatch& batch, Attempt attempt) {
  const PostAnswer answer = pool_.post(batch.body);
  ++batch.tries, ++attempt.tries;
  attempt.spent = plus(attempt.spent, kTry);
  batch.error = answer.error;
  batch.taken = answer.taken;
  if (answer.taken) {
    if (!options_.keep_bodies) batch.body = {};
    batch.ended = agenda_.now();
    return;
  }
  const Duration left = options_.context - attempt.spent;
  if (answer.timed_out) return end_attempt(batch, attempt, left);
  if (!answer.retry_after) return end_attempt(batch, attempt, {});
  const Duration wait = Duration::seconds(std::max<int64_t>(0, *answer.retry_after));
  if (attempt.tries > options_.inner_tries || wait >= left) return end_attempt(batch, attempt, std::min(wait, left));
  attempt.spent = plus(attempt.spent, wait);
  agenda_.add(plus(plus(agenda_.now(), wait), kTry), [this, &batch, attempt] { try_once(batch, attempt); });
}

// `rest`: what is still waited for before the attempt is over.
void ApiServerClient::end_attempt(SentBatch& batch, Attempt attempt, Duration rest) {
  const Duration over = plus(plus(agenda_.now(), kTry), rest);
  if (attempt.number + 1 == options_.attempts) {
    batch.ended = over;
    return;
  }
  agenda_.add(plus(over, backoff(batch, attempt.number)), [this, &batch, next = attempt.number + 1] {
    try_once(batch, {next, 0, {}});
  });
}

// wait.Backoff: factor 1.5, jitter 0.2.
Duration ApiServerClient::backoff(const SentBatch& batch, int attempt) const {
  std::mt19937_64 random(options_.seed * 1'000'003 + batch.events.front() * 31 + static_cast<uint64_t>(attempt));
  const double jitter = 1 + 0.2 * static_cast<double>(random() % 1'000'000) / 1e6;
  return {static_cast<int64_t>(static_cast<double>(options_.initial_backoff.micros) * std::pow(1.5, attempt) * jitter)};
}

std::vector<size_t> ApiServerClient::taken_events() const {
  std::vector<size_t> all;
  for (const SentBatch& batch : batches_) {
    if (batch.taken) all.insert(all.end(), batch.events.begin(), batch.events.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<size_t> ApiServerClient::dropped_events() const {
  std::vector<size_t> all = overflowed_;
  for (const SentBatch& batch : batches_) {
    if (!batch.taken) all.insert(all.end(), batch.events.begin(), batch.events.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace kubevigil::test
