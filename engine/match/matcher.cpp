#include <bit>

#include "engine/base/limits.h"
#include "engine/match/evaluator.h"
#include "engine/match/group_key.h"
#include "engine/match/intern_table.h"
#include "engine/match/operands.h"
#include "engine/match/program_code.h"

namespace kubevigil {
namespace {

// Everything about a field's values that a test can see, as bytes.
void encode_values(const FieldValues& field, std::string& out) {
  out.push_back(static_cast<char>('0' + static_cast<int>(field.presence)));
  for (const Value& value : field.values) {
    const auto size = static_cast<uint32_t>(value.text.size());
    out.push_back(static_cast<char>('A' + static_cast<int>(value.type)));
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(value.text);
    if (out.size() > limits::kInternedValueBytes) return;
  }
}

bool any_bit(std::span<const uint64_t> bits) {
  uint64_t all = 0;
  for (const uint64_t word : bits) all |= word;
  return all != 0;
}

}  // namespace

struct Matcher::State {
  State(std::shared_ptr<const Program> p, HashKey k)
      : program(std::move(p)),
        code(program->code()),
        key(k),
        lookup(program->derived()),
        evaluator(code.conditions, lookup, counters),
        operands(evaluator, k),
        left(code.words()) {
    for (size_t i = 0; i < code.index.size(); ++i) tables.emplace_back(code.words(), k);
  }

  void select(StageRole role);
  std::span<const uint64_t> bits_of(size_t index);
  void judge(const IndexCode& index, std::span<uint64_t> bits);
  Truth truth(const DetectionCode& detection);
  void write_hit(const DetectionCode& detection, std::string_view cluster, MatchResult& result);
  void evaluate_candidates(const Event& event, MatchResult& result);
  Hash128 typed_hash(std::initializer_list<std::string_view> texts);
  EventMark mark(const Event& event, bool hit);

  std::shared_ptr<const Program> program;
  const Program::Code& code;
  HashKey key;
  MatchCounters counters;
  FieldLookup lookup;
  Evaluator evaluator;
  OperandWriter operands;
  std::vector<InternTable> tables;  // one per Program::Code::index
  Bits left;                        // detections that the present event may match
  std::string scratch;
  std::string last_cluster;  // of the last event: nearly always that of the next
  uint64_t cluster_hash = siphash({}).low;
};

// Leaves in `left` the detections that no indexed field rules out.
void Matcher::State::select(StageRole role) {
  left = role == StageRole::None ? code.names_stage : code.all;
  for (size_t i = 0; i < tables.size() && any_bit(left); ++i) {
    const auto bits = bits_of(i);
    for (size_t w = 0; w < bits.size(); ++w) left[w] &= bits[w];
  }
}

// The bit set of the event's value of an indexed field; empty: the value is too long to be remembered.
std::span<const uint64_t> Matcher::State::bits_of(size_t index) {
  scratch.clear();
  encode_values(evaluator.values(code.index[index].field), scratch);
  if (scratch.size() > limits::kInternedValueBytes) return {};
  const auto known = tables[index].find(scratch);
  if (!known.empty()) return known;
  const uint64_t clears = tables[index].clears();
  const auto fresh = tables[index].add(scratch);
  counters.intern_clears += tables[index].clears() - clears;
  judge(code.index[index], fresh);
  return fresh;
}

void Matcher::State::judge(const IndexCode& index, std::span<uint64_t> bits) {
  std::copy(code.all.begin(), code.all.end(), bits.begin());
  for (const uint32_t d : index.detections) {
    const Scope scope{Scope::Kind::OneField, index.field};
    if (evaluator.evaluate(code.detections[d].root, scope) != Truth::False) continue;
    bits[d / 64] &= ~(uint64_t{1} << (d % 64));
  }
}

// Bodies last: most events that the index leaves fail on their envelope.
Truth Matcher::State::truth(const DetectionCode& detection) {
  ++counters.candidates;
  const Truth envelope = evaluator.evaluate(detection.root, {Scope::Kind::Envelope, 0});
  if (envelope != Truth::Unknown) return envelope;
  ++counters.body_candidates;
  return evaluator.evaluate(detection.root);
}

void Matcher::State::write_hit(const DetectionCode& detection, std::string_view cluster, MatchResult& result) {
  Hit hit;
  hit.rule = detection.rule;
  hit.operand_begin = static_cast<uint32_t>(result.operands.size());
  for (const FeedCode& feed : detection.feeds) {
    if (operands.write_feed(feed, cluster, result)) continue;
    result.not_evaluable.push_back(program->feeds()[feed.feed].correlation);
  }
  hit.operand_count = static_cast<uint32_t>(result.operands.size()) - hit.operand_begin;
  if (detection.alerts) operands.write_dedup(detection, cluster, hit, result);
  result.hits.push_back(hit);
}

void Matcher::State::evaluate_candidates(const Event& event, MatchResult& result) {
  for (size_t w = 0; w < left.size(); ++w) {
    for (uint64_t word = left[w]; word != 0; word &= word - 1) {
      const DetectionCode& detection = code.detections[w * 64 + static_cast<size_t>(std::countr_zero(word))];
      const Truth outcome = truth(detection);
      if (outcome == Truth::True) write_hit(detection, event.cluster, result);
      if (outcome == Truth::Unknown) result.not_evaluable.push_back(detection.rule);
    }
  }
}

Hash128 Matcher::State::typed_hash(std::initializer_list<std::string_view> texts) {
  scratch.clear();
  for (const std::string_view text : texts) append_group_text(scratch, text);
  return siphash(scratch, key);
}

EventMark Matcher::State::mark(const Event& event, bool hit) {
  EventMark mark;
  mark.time = event.time;
  mark.time_source = event.time_source;
  mark.identity = event_identity(event, key);
  mark.role = stage_role(event);
  mark.long_running = mark.role == StageRole::Later ||
                      (mark.role == StageRole::First && event.text(FieldId::Stage) == "ResponseStarted");
  if (mark.long_running || (hit && mark.role != StageRole::None)) mark.request = request_identity(event, key);
  mark.audit_stage = typed_hash({event.cluster, event.text(FieldId::AuditId), event.text(FieldId::Stage)});
  mark.intent =
      typed_hash({event.text(FieldId::UserUsername), event.text(FieldId::Verb), event.text(FieldId::RequestUri)}).low;
  if (event.cluster != last_cluster) {
    last_cluster = event.cluster;
    cluster_hash = siphash(last_cluster).low;
  }
  mark.cluster = cluster_hash;
  return mark;
}

Matcher::Matcher(std::shared_ptr<const Program> program, HashKey key)
    : state_(std::make_unique<State>(std::move(program), key)) {}
Matcher::~Matcher() = default;

void Matcher::match(const Event& event, uint32_t record, uint32_t inner, MatchResult& result) {
  State& s = *state_;
  ++s.counters.events;
  s.lookup.begin(event);
  s.evaluator.begin_event();
  const auto first_hit = static_cast<uint32_t>(result.hits.size());
  s.select(stage_role(event));
  s.evaluate_candidates(event, result);
  const auto hits = static_cast<uint32_t>(result.hits.size()) - first_hit;
  EventMark mark = s.mark(event, hits > 0);
  mark.record = record;
  mark.inner = inner;
  mark.hit_begin = first_hit;
  mark.hit_count = hits;
  result.events.push_back(mark);
}

const MatchCounters& Matcher::counters() const { return state_->counters; }

}  // namespace kubevigil
