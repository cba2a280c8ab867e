#include "engine/run/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr Duration kLook = Duration::seconds(1);       // how often a closed gate is looked at, cursors are moved
constexpr Duration kIdle = Duration::minutes(1);       // the longest pause
constexpr Duration kDiskAgain = Duration::seconds(5);  // after an error of our own disk

Duration later(Duration now, Duration wait) { return {now.micros + wait.micros}; }

AlertQueueOptions queue_options(const SinkOptions& options) {
  AlertQueueOptions out;
  out.sink = options.name;
  out.filter = options.filter;
  out.rate = options.rate;
  out.alerts = std::max<size_t>(options.limits.records, 100);
  return out;
}

DeadLetterOptions dead_letter_options(const SinkOptions& options) {
  DeadLetterOptions out = options.dead_letters;
  out.sink = options.name;
  return out;
}

}  // namespace

Sink::Sink(const SinkWorld& world, SinkConnection connection, SinkOptions options)
    : world_(world),
      options_(std::move(options)),
      connection_(std::move(connection)),
      queue_(world.journal, world.outbox.cursor(options_.name) + 1, *connection_.encoding, queue_options(options_)),
      dead_letters_(world.disk, dead_letter_options(options_)),
      back_off_(options_.back_off),
      records_(std::max<size_t>(options_.limits.records, 1)),
      failing_kept_(world.outbox.failing(options_.name)),
      done_up_to_(world.outbox.cursor(options_.name)) {
  back_off_.go_on_failing(failing_kept_);
  // A file's place counts from here on, also before the first alert.
  world_.outbox.delivered(options_.name, done_up_to_, connection_.transport->position());
  place_saved_ = !keeps_place();
  if (!connection_.reminders) return;
  reminding_.emplace(std::move(connection_.reminders), world_.disk, world_.env, options_.reminder_file);
  const std::string problem = reminding_->recall(world_.journal, done_up_to_, *connection_.encoding);
  if (!problem.empty()) say(SinkNotice::Kind::Reminders, problem);
}

Sink::~Sink() { stop(); }

void Sink::start() {
  thread_ = std::thread([this] { run(); });
}

void Sink::stop() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  world_.journal.wake();
  connection_.transport->cancel();
  if (thread_.joinable()) thread_.join();
}

void Sink::run() {
  while (!stop_) pause(step());
  move_cursor(true);
}

void Sink::pause(const Pause& pause) {
  if (stop_ || pause.most.micros <= 0) return;
  if (pause.for_journal) {
    world_.journal.wait_past(queue_.position() - 1, pause.most, stop_);
    return;
  }
  std::unique_lock hold(mutex_);
  changed_.wait_for(hold, std::chrono::microseconds(pause.most.micros), [&] { return stop_.load(); });
}

Sink::Pause Sink::step() {
  const Duration now = world_.env.monotonic();
  if (now < not_before_) return {not_before_ - now};
  if (!place_saved_ && !save_place()) return {kDiskAgain};
  if (!may_send()) return stand_by();
  const bool all_read = fill(true);
  const bool nothing = queue_.alerts().empty();
  if (!nothing && back_off_.failures() >= kAlone && !keeps_place() && !options_.in_order) {
    deliver_alone();
  } else if (!nothing) {
    deliver();
  }
  if (reminding_ && (nothing || back_off_.failures() == 0)) remind();
  if (nothing && all_read) return idle();
  move_cursor(true);
  publish();
  return {std::max(Duration{}, not_before_ - world_.env.monotonic())};
}

// Nothing is left to do; what has to be done by the clock comes first.
Sink::Pause Sink::idle() {
  move_cursor(false);
  publish();
  const Duration rest = std::min(connection_.transport->rest(), kIdle);
  const Duration now = world_.env.monotonic();
  Duration next = later(now, rest);
  const auto by = [&](Duration at) { next = std::min(next, at); };
  if (not_before_ > now) by(not_before_);
  if (const auto digest = queue_.digest_due()) by(*digest);
  if (reminding_) by(reminding_->next());
  if (cursor_moves() && queue_.done_up_to() > world_.outbox.cursor(options_.name)) by(next_cursor_);
  return {std::max(next - now, Duration{1}), true};
}

