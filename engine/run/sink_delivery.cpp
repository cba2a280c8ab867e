// Sending, and what became of it.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/run/sink.h"

namespace kubevigil {
namespace {

constexpr Duration kDeadLetterAgain = Duration::seconds(5);  // after an error of the dead-letter file
constexpr Duration kFailingKept = Duration::minutes(1);      // how often the time of failing goes to the disk
constexpr size_t kReasonBytes = 500;

Duration after_wait(Duration now, Duration wait) { return {now.micros + wait.micros}; }

}  // namespace

std::vector<Message> Sink::messages(std::span<const Alert> alerts, size_t records) const {
  BodyLimits limits = options_.limits;
  limits.records = records;
  return bodies(*connection_.encoding, options_.framing, alerts, limits);
}

// Of the first alerts of the queue.
std::vector<Message> Sink::first_messages(size_t alerts, size_t records) const {
  std::vector<Message> out = messages(queue_.alerts().first(alerts), records);
  size_t index = 0;
  for (Message& message : out) {
    for (const size_t end = index + message.alerts.size(); index < end; ++index) {
      message.places.push_back({queue_.sequence(index), queue_.arrived(index)});
    }
  }
  return out;
}

void Sink::deliver() {
  size_t first = 0;
  for (const Message& message : first_messages(queue_.alerts().size(), records_)) {
    const size_t count = message.alerts.size();
    if (!may_send() || send(message, first) != Outcome::Taken) break;
    first += count;
  }
  queue_.forget_done();
  if (back_off_.failing_for(world_.env.monotonic()) >= options_.give_up_after) give_up_old();
}

// The first alert has failed again and again: is it the consumer, or the alert?
void Sink::deliver_alone() {
  const auto two = first_messages(std::min<size_t>(queue_.alerts().size(), 2), 1);
  if (send(two[0], 0) == Outcome::Again && two.size() > 1 && may_send()) {
    const std::string reason = counters().last_error;
    const Delivery next = connection_.transport->send(two[1]);
    const bool taken = next.kind != Delivery::Kind::Retry && settle(next, 1, 1) == Outcome::Taken;
    if (taken && ++passed_by_ >= kPassedBy &&
        bury({{0, "it fails again and again while others are taken: " + reason}}, &SinkCounters::given_up)) {
      succeeded();
    }
  }
  queue_.forget_done();
  if (back_off_.failing_for(world_.env.monotonic()) >= options_.give_up_after) give_up_old();
}

void Sink::remind() {
  const std::vector<Alert> alerts = reminding_->due(options_.limits.records);
  remind(alerts, options_.limits.records);
}

// False: not now. Refused messages go again in halves, as for the first time; what is then refused alone was so before.
bool Sink::remind(std::span<const Alert> alerts, size_t records) {
  for (const Message& message : messages(alerts, records)) {
    if (!may_send()) return false;
    const Delivery delivery = connection_.transport->send(message);
    const size_t count = message.alerts.size();
    if (delivery.kind == Delivery::Kind::Retry && !stop_) failed(delivery);
    if (delivery.kind == Delivery::Kind::Retry) return false;
    if (delivery.kind == Delivery::Kind::Refused && count > 1 && !remind(message.alerts, count / 2)) return false;
    if (delivery.kind != Delivery::Kind::Delivered) continue;
    succeeded();
    const std::lock_guard hold(mutex_);
    counters_.reminded += count;
  }
  return true;
}

Sink::Outcome Sink::send(const Message& message, size_t first) {
  const Outcome outcome = settle(connection_.transport->send(message), first, message.alerts.size());
  if (outcome == Outcome::Taken) succeeded();
  if (outcome == Outcome::Taken) move_cursor(true);
  return place_saved_ ? outcome : Outcome::Stuck;
}

Sink::Outcome Sink::settle(const Delivery& delivery, size_t first, size_t count) {
  if (!delivery.note.empty()) say(SinkNotice::Kind::Note, delivery.note);
  switch (delivery.kind) {
    case Delivery::Kind::Retry:
      if (!stop_) failed(delivery);
      return Outcome::Again;
    case Delivery::Kind::Refused:
      if (count > 1) {
        records_ = count / 2;
        return Outcome::Split;
      }
      return bury({{first, delivery.reason}}, &SinkCounters::refused) ? Outcome::Taken : Outcome::Stuck;
    case Delivery::Kind::Delivered:
      break;
  }
  return settle_items(delivery, first, count);
}

Sink::Outcome Sink::settle_items(const Delivery& delivery, size_t first, size_t count) {
  std::vector<std::pair<size_t, std::string>> dead;
  std::vector<bool> apart(count, false);
  const Delivery::Item* again = nullptr;
  for (const Delivery::Item& item : delivery.items) {
    if (item.index >= count || item.kind == Delivery::Kind::Delivered) continue;
    apart[item.index] = true;
    if (item.kind == Delivery::Kind::Refused) dead.emplace_back(first + item.index, item.reason);
    if (item.kind == Delivery::Kind::Retry) again = &item;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!apart[i]) delivered(first + i);
  }
  if (!bury(dead, &SinkCounters::refused)) return Outcome::Stuck;
  if (again == nullptr) return Outcome::Taken;
  failed({Delivery::Kind::Retry, again->reason, delivery.retry_after});
  return Outcome::Again;
}

