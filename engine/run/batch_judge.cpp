#include "engine/run/batch_judge.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/event/record_reader.h"

namespace kubevigil {
namespace {

constexpr uint8_t kNoDigit = 0xff;
constexpr std::array<uint8_t, 256> kHexDigits = [] {
  std::array<uint8_t, 256> out{};
  out.fill(kNoDigit);
  for (uint8_t d = 0; d < 16; ++d) {
    out[static_cast<uint8_t>("0123456789abcdef"[d])] = out[static_cast<uint8_t>("0123456789ABCDEF"[d])] = d;
  }
  return out;
}();

uint8_t hex_digit(char c) { return kHexDigits[static_cast<uint8_t>(c)]; }

bool by_position(const BadRecord& a, const BadRecord& b) { return position_before(a.position, b.position); }

}  // namespace

std::array<uint8_t, 16> uuid_bytes(std::string_view text) {
  std::array<uint8_t, 16> out{};
  if (text.size() != 36) return {};
  size_t at = 0;
  for (size_t i = 0; i < out.size(); ++i, at += 2) {
    const bool dash = i == 4 || i == 6 || i == 8 || i == 10;
    if (dash && text[at++] != '-') return {};
    const uint8_t high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
    if (high == kNoDigit || low == kNoDigit) return {};
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return out;
}

struct BatchJudge::State : EventSink {
  State(std::shared_ptr<const Program> program, JudgeOptions judge_options)
      : options(std::move(judge_options)),
        matcher(program, options.key, limits::kInternedBytes / std::max<size_t>(options.workers, 1), options.profile),
        reader(options.cluster),
        fields(program->derived()) {}

  JudgeOptions options;
  Matcher matcher;
  std::optional<RecordReader> reader;  // always there; made anew to give back its memory
  FieldLookup fields;
  const Batch* batch = nullptr;
  Tally* tally = nullptr;
  JudgedBatch* judged = nullptr;     // null: only the tally is wanted
  const EventMark* until = nullptr;  // then: without this event and what follows
  FileTally* file = nullptr;
  uint32_t record = 0, inner = 0;
  Timestamp previous;
  bool halted = false;

  // Reads one record into the sink; what a large one needs is shared with the other workers and given back.
  void read(const Batch& from, const Record& at, Timestamp before, EventSink& sink);
  void begin(const Batch& batch_, Tally& tally_);
  void read_record();
  void event(const Event& e) override;
  void bad(BadRecord b) override;
  void count(const Event& e);
  void match(const Event& e);
};

void BatchJudge::State::begin(const Batch& batch_, Tally& tally_) {
  batch = &batch_;
  tally = &tally_;
  record = 0;
  previous = Timestamp{};
  halted = false;
}

void BatchJudge::State::read_record() {
  file = &tally->files[batch->records[record].position.file];
  ++file->records;
  inner = 0;
  read(*batch, batch->records[record], previous, *this);
}

void BatchJudge::State::read(const Batch& from, const Record& at, Timestamp before, EventSink& sink) {
  if (MemoryGate::is_light(at.size)) return reader->read(from, at, before, sink);
  const MemoryGate::Pass pass(*options.gate, at.size);
  reader->read(from, at, before, sink);
  reader.emplace(options.cluster);
  matcher.release();
  fields.release();
}

void BatchJudge::State::bad(BadRecord b) {
  if (halted) return;
  const bool fault = b.reason != BadReason::OtherLog;
  if (fault && judged == nullptr) return;  // tally_before() takes them from the batch
  ++tally->files[b.position.file].bad[static_cast<size_t>(b.reason)];
  if (!fault) return;
  judged->batch.bad.push_back(std::move(b));
  halted = options.strict;
}

void BatchJudge::State::count(const Event& e) {
  ++tally->events;
  ++file->events;
  if (e.time_source == TimeSource::Previous) {
    ++tally->without_time;
  } else {
    file->first = std::min(file->first, e.time);
    file->last = std::max(file->last, e.time);
    previous = e.time;
  }
  const auto kind = tally->envelopes.find(e.envelope);
  ++(kind != tally->envelopes.end() ? kind->second : tally->envelopes[std::string(e.envelope)]);
  ++tally->levels[audit_level_index(e.text(FieldId::Level))];
  ++tally->stages[audit_stage_index(e.text(FieldId::Stage))];
  tally->truncated += e.truncated ? 1 : 0;
  tally->body_defects += e.defect != BodyDefect::None ? 1 : 0;
  tally->field_values_cut += e.values_cut;
  tally->salvaged += e.salvaged ? 1 : 0;
}

void BatchJudge::State::match(const Event& e) {
  MatchResult& result = judged->result;
  const size_t blind_before = result.not_evaluable.size();
  const uint64_t cut_before = result.group_values_cut;
  matcher.match(e, record, inner, result);
  tally->group_values_cut += result.group_values_cut - cut_before;
  const size_t level = audit_level_index(e.text(FieldId::Level));
  for (size_t i = blind_before; i < result.not_evaluable.size(); ++i) {
    judged->blind.push_back(
        {static_cast<uint32_t>(result.events.size() - 1), result.not_evaluable[i], static_cast<uint32_t>(level)});
  }
  const bool hit = result.events.back().hit_count > 0;
  judged->audit_ids.push_back(hit ? uuid_bytes(e.text(FieldId::AuditId)) : std::array<uint8_t, 16>{});
}

void BatchJudge::State::event(const Event& e) {
  halted = halted || (until != nullptr && until->record == record && until->inner == inner);
  if (halted) return;
  count(e);
  if (judged == nullptr) {
    ++inner;
    return;
  }
  // The time of an event without one is settled in the merge; until then it may lie in the range.
  if (options.range.holds(e.time) || e.time_source == TimeSource::Previous) {
    match(e);
  } else {
    EventMark mark;
    mark.time = e.time;
    mark.time_source = e.time_source;
    mark.role = StageRole::None;
    mark.record = record;
    mark.inner = inner;
    judged->result.events.push_back(mark);
    judged->audit_ids.emplace_back();
  }
  ++inner;
}

BatchJudge::BatchJudge(std::shared_ptr<const Program> program, JudgeOptions options)
    : state_(std::make_unique<State>(std::move(program), std::move(options))) {}

BatchJudge::~BatchJudge() = default;

void BatchJudge::judge(JudgedBatch& judged) {
  State& s = *state_;
  s.begin(judged.batch, judged.tally);
  s.judged = &judged;
  const std::vector<BadRecord> cut = std::exchange(judged.batch.bad, {});
  auto next = cut.begin();
  for (; !s.halted; ++s.record) {
    for (; next != cut.end() && next->before <= s.record; ++next) s.bad(*next);
    if (s.halted || s.record == judged.batch.records.size()) break;
    s.read_record();
  }
  judged.halted = s.halted;
  s.judged = nullptr;
  std::stable_sort(judged.batch.bad.begin(), judged.batch.bad.end(), by_position);
}

Tally BatchJudge::tally_before(const JudgedBatch& judged, const EventMark& event) {
  State& s = *state_;
  Tally tally;
  s.begin(judged.batch, tally);
  s.until = &event;
  for (; s.record < event.record + (event.inner > 0 ? 1 : 0); ++s.record) s.read_record();
  s.until = nullptr;
  if (judged.halted) return tally;
  const RecordPosition& at = judged.batch.records[event.record].position;
  for (const BadRecord& b : judged.batch.bad) {
    if (position_before(b.position, at)) ++tally.files[b.position.file].bad[static_cast<size_t>(b.reason)];
  }
  return tally;
}

Timestamp BatchJudge::start_of(const Batch& batch) {
  struct FirstTimes : EventSink {
    Timestamp smallest = Timestamp::max();
    size_t seen = 0;
    void event(const Event& e) override {
      if (e.time_source == TimeSource::Previous || seen == 3) return;
      ++seen;
      smallest = std::min(smallest, e.time);
    }
    void bad(BadRecord) override {}
  } first;
  for (const Record& record : batch.records) {
    if (first.seen < 3) state_->read(batch, record, Timestamp{}, first);
  }
  return first.seen == 0 ? Timestamp::min() : first.smallest;
}

bool BatchJudge::reread(const Batch& batch, const EventMark& mark, const UseEvent& use) {
  struct Pick : EventSink {
    uint32_t wanted = 0, at = 0;
    bool found = false;
    FieldLookup* fields = nullptr;
    const UseEvent* use = nullptr;
    void event(const Event& e) override {
      if (at++ != wanted) return;
      found = true;
      fields->begin(e);
      (*use)(e, *fields);
    }
    void bad(BadRecord) override {}
  } pick;
  pick.wanted = mark.inner;
  pick.fields = &state_->fields;
  pick.use = &use;
  state_->read(batch, batch.records[mark.record], mark.time, pick);
  return pick.found;
}

}  // namespace kubevigil
