#include "engine/run/lease.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

Duration part(Duration whole, int64_t divisor) { return {std::max<int64_t>(whole.micros / divisor, 1000)}; }

}  // namespace

Lease::Lease(Disk& disk, const Env& env, LeaseOptions options, Notice notice)
    : disk_(disk),
      env_(env),
      options_(std::move(options)),
      notice_(std::move(notice)),
      self_(fmt::format("{}/{:016x}", printable(options_.instance), env.random())) {}

Lease::~Lease() { end_thread(); }

void Lease::start() {
  thread_ = std::thread([this] { run(); });
}

void Lease::end_thread() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Lease::run() {
  for (;;) {
    const Duration wait = tick();
    std::unique_lock hold(mutex_);
    if (changed_.wait_for(hold, std::chrono::microseconds(wait.micros), [&] { return stop_; })) return;
  }
}

bool Lease::may_send() const { return env_.monotonic().micros < until_ && env_.now().micros < wall_until_; }

void Lease::delivered(std::string_view sink, Timestamp up_to) {
  const std::lock_guard hold(mutex_);
  settled_.insert_or_assign(std::string(sink), up_to);
}

std::optional<Timestamp> Lease::settled(std::string_view sink) const {
  const std::lock_guard hold(mutex_);
  const auto found = settled_.find(sink);
  if (found == settled_.end()) return std::nullopt;
  return found->second - kMargin;
}

LeaseState Lease::state() const {
  const std::lock_guard hold(mutex_);
  LeaseState state = state_;
  state.sending = may_send();
  return state;
}

Duration Lease::tick() {
  const auto done = round();
  {
    const std::lock_guard hold(mutex_);
    state_.failures += done ? 0 : 1;
    state_.last_error = done ? "" : done.error().message;
    state_.term = term_;
  }
  if (!done && !std::exchange(in_trouble_, true)) say(LeaseNotice::Kind::Trouble, done.error().message);
  if (done && std::exchange(in_trouble_, false)) say(LeaseNotice::Kind::Recovered, "the lease file is in reach again");
  if (holding_ && env_.monotonic().micros >= until_) stop_sending("the lease could not be renewed in time");
  return part(options_.ttl, done ? 3 : 12);
}

Result<void> Lease::round() {
  const auto lock = disk_.lock(options_.file + ".lock");
  if (!lock && lock.error().fault == DiskFault::Locked) {
    return fail(options_.file + ".lock is held, by the other instance as it seems");
  }
  if (!lock) return fail(lock.error().message);
  const auto bytes = read();
  if (!bytes) return tl::unexpected(bytes.error());
  const Duration now = env_.monotonic();  // behind the reading: what it found had been written by then
  const auto record = decode_lease(*bytes);
  if (auto known = at_home(record); !known) return known;
  const bool ours = record && record->holder == self_;
  if (!seen_ || *seen_ != *bytes) {
    seen_ = *bytes;
    seen_since_ = now;
    if (record) learn(*record);
  }
  const bool lapsed = now.micros >= until_;
  if (holding_ && record && !ours) stop_sending("it was taken by " + record->holder);
  if (holding_ && !record && lapsed) stop_sending("the lease could not be renewed in time");
  if (ours || holding_) return renew();
  const bool free = record && record->released;
  if (!free && now - seen_since_ < options_.ttl) return {};
  ++term_;
  renewal_ = 0;
  return renew();
}

Result<void> Lease::at_home(const std::optional<LeaseRecord>& record) {
  const bool knows_none = !record && !home_ && !holding_ && !options_.beside.empty();
  if (knows_none && !disk_.open(options_.beside)) {
    return fail(
        fmt::format("{}: neither a lease nor {} is there: is the shared folder mounted? If the key was removed, copy "
                    "hash-key of this instance's data folder to it",
                    options_.file, options_.beside));
  }
  if (!options_.file_system) return {};
  const uint64_t here = options_.file_system();
  if (record && record->term >= term_) home_ = here;
  if (!home_ || *home_ == here) return {};
  return fail(
      fmt::format("{}: its folder is on another file system than before, without the lease that was seen: "
                  "mount the shared one again, or restart this instance if the lease was moved",
                  options_.file));
}

// REQUIRES: the lock. The file names us, or nobody who is alive.
Result<void> Lease::renew() {
  const Duration begin = env_.monotonic();
  ++renewal_;
  const LeaseRecord record = next_record();
  if (const auto written = write(record); !written) {
    seen_.reset();  // it may hold anything now
    return fail(written.error().message);
  }
  seen_ = encode_lease(record);
  seen_since_ = begin;
  if (!home_ && options_.file_system) home_ = options_.file_system();
  until_ = begin.micros + options_.ttl.micros - options_.ttl.micros / 5;
  wall_until_ = record.expires.micros;
  if (std::exchange(holding_, true)) return {};
  {
    const std::lock_guard hold(mutex_);
    ++state_.take_overs;
    state_.holder = self_;
  }
  say(LeaseNotice::Kind::Taken, fmt::format("this instance sends from now on, term {}", term_));
  return {};
}

LeaseRecord Lease::next_record() const {
  const Timestamp now = env_.now();
  LeaseRecord record{self_, term_, renewal_, now + options_.ttl, false, {}};
  const std::lock_guard hold(mutex_);
  for (const auto& [sink, settled] : settled_) {
    // Ahead of the clock: it was set back, and nothing can be said.
    if (settled <= now) record.behind.emplace(sink, now - settled);
  }
  return record;
}

void Lease::learn(const LeaseRecord& record) {
  term_ = std::max(term_, record.term);
  const Timestamp now = env_.now();
  const std::lock_guard hold(mutex_);
  state_.holder = record.holder;
  if (record.holder == self_) return;
  settled_.clear();
  for (const auto& [sink, behind] : record.behind) settled_.emplace(sink, now - behind);
}

void Lease::stop_sending(const std::string& why) {
  until_ = 0;
  holding_ = false;
  say(LeaseNotice::Kind::Lost, "this instance does not send any longer: " + why);
}

Result<std::string> Lease::read() const {
  const auto file = disk_.open(options_.file);
  if (!file && file.error().fault == DiskFault::Missing) return std::string();
  if (!file) return fail(file.error().message);
  (*file)->reread();
  std::string bytes(kLeaseBytes + 1, '\0');
  const auto got = (*file)->read_at(0, bytes);
  if (!got) return fail(got.error().message);
  bytes.resize(*got);
  return bytes;
}

DiskResult<void> Lease::write(const LeaseRecord& record) const {
  const std::string temporary = options_.file + ".new";
  if (auto removed = disk_.remove(temporary); !removed && removed.error().fault != DiskFault::Missing) return removed;
  auto file = disk_.create(temporary);
  if (!file) return tl::unexpected(file.error());
  if (auto written = (*file)->append(encode_lease(record)); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto moved = disk_.rename(temporary, options_.file); !moved) return moved;
  return disk_.sync_folder(std::filesystem::path(options_.file).parent_path());
}

void Lease::release() {
  end_thread();
  if (!holding_) return;
  until_ = 0;
  holding_ = false;
  const auto lock = disk_.lock(options_.file + ".lock");
  const auto bytes = lock ? read() : fail("");
  const auto record = bytes ? decode_lease(*bytes) : std::nullopt;
  if (!record || record->holder != self_) return;
  ++renewal_;
  LeaseRecord last = next_record();
  last.released = true;
  static_cast<void>(write(last));  // if it cannot be given back, it runs out
}

void Lease::say(LeaseNotice::Kind kind, std::string text) const { notice_({kind, printable(text)}); }

}  // namespace kubevigil
