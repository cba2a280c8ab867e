#include "tests/support/cut_log.h"

#include <algorithm>

#include "engine/event/event_reader.h"

namespace kubevigil::test {
namespace {

// The end of the cut that begins with record `from`.
size_t end_of_cut(const CutLog& log, size_t from, size_t records) {
  return std::min(from + records, log.whole.records.size());
}

bool has_more(const CutLog& log, size_t from) {
  return from < log.whole.records.size() || (from == 0 && !log.whole.bad.empty());
}

// Appends records [from, to), and the bad ones that stand before, between or, at the end of all, behind them.
void append(const Batch& log, size_t from, size_t to, Batch& out) {
  if (out.wrappers.empty()) out.wrappers.resize(1);
  const size_t before = out.records.size();
  for (size_t i = from; i < to; ++i) {
    Record record = log.records[i];
    const std::string_view text = log.text(record);
    record.begin = out.memory.size();
    out.memory += text;
    if (record.wrapper != 0) {
      const auto& wrapper = log.wrappers[record.wrapper];
      if (out.wrappers.size() == 1 || out.wrappers.back() != wrapper) out.wrappers.push_back(wrapper);
      record.wrapper = static_cast<uint32_t>(out.wrappers.size() - 1);
    }
    out.records.push_back(record);
  }
  for (BadRecord bad : log.bad) {
    if (bad.before < from || (bad.before >= to && to != log.records.size())) continue;
    bad.before = static_cast<uint32_t>(bad.before - from + before);
    out.bad.push_back(std::move(bad));
  }
}

class CutInput : public Input {
 public:
  CutInput(const CutLog& log, Cutting& cutting) : log_(log), cutting_(cutting) {}
  const std::string& name() const override { return log_.name; }
  uint32_t first_file() const override { return log_.first_file; }
  std::span<const InputFile> files() const override { return log_.files; }

  bool peek(Batch& batch) override {
    batch = log_.start;
    return !batch.records.empty();
  }

  bool next(Batch& batch) override {
    if (!has_more(log_, at_) || (at_ == 0 && given_)) return false;
    const size_t end = end_of_cut(log_, at_, cutting_.records);
    batch.memory.reserve(cutting_.memory);
    append(log_.whole, at_, end, batch);
    batch.memory.append(kRecordPadding, '\0');
    batch.input_bytes = 1;
    at_ = end;
    given_ = true;
    ++cutting_.given;
    return true;
  }

 private:
  const CutLog& log_;
  Cutting& cutting_;
  size_t at_ = 0;
  bool given_ = false;
};

}  // namespace

CutLog read_whole(Input& input) {
  CutLog log{input.name(), input.first_file(), {}, {}, {}};
  input.peek(log.start);
  for (Batch batch; input.next(batch); batch = {}) append(batch, 0, batch.records.size(), log.whole);
  log.files.assign(input.files().begin(), input.files().end());
  return log;
}

size_t count_cuts(const CutLog& log, size_t records) {
  if (log.whole.records.empty()) return log.whole.bad.empty() ? 0 : 1;
  return (log.whole.records.size() + records - 1) / records;
}

size_t largest_cut(const CutLog& log, size_t records) {
  size_t largest = 0;
  for (size_t from = 0; from < log.whole.records.size(); from += records) {
    size_t bytes = 0;
    for (size_t i = from; i < end_of_cut(log, from, records); ++i) bytes += log.whole.records[i].size;
    largest = std::max(largest, bytes);
  }
  return largest + kRecordPadding;
}

std::unique_ptr<Input> cut_input(const CutLog& log, Cutting& cutting) {
  return std::make_unique<CutInput>(log, cutting);
}

}  // namespace kubevigil::test
