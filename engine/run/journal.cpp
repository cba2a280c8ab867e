#include "engine/run/journal.h"

#include "engine/run/record_bytes.h"

namespace kubevigil {
namespace {

enum class Kind : uint32_t { Input = 1, Control = 2, Alert = 3 };

void put_time(std::string& out, Timestamp time) { put_u64(out, static_cast<uint64_t>(time.micros)); }
Timestamp take_time(RecordBytes& in) { return Timestamp{static_cast<int64_t>(in.u64())}; }

Kind encode(const JournalInput& input, std::string& out) {
  put_text(out, input.source);
  put_text(out, input.from);
  put_text(out, input.to);
  put_u64(out, input.records);
  put_time(out, input.taken);
  return Kind::Input;
}
Kind encode(const JournalControl& control, std::string& out) {
  put_text(out, control.name);
  put_text(out, control.source);
  put_text(out, control.detail);
  put_time(out, control.time);
  return Kind::Control;
}
Kind encode(const JournalAlert& alert, std::string& out) {
  put_text(out, alert.id);
  put_u32(out, alert.revision);
  put_text(out, alert.body);
  return Kind::Alert;
}

JournalInput decode_input(RecordBytes& in) {
  JournalInput input;
  input.source = in.text();
  input.from = in.text();
  input.to = in.text();
  input.records = in.u64();
  input.taken = take_time(in);
  return input;
}
JournalControl decode_control(RecordBytes& in) {
  JournalControl control;
  control.name = in.text();
  control.source = in.text();
  control.detail = in.text();
  control.time = take_time(in);
  return control;
}
JournalAlert decode_alert(RecordBytes& in) {
  JournalAlert alert;
  alert.id = in.text();
  alert.revision = in.u32();
  alert.body = in.text();
  return alert;
}

}  // namespace

JournalRecord encode_entry(const JournalEntry& entry) {
  JournalRecord record;
  record.kind = static_cast<uint32_t>(std::visit([&](const auto& one) { return encode(one, record.payload); }, entry));
  return record;
}

std::optional<JournalEntry> decode_entry(uint32_t kind, std::string_view payload) {
  RecordBytes in{payload};
  JournalEntry entry;
  switch (static_cast<Kind>(kind)) {
    case Kind::Input:
      entry = decode_input(in);
      break;
    case Kind::Control:
      entry = decode_control(in);
      break;
    case Kind::Alert:
      entry = decode_alert(in);
      break;
    default:
      return std::nullopt;
  }
  if (in.bad || !in.rest.empty()) return std::nullopt;
  return entry;
}

DiskResult<std::unique_ptr<Journal>> Journal::open(Disk& disk, JournalOptions options) {
  std::unique_ptr<Journal> journal(new Journal());
  auto log = SegmentLog::open(
      disk, {std::move(options.folder), "journal", options.segment_bytes, options.secret, options.reserve});
  if (!log) return tl::unexpected(log.error());
  journal->log_ = std::move(*log);
  journal->own_thread_ = options.commit.own_thread;
  journal->commit_ = std::make_unique<GroupCommit>(*journal->log_, options.commit);
  return journal;
}

void Journal::append(const JournalEntry& entry) {
  JournalRecord record = encode_entry(entry);
  {
    const std::lock_guard hold(state_->mutex);
    ++state_->waiting;
  }
  commit_->submit(
      record.kind, std::move(record.payload),
      [state = state_](const DiskResult<uint64_t>& result) {
        const std::lock_guard hold(state->mutex);
        --state->waiting;
        if (!result && !state->error) state->error = result.error();
        state->changed.notify_all();
      },
      state_);
}

DiskResult<void> Journal::flush() {
  while (!own_thread_ && commit_->pump()) {
  }
  std::unique_lock hold(state_->mutex);
  state_->changed.wait(hold, [&] { return state_->waiting == 0; });
  if (state_->error) return tl::unexpected(*state_->error);
  return {};
}

std::optional<DiskError> Journal::broken() const {
  const std::lock_guard hold(state_->mutex);
  return state_->error;
}

DiskResult<JournalReader::Step> JournalReader::next() {
  for (;;) {
    const auto step = reader_.next();
    if (!step) return tl::unexpected(step.error());
    if (*step == LogReader::Step::End) return Step::End;
    if (*step == LogReader::Step::Gap) return Step::Gap;
    auto entry = decode_entry(reader_.record().kind, reader_.record().payload);
    if (!entry) {
      ++unknown_;
      continue;
    }
    entry_ = std::move(*entry);
    sequence_ = reader_.record().sequence;
    return Step::Entry;
  }
}

}  // namespace kubevigil
