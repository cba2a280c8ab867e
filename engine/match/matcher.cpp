#include <algorithm>
#include <bit>

#include "engine/base/byte_buffer.h"
#include "engine/base/limits.h"
#include "engine/match/evaluator.h"
#include "engine/match/group_key.h"
#include "engine/match/intern_table.h"
#include "engine/match/match_profile.h"
#include "engine/match/operands.h"
#include "engine/match/program_code.h"

namespace kubevigil {
namespace {

// One part of a key: everything about the values of an envelope field that a test can see.
//   part  = count ( 4 bytes ) presence ( 1 byte ) value*
//   value = type ( 1 byte ) size ( 4 bytes ) text
void encode_values(std::span<const Value> values, Presence presence, ByteBuffer& out) {
  out.put_raw(static_cast<uint32_t>(values.size()));
  out.put(static_cast<char>(presence));
  for (const Value& value : values) {
    out.put(static_cast<char>('A' + static_cast<int>(value.type)));
    out.put_raw(static_cast<uint32_t>(value.text.size()));
    out.put(value.text);
    if (out.size() > limits::kInternedValueBytes) return;
  }
}

// Of the annotations those that rules ask for, in the order of the event. Not there: no part of the key.
void encode_entries(const Event& event, const std::vector<std::string>& names, ByteBuffer& out) {
  out.put(event.cut(FieldId::Annotations) ? 'c' : 'a');
  for (const MapEntry& entry : event.entries(FieldId::Annotations)) {
    const auto name = std::lower_bound(names.begin(), names.end(), entry.key);
    if (name == names.end() || *name != entry.key) continue;
    out.put_raw(static_cast<uint32_t>(name - names.begin()));
    encode_values({&entry.value, 1}, Presence::Present, out);
    if (out.size() > limits::kInternedValueBytes) return;
  }
}

constexpr size_t kMemoShare = 4;  // of the bytes that may be remembered: for texts of bodies

bool share_a_bit(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  for (size_t w = 0; w < a.size(); ++w) {
    if ((a[w] & b[w]) != 0) return true;
  }
  return false;
}

}  // namespace

struct Matcher::State {
  State(std::shared_ptr<const Program> p, HashKey k, size_t interned_bytes, MatchProfile* measured)
      : program(std::move(p)),
        code(program->code()),
        key(k),
        lookup(program->derived()),
        memo(code.conditions.memo_sets(), k, interned_bytes / kMemoShare),
        profile(measured),
        evaluator(code.conditions, lookup, counters, &memo, measured),
        operands(evaluator, code, k),
        left(code.words()) {
    for (size_t i = 0; i < code.index.size(); ++i) {
      tables.emplace_back(code.words(), k, (interned_bytes - interned_bytes / kMemoShare) / code.index.size());
    }
  }

  void select(const Event& event);
  std::span<const uint64_t> bits_of(const Event& event, size_t i);
  void judge(uint32_t index, std::span<uint64_t> bits);
  void prepare_profile();
  Truth truth(const DetectionCode& detection);
  Truth measured_truth(const DetectionCode& detection);
  void write_hit(const DetectionCode& detection, std::string_view cluster, MatchResult& result);
  void evaluate_candidates(const Event& event, MatchResult& result);
  EventMark mark(const Event& event, bool hit);
  static void write_actor(const Event& event, EventMark& mark, MatchResult& result);

  std::shared_ptr<const Program> program;
  const Program::Code& code;
  HashKey key;
  MatchCounters counters;
  FieldLookup lookup;
  TextMemo memo;
  MatchProfile* const profile;  // none: nothing is measured
  Evaluator evaluator;
  OperandWriter operands;
  std::vector<InternTable> tables;  // one per Program::Code::index
  Bits left;                        // detections that the present event may match
  ByteBuffer scratch;
  std::string last_cluster;  // of the last event: nearly always that of the next
  uint64_t cluster_hash = siphash({}).low;
};

// Leaves in `left` the detections that no index rules out. An index that none of them reads is not looked at.
void Matcher::State::select(const Event& event) {
  left = stage_role(event) == StageRole::None ? code.names_stage : code.all;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (!share_a_bit(left, code.index[i].readers)) continue;
    const auto bits = bits_of(event, i);
    for (size_t w = 0; w < bits.size(); ++w) left[w] &= bits[w];
  }
}

