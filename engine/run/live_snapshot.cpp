#include "engine/run/live_snapshot.h"

#include <algorithm>
#include <utility>

#include "engine/run/record_bytes.h"

namespace kubevigil {

std::string encode_note(const LiveNote& note) {
  std::string out;
  put_text(out, note.version);
  put_u32(out, static_cast<uint32_t>(note.rules.size()));
  for (const std::string& hash : note.rules) put_text(out, hash);
  put_u64(out, note.journal);
  put_u64(out, static_cast<uint64_t>(note.time.micros));
  put_u32(out, static_cast<uint32_t>(note.positions.size()));
  for (const auto& [input, position] : note.positions) {
    put_text(out, input);
    put_text(out, position);
  }
  put_u32(out, static_cast<uint32_t>(note.open_self_alerts.size()));
  for (const std::string& alert : note.open_self_alerts) put_text(out, alert);
  return out;
}

std::optional<LiveNote> decode_note(std::string_view bytes) {
  RecordBytes in{bytes};
  LiveNote note;
  note.version = in.text();
  for (uint32_t i = in.u32(); i > 0 && !in.bad; --i) note.rules.push_back(in.text());
  note.journal = in.u64();
  note.time = Timestamp{static_cast<int64_t>(in.u64())};
  for (uint32_t i = in.u32(); i > 0 && !in.bad; --i) {
    std::string input = in.text();
    note.positions[std::move(input)] = in.text();
  }
  const uint32_t open = in.rest.empty() ? 0 : in.u32();
  for (uint32_t i = open; i > 0 && !in.bad; --i) note.open_self_alerts.push_back(in.text());
  if (in.bad || !in.rest.empty() || note.rules.empty()) return std::nullopt;
  return note;
}

SnapshotThread::SnapshotThread(SnapshotWorld world) : world_(std::move(world)), thread_([this] { run(); }) {}

SnapshotThread::~SnapshotThread() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool SnapshotThread::ready() const {
  const std::lock_guard hold(mutex_);
  return !given_ && !writing_;
}

void SnapshotThread::write(LiveNote note, std::string state) {
  {
    const std::lock_guard hold(mutex_);
    given_.emplace(std::move(note), std::move(state));
  }
  changed_.notify_all();
}

bool SnapshotThread::finish() {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [&] { return !given_ && !writing_; });
  return counters_.problem.empty();
}

SnapshotCounters SnapshotThread::counters() const {
  const std::lock_guard hold(mutex_);
  return counters_;
}

void SnapshotThread::run() {
  std::unique_lock hold(mutex_);
  for (;;) {
    changed_.wait(hold, [&] { return stop_ || given_; });
    if (!given_) return;
    const auto [note, state] = std::move(*given_);
    given_.reset();
    writing_ = true;
    hold.unlock();
    store(note, state);
    hold.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

void SnapshotThread::store(const LiveNote& note, const std::string& state) {
  const Duration began = world_.env.monotonic();
  const auto written = world_.store.write(encode_note(note), state);
  if (written) trim(note);
  const std::lock_guard hold(mutex_);
  counters_.problem = written ? std::string() : written.error().message;
  if (!written) {
    ++counters_.failed;
    return;
  }
  ++counters_.written;
  counters_.bytes = state.size();
  counters_.time = note.time;
  counters_.took = world_.env.monotonic() - began;
}

void SnapshotThread::trim(const LiveNote& newest) {
  if (world_.store.kept().size() < 2) return;
  const auto older = decode_note(world_.store.kept().front().note);
  if (!older) return;
  uint64_t before = older->journal;
  if (world_.outbox != nullptr) {
    if (const auto cursor = world_.outbox->oldest()) before = std::min(before, *cursor + 1);
  }
  (void)world_.journal.trim(before);  // what stays is trimmed behind the next snapshot
  if (world_.forget) world_.forget(*older);
  std::set<std::string> hashes(older->rules.begin(), older->rules.end());
  hashes.insert(newest.rules.begin(), newest.rules.end());
  if (world_.needed) world_.needed(hashes);
}

}  // namespace kubevigil
