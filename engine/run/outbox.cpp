#include "engine/run/outbox.h"

#include <algorithm>
#include <future>

#include "engine/run/log_reader.h"
#include "engine/run/record_bytes.h"

namespace kubevigil {
namespace {

constexpr uint32_t kCursors = 1;

}  // namespace

std::optional<Outbox::Cursors> decode_cursors(std::string_view payload) {
  RecordBytes in{payload};
  Outbox::Cursors cursors;
  for (uint32_t left = in.u32(); left > 0 && !in.bad; --left) {
    SinkCursor& cursor = cursors[in.text()];
    cursor.sequence = in.u64();
    cursor.place = in.text();
    cursor.failing = {static_cast<int64_t>(in.u64())};
  }
  if (in.bad || !in.rest.empty()) return std::nullopt;
  return cursors;
}

std::string Outbox::table() const {
  Cursors all = cursors_;
  if (!forgotten_) all.insert(dropped_.begin(), dropped_.end());
  std::string out;
  put_u32(out, static_cast<uint32_t>(all.size()));
  for (const auto& [name, cursor] : all) {
    put_text(out, name);
    put_u64(out, cursor.sequence);
    put_text(out, cursor.place);
    put_u64(out, static_cast<uint64_t>(cursor.failing.micros));
  }
  return out;
}

DiskResult<std::unique_ptr<Outbox>> Outbox::open(Disk& disk, OutboxOptions options) {
  std::unique_ptr<Outbox> outbox(new Outbox());
  auto log = SegmentLog::open(disk, {options.folder, "outbox", options.segment_bytes, options.secret, options.reserve});
  if (!log) return tl::unexpected(log.error());
  outbox->log_ = std::move(*log);
  const auto same = outbox->load(options);
  if (!same) return tl::unexpected(same.error());
  outbox->own_thread_ = options.commit.own_thread;
  outbox->commit_ = std::make_unique<GroupCommit>(*outbox->log_, options.commit);
  outbox->durable_oldest_ = outbox->smallest();
  outbox->begins_kept_ = *same;
  if (auto ok = outbox->keep_begins(); !ok && ok.error().fault != DiskFault::Full) return tl::unexpected(ok.error());
  return outbox;
}

DiskResult<void> Outbox::keep_begins() {
  if (begins_kept_) return {};
  auto kept = flush();
  begins_kept_ = kept.has_value();
  return kept;
}

// False: the cursors are not those on the disk.
DiskResult<bool> Outbox::load(const OutboxOptions& options) {
  Cursors newest;
  bool damaged = !log_->damage().empty();
  LogReader reader(*log_, log_->first_sequence());
  for (;;) {
    const auto step = reader.next();
    if (!step) return tl::unexpected(step.error());
    if (*step == LogReader::Step::End) break;
    damaged |= *step == LogReader::Step::Gap;
    if (*step == LogReader::Step::Gap) continue;
    if (auto cursors = decode_cursors(reader.record().payload)) newest = std::move(*cursors);
  }
  for (const std::string& sink : options.sinks) {
    const auto known = newest.find(sink);
    // It may have had a cursor in what is damaged.
    const uint64_t begin = damaged ? 0 : options.new_sinks_begin;
    cursors_[sink] = known != newest.end() ? known->second : SinkCursor{begin, {}, {}};
  }
  bool same = true;
  for (const auto& [sink, cursor] : cursors_) {
    const auto known = newest.find(sink);
    same &= known != newest.end() && known->second == cursor;
  }
  for (auto& [sink, cursor] : newest) {
    if (!cursors_.contains(sink)) dropped_.emplace(sink, std::move(cursor));
  }
  return same;
}

void Outbox::forget_dropped() {
  const std::lock_guard hold(mutex_);
  forgotten_ = true;
}

uint64_t Outbox::cursor(std::string_view sink) const {
  const std::lock_guard hold(mutex_);
  const auto found = cursors_.find(sink);
  return found != cursors_.end() ? found->second.sequence : 0;
}

std::string Outbox::place(std::string_view sink) const {
  const std::lock_guard hold(mutex_);
  const auto found = cursors_.find(sink);
  return found != cursors_.end() ? found->second.place : std::string();
}

void Outbox::delivered(std::string_view sink, uint64_t sequence, std::string_view place) {
  const std::lock_guard hold(mutex_);
  const auto found = cursors_.find(sink);
  if (found == cursors_.end() || found->second.sequence > sequence) return;
  SinkCursor next{sequence, std::string(place.size() <= kPlaceBytes ? place : std::string_view()),
                  found->second.failing};
  if (found->second == next) return;
  found->second = std::move(next);
  submit();
}

Duration Outbox::failing(std::string_view sink) const {
  const std::lock_guard hold(mutex_);
  const auto found = cursors_.find(sink);
  return found != cursors_.end() ? found->second.failing : Duration{};
}

void Outbox::set_failing(std::string_view sink, Duration failing) {
  const std::lock_guard hold(mutex_);
  const auto found = cursors_.find(sink);
  if (found == cursors_.end() || found->second.failing == failing) return;
  found->second.failing = failing;
  submit();
}

// Under the lock, so that the newest record is the newest table.
void Outbox::submit() {
  commit_->submit(kCursors, table(), [this, oldest = smallest()](const DiskResult<uint64_t>& written) {
    if (!written) return;
    durable_oldest_ = oldest;
    static_cast<void>(log_->trim(*written));  // older tables are of no use; what stays now is removed next time
  });
}

DiskResult<void> Outbox::flush() {
  const auto answer = std::make_shared<std::promise<DiskResult<uint64_t>>>();
  auto written = answer->get_future();
  {
    const std::lock_guard hold(mutex_);
    commit_->submit(kCursors, table(), [this, answer, oldest = smallest()](const DiskResult<uint64_t>& result) {
      if (result) durable_oldest_ = oldest;
      answer->set_value(result);
    });
  }
  while (!own_thread_ && commit_->pump()) {
  }
  const auto result = written.get();
  if (!result) return tl::unexpected(result.error());
  return {};
}

uint64_t Outbox::smallest() const {
  uint64_t least = UINT64_MAX;
  for (const auto& [name, cursor] : cursors_) least = std::min(least, cursor.sequence);
  return least;
}

std::optional<uint64_t> Outbox::oldest() const {
  const std::lock_guard hold(mutex_);
  if (cursors_.empty()) return std::nullopt;
  return durable_oldest_;
}

}  // namespace kubevigil