// The other instance sends: what it has delivered is passed over, the rest is kept to be sent by us when it is gone.
Sink::Pause Sink::stand_by() {
  if (stop_) return {};
  const bool all_read = fill(false);
  const auto settled = world_.gate->settled(options_.name);
  bool passed = false;
  for (size_t i = 0; settled && i < queue_.alerts().size(); ++i) {
    if (queue_.arrived(i) > *settled) continue;
    if (reminding_) reminding_->delivered(queue_.alerts()[i]);
    queue_.done(i);
    passed = true;
  }
  queue_.forget_done();
  move_cursor(false);
  publish();
  return {passed || !all_read ? Duration{} : kLook};
}

// True: the journal has nothing more now.
bool Sink::fill(bool fold) {
  const auto filled = queue_.fill(world_.env.monotonic(), world_.env.now(), problems_, fold);
  if (!problems_.empty()) say_problems();
  if (filled) {
    journal_said_ = false;
    return *filled;
  }
  not_before_ = later(world_.env.monotonic(), kDiskAgain);
  if (!std::exchange(journal_said_, true)) say(SinkNotice::Kind::Journal, filled.error().message);
  return true;
}

// Gaps are said; entries that are no alerts are dead letters. What cannot be written stays, and the cursor with it.
void Sink::say_problems() {
  std::string lines;
  size_t bad = 0;
  for (const JournalProblem& problem : problems_) {
    if (problem.body.empty()) {
      say(SinkNotice::Kind::Gap, "alerts may be lost: " + problem.text);
      continue;
    }
    ++bad;
    lines += dead_letters_.raw_line(world_.env.now(), "no alert: " + printable(problem.text), problem.body);
  }
  std::erase_if(problems_, [](const JournalProblem& problem) { return problem.body.empty(); });
  if (const auto written = dead_letters_.append(lines); !written) {
    not_before_ = later(world_.env.monotonic(), kDiskAgain);
    return say(SinkNotice::Kind::DeadLetterFile, written.error().message);
  }
  problems_.clear();
  if (bad == 0) return;
  say(SinkNotice::Kind::DeadLetter, fmt::format("{} entries of the journal are no alerts", bad));
  const std::lock_guard hold(mutex_);
  counters_.refused += bad;
}

void Sink::move_cursor(bool now) {
  const Duration time = world_.env.monotonic();
  if (reminding_) {
    const std::string problem = reminding_->keep(queue_.done_up_to(), stop_);
    if (!problem.empty()) say(SinkNotice::Kind::Reminders, problem);
  }
  if (!cursor_moves() || (!now && time < next_cursor_)) return;
  next_cursor_ = later(time, kLook);
  world_.outbox.delivered(options_.name, queue_.done_up_to(), connection_.transport->position());
  if (now && keeps_place()) save_place();
}

// A place belongs to the last alert that was sent: not to one before it, as while a digest gathers.
bool Sink::cursor_moves() const { return problems_.empty() && !(keeps_place() && queue_.done_up_to() < last_sent_); }

bool Sink::save_place() {
  const auto saved = world_.outbox.flush();
  place_saved_ = saved.has_value();
  if (place_saved_) return true;
  not_before_ = later(world_.env.monotonic(), kDiskAgain);
  if (!std::exchange(journal_said_, true)) say(SinkNotice::Kind::Journal, saved.error().message);
  return false;
}

void Sink::publish() {
  if (world_.gate != nullptr && may_send()) {
    if (const auto settled = queue_.settled()) world_.gate->delivered(options_.name, *settled);
  }
  {
    const std::lock_guard hold(mutex_);
    counters_.filtered = queue_.counts().filtered;
    counters_.folded = queue_.counts().folded;
    counters_.gaps = queue_.counts().gaps;
    counters_.lost_entries = queue_.counts().lost_entries;
    counters_.oldest_undelivered = queue_.oldest();
    counters_.dead_letter_bytes_lost = dead_letters_.forgotten_bytes();
    done_up_to_ = queue_.done_up_to();
  }
  changed_.notify_all();
}

SinkCounters Sink::counters() const {
  const uint64_t end = world_.journal.durable_end();
  const std::lock_guard hold(mutex_);
  SinkCounters counters = counters_;
  counters.lag_entries = end > done_up_to_ + 1 ? end - 1 - done_up_to_ : 0;
  return counters;
}

bool Sink::wait_delivered(uint64_t sequence, Duration most) const {
  std::unique_lock hold(mutex_);
  const auto decided = [&] { return !may_send() || done_up_to_ >= sequence; };
  changed_.wait_for(hold, std::chrono::microseconds(most.micros), decided);
  return done_up_to_ >= sequence;
}

void Sink::say(SinkNotice::Kind kind, std::string text) const { world_.notice({kind, options_.name, printable(text)}); }

}  // namespace kubevigil