// The bit set of the event's key in an index; empty: the key is too long to be remembered.
std::span<const uint64_t> Matcher::State::bits_of(const Event& event, size_t i) {
  const IndexCode& index = code.index[i];
  scratch.clear();
  for (const FieldId slot : index.slots)
    encode_values(event.values(slot), event.present(slot) ? Presence::Present : Presence::Absent, scratch);
  for (const uint32_t field : index.lookups) {
    const FieldValues& values = evaluator.values(field);
    encode_values(values.values, values.presence, scratch);
  }
  if (!index.names.empty()) encode_entries(event, index.names, scratch);
  if (scratch.size() > limits::kInternedValueBytes) return {};
  const auto known = tables[i].find(scratch.view());
  if (!known.empty()) return known;
  const uint64_t clears = tables[i].clears();
  const auto fresh = tables[i].add(scratch.view());
  counters.intern_clears += tables[i].clears() - clears;
  judge(static_cast<uint32_t>(i), fresh);
  return fresh;
}

void Matcher::State::judge(uint32_t index, std::span<uint64_t> bits) {
  std::copy(code.all.begin(), code.all.end(), bits.begin());
  const Scope scope = Scope::one_index(index, code.index[index].with);
  for (const uint32_t d : code.index[index].detections) {
    if (evaluator.evaluate(code.detections[d].root, scope) != Truth::False) continue;
    bits[d / 64] &= ~(uint64_t{1} << (d % 64));
  }
}

// Bodies last: most events that the index leaves fail on their envelope.
Truth Matcher::State::truth(const DetectionCode& detection) {
  ++counters.candidates;
  bool needs_body = false;
  const Truth truth = evaluator.evaluate_in_stages(detection.root, needs_body);
  counters.body_candidates += needs_body ? 1 : 0;
  return truth;
}

void Matcher::State::prepare_profile() {
  profile->rules.resize(program->rules().rules.size());
  for (const FieldCode& field : code.conditions.fields()) profile->fields.push_back({to_text(field.field), {}});
}

Truth Matcher::State::measured_truth(const DetectionCode& detection) {
  RuleCost& rule = profile->rules[detection.rule];
  const uint64_t bodies = counters.body_candidates;
  const Truth outcome = profile->measure(rule.cost, [&] { return truth(detection); });
  rule.hits += outcome == Truth::True ? 1 : 0;
  rule.bodies += counters.body_candidates - bodies;
  return outcome;
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
      const Truth outcome = profile == nullptr ? truth(detection) : measured_truth(detection);
      if (outcome == Truth::True) write_hit(detection, event.cluster, result);
      if (outcome == Truth::Unknown) result.not_evaluable.push_back(detection.rule);
    }
  }
}

EventMark Matcher::State::mark(const Event& event, bool hit) {
  EventMark mark;
  mark.time = event.time;
  mark.time_source = event.time_source;
  const EventDigests digests = event_digests(event, key);
  mark.identity = digests.identity;
  mark.audit_stage = digests.audit_stage;
  mark.intent = digests.intent.low;
  mark.role = stage_role(event);
  mark.long_running = mark.role == StageRole::Later ||
                      (mark.role == StageRole::First && event.text(FieldId::Stage) == "ResponseStarted");
  if (mark.long_running && hit) mark.request = request_identity(event, key);
  if (event.cluster != last_cluster) {
    last_cluster = event.cluster;
    cluster_hash = siphash(last_cluster).low;
  }
  mark.cluster = cluster_hash;
  return mark;
}

void Matcher::State::write_actor(const Event& event, EventMark& mark, MatchResult& result) {
  mark.actor_begin = static_cast<uint32_t>(result.memory.size());
  append_group_text(result.memory, event.cluster);
  append_group_text(result.memory, event.text(FieldId::UserUsername));
  mark.actor_size = static_cast<uint32_t>(result.memory.size()) - mark.actor_begin;
}

Matcher::Matcher(std::shared_ptr<const Program> program, HashKey key, size_t interned_bytes, MatchProfile* profile)
    : state_(std::make_unique<State>(std::move(program), key, interned_bytes, profile)) {
  if (profile != nullptr) state_->prepare_profile();
}
Matcher::~Matcher() = default;

void Matcher::match(const Event& event, uint32_t record, uint32_t inner, MatchResult& result) {
  State& s = *state_;
  ++s.counters.events;
  s.lookup.begin(event);
  s.evaluator.begin_event();
  s.operands.begin_event();
  const auto first_hit = static_cast<uint32_t>(result.hits.size());
  const size_t operands = result.operands.size();
  const uint64_t cut = s.operands.values_cut();
  s.select(event);
  s.evaluate_candidates(event, result);
  result.group_values_cut += s.operands.values_cut() - cut;
  const auto hits = static_cast<uint32_t>(result.hits.size()) - first_hit;
  EventMark mark = s.mark(event, hits > 0);
  mark.record = record;
  mark.inner = inner;
  mark.hit_begin = first_hit;
  mark.hit_count = hits;
  if (result.operands.size() > operands) s.write_actor(event, mark, result);
  result.events.push_back(mark);
}

void Matcher::release() { state_->lookup.release(); }

const MatchCounters& Matcher::counters() const { return state_->counters; }

}  // namespace kubevigil