void Sink::delivered(size_t index) {
  queue_.done(index);
  last_sent_ = std::max(last_sent_, queue_.sequence(index));
  if (reminding_) reminding_->delivered(queue_.alerts()[index]);
  const std::lock_guard hold(mutex_);
  ++counters_.delivered;
}

void Sink::succeeded() {
  back_off_.succeeded();
  keep_failing_time({});
  passed_by_ = 0;
  records_ = std::min(records_ * 2, std::max<size_t>(options_.limits.records, 1));
  {
    const std::lock_guard hold(mutex_);
    counters_.failing = false;
    counters_.last_error.clear();
  }
  if (std::exchange(failing_said_, false)) say(SinkNotice::Kind::Recovered, "alerts are delivered again");
}

void Sink::failed(const Delivery& delivery) {
  const std::string reason = cut_to_bytes(printable(delivery.reason), kReasonBytes);
  const Duration now = world_.env.monotonic();
  not_before_ = after_wait(now, back_off_.failed(now, delivery.retry_after, world_.env.random()));
  {
    const std::lock_guard hold(mutex_);
    ++counters_.retries;
    counters_.failing = true;
    counters_.last_error = reason;
  }
  keep_failing_time(back_off_.failing_for(now));
  if (back_off_.failing_for(now) < kFailingIsSaid || std::exchange(failing_said_, true)) return;
  say(SinkNotice::Kind::Failing,
      fmt::format("no alert was delivered for {} s: {}", back_off_.failing_for(now).micros / 1'000'000, reason));
}

// Now and then: a restart forgets a twentieth of the time to giving up at most.
void Sink::keep_failing_time(Duration failing) {
  const Duration step = std::min(kFailingKept, Duration{options_.give_up_after.micros / 20});
  if (failing == failing_kept_ || (failing.micros > 0 && failing - failing_kept_ < step)) return;
  world_.outbox.set_failing(options_.name, failing);
  failing_kept_ = failing;
}

// Those that waited long enough, without another try; what follows in the journal may be as old.
void Sink::give_up_old() {
  const std::string reason =
      fmt::format("not delivered within {}: {}", format_duration(options_.give_up_after), counters().last_error);
  for (bool all_old = true; all_old && !stop_;) {
    const Timestamp limit = world_.env.now() - options_.give_up_after;
    std::vector<std::pair<size_t, std::string>> dead;
    for (size_t i = 0; i < queue_.alerts().size(); ++i) {
      if (queue_.arrived(i) <= limit) dead.emplace_back(i, reason);
    }
    all_old = !dead.empty() && dead.size() == queue_.alerts().size();
    if (!bury(dead, &SinkCounters::given_up)) return;
    queue_.forget_done();
    move_cursor(true);
    if (all_old) fill(true);
  }
}

// Into the dead-letter file, all of them or none; false: it cannot be written, the alerts stay in the queue.
bool Sink::bury(const std::vector<std::pair<size_t, std::string>>& dead, uint64_t SinkCounters::*counter) {
  if (dead.empty()) return true;
  std::string lines;
  for (const auto& [index, reason] : dead) {
    lines += dead_letters_.line(world_.env.now(), cut_to_bytes(printable(reason), kReasonBytes),
                                to_json(queue_.alerts()[index]));
  }
  if (const auto written = dead_letters_.append(lines); !written) {
    not_before_ = after_wait(world_.env.monotonic(), kDeadLetterAgain);
    say(SinkNotice::Kind::DeadLetterFile, written.error().message);
    return false;
  }
  for (const auto& [index, reason] : dead) queue_.done(index);
  say(SinkNotice::Kind::DeadLetter, fmt::format("{} alerts are in the dead-letter file {}: {}", dead.size(),
                                                options_.dead_letters.path, dead.front().second));
  const std::lock_guard hold(mutex_);
  counters_.*counter += dead.size();
  return true;
}

}  // namespace kubevigil
