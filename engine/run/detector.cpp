#include "engine/run/detector.h"

#include <map>
#include <utility>

#include "engine/run/batch_judge.h"
#include "engine/run/live_alerts.h"
#include "engine/state/archive.h"

namespace kubevigil {
namespace {

constexpr Duration kLateness = CorrelatorOptions{}.lateness;

// Tells a key from another without telling the key.
uint64_t key_print(HashKey key) { return siphash("detector 4", key).low; }

// By rule id.
using CountedRules = std::map<std::string, std::pair<DetectorRule, OperatorStats>>;

Correlator::Counters since(const Correlator::Counters& before, Correlator::Counters now) {
  now.events -= before.events;
  now.duplicates -= before.duplicates;
  now.late -= before.late;
  now.audit_id_reuse -= before.audit_id_reuse;
  now.joined_stages -= before.joined_stages;
  now.time_outliers -= before.time_outliers;
  now.duplicate_window_full -= before.duplicate_window_full;
  now.long_requests_forgotten -= before.long_requests_forgotten;
  now.alerts_closed_early -= before.alerts_closed_early;
  return now;
}

}  // namespace

struct Detector::State : EventSource {
  State(std::shared_ptr<const Program> program_, DetectorOptions options_)
      : program(program_),
        options(options_),
        correlator(program, {.state_bytes = options.state_bytes,
                             .duplicate_ids = options.duplicate_ids,
                             .lateness = kLateness,
                             .key = options.key}),
        alerts(
            program, options.redactor, [this](uint32_t file) { return watermarks.name(file); }, options.alert_bytes),
        judge(program, {.range = {}, .cluster = {}, .key = options.key}),
        rules(program->rules().rules.size()),
        evictions_before(rules.size()) {}

  EventRef ref(const MatchResult& result, const EventMark& mark) override;
  void on_event(const LiveBatch& info, JudgedBatch& batch, size_t index, std::vector<Alert>& out);
  void count_blind(size_t index, bool fresh);
  void count(const std::vector<Alert>& out, size_t from);
  void on_changes(const EventMark* mark, std::vector<Alert>& out);
  void open(const Episode& episode, const EventMark* mark, std::vector<Alert>& out);
  void settle(const EventMark* mark, std::vector<Alert>& out);
  void archive(Archive& archive);
  OperatorStats operator_stats(uint32_t rule) const;
  CountedRules counted_rules() const;
  void take_counts(const State& from, const CountedRules& counted);

  const std::shared_ptr<const Program> program;
  const DetectorOptions options;
  Correlator correlator;
  Watermarks watermarks;
  LiveAlerts alerts;
  BatchJudge judge;  // reads the events that open alerts again
  JudgedBatch* batch = nullptr;
  size_t next_blind = 0;  // in batch->blind
  std::vector<EpisodeChange> changes;
  DetectorCounters counters;
  std::vector<DetectorRule> rules;
  Correlator::Counters before;             // at begin_counts()
  uint64_t shared_before = 0;              // of the watermarks
  std::vector<uint64_t> evictions_before;  // by rule: what is not counted of an operator's, modulo 2^64
};

EventRef Detector::State::ref(const MatchResult& result, const EventMark& mark) {
  const Record& record = batch->batch.records[mark.record];
  EventRef ref = EventSource::ref(result, mark);
  ref.position = record.position;
  ref.position.file = watermarks.number();
  ref.inner = mark.inner;
  ref.size = static_cast<uint32_t>(record.size);
  ref.audit_id = batch->audit_ids[static_cast<size_t>(&mark - result.events.data())];
  return ref;
}

void Detector::State::on_event(const LiveBatch& info, JudgedBatch& judged, size_t index, std::vector<Alert>& out) {
  EventMark& mark = judged.result.events[index];
  const Watermarks::Step step = watermarks.event(mark, info.taken);
  mark.time = step.time;
  const bool fresh = correlator.on_event(step.watermark, step.robust_time, judged.result, mark, *this, changes);
  judged.duplicates += fresh ? 0 : 1;
  if (!fresh) correlator.advance(step.watermark, changes);
  count_blind(index, fresh);
  if (fresh && mark.time < step.watermark - kLateness) watermarks.late(step.watermark - mark.time);
  settle(&mark, out);
}

void Detector::State::settle(const EventMark* mark, std::vector<Alert>& out) {
  on_changes(mark, out);
  alerts.flush(
      correlator.watermark(), [this](uint64_t number) { return correlator.open_episode(number); }, out);
  while (alerts.over_budget()) {
    correlator.close_oldest(changes);
    on_changes(nullptr, out);
  }
}

void Detector::State::on_changes(const EventMark* mark, std::vector<Alert>& out) {
  for (const EpisodeChange& change : changes) {
    const Episode& episode = change.episode;
    switch (change.kind) {
      case EpisodeChange::Kind::Opened:
        open(episode, mark, out);
        break;
      case EpisodeChange::Kind::Joined:
        alerts.join(episode, correlator.watermark(), out);
        break;
      case EpisodeChange::Kind::Closed:
        alerts.close(episode, out);
        break;
    }
  }
  changes.clear();
}

void Detector::State::open(const Episode& episode, const EventMark* mark, std::vector<Alert>& out) {
  ++rules[episode.rule].opened;
  const bool at_hand = mark != nullptr && episode.anchor.identity == mark->identity;
  const auto build = [&](const Event& event, FieldLookup& fields) {
    alerts.open(episode, {&event, &fields, event.salvaged}, correlator.watermark(), out);
  };
  if (at_hand && judge.reread(batch->batch, *mark, build)) return;
  alerts.open(episode, {}, correlator.watermark(), out);
}

// Duplicates are not counted again.
void Detector::State::count_blind(size_t index, bool fresh) {
  const std::vector<BlindMark>& blind = batch->blind;
  for (; next_blind < blind.size() && blind[next_blind].event <= index; ++next_blind) {
    if (fresh) ++rules[blind[next_blind].rule].not_evaluable[blind[next_blind].level];
  }
}

void Detector::State::count(const std::vector<Alert>& out, size_t from) {
  for (; from < out.size(); ++from) {
    switch (out[from].status) {
      case EpisodeStatus::Open:
        ++counters.opened;
        break;
      case EpisodeStatus::Update:
        ++counters.updated;
        break;
      case EpisodeStatus::Closed:
        ++counters.closed;
        break;
      case EpisodeStatus::Retracted:
        ++counters.retracted;
        break;
    }
  }
}

void Detector::State::archive(Archive& archive) {
  uint64_t print = key_print(options.key);
  archive(print);
  if (print != key_print(options.key)) archive.fail();
  watermarks.archive(archive);
  if (!archive.failed()) correlator.archive(archive);
  if (!archive.failed()) alerts.archive(archive);
}

Detector::Detector(std::shared_ptr<const Program> program, DetectorOptions options)
    : state_(std::make_unique<State>(std::move(program), std::move(options))) {}

Detector::~Detector() = default;

const std::string& Detector::process(const LiveBatch& info, JudgedBatch& judged, std::vector<Alert>& out) {
  State& s = *state_;
  const size_t from = out.size();
  const std::string& stream = s.watermarks.begin(info.stream, info.cluster, info.slack);
  s.batch = &judged;
  s.next_blind = 0;
  for (size_t i = 0; i < judged.result.events.size(); ++i) s.on_event(info, judged, i, out);
  s.batch = nullptr;
  Tally tally = judged.tally;
  tally.files.clear();
  s.counters.tally.add(tally);
  s.count(out, from);
  return stream;
}

void Detector::idle(std::string_view stream, std::vector<Alert>& out) {
  State& s = *state_;
  const size_t from = out.size();
  s.counters.idle += s.watermarks.is_active(stream) ? 1 : 0;
  s.correlator.advance(s.watermarks.idle(stream), s.changes);
  s.settle(nullptr, out);
  s.count(out, from);
}

void Detector::take_over(Detector& old, std::vector<Alert>& out) {
  State& s = *state_;
  State& from = *old.state_;
  const size_t before = out.size();
  const CountedRules counted = from.counted_rules();
  from.correlator.close_lost(s.program->rules(), from.changes);
  from.on_changes(nullptr, out);
  s.correlator.take_over(from.correlator);
  s.watermarks = std::move(from.watermarks);
  s.alerts.take_over(from.alerts);
  s.take_counts(from, counted);
  s.count(out, before);
}

OperatorStats Detector::State::operator_stats(uint32_t rule) const {
  OperatorStats stats = correlator.operator_stats(rule);
  stats.evictions -= evictions_before[rule];
  return stats;
}

CountedRules Detector::State::counted_rules() const {
  CountedRules out;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    out[program->rules().rules[i].meta.id] = {rules[i], operator_stats(i)};
  }
  return out;
}

void Detector::State::take_counts(const State& from, const CountedRules& counted) {
  counters = from.counters;
  before = from.before;
  shared_before = from.shared_before;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    const auto known = counted.find(program->rules().rules[i].meta.id);
    if (known == counted.end()) continue;
    rules[i] = known->second.first;
    evictions_before[i] = correlator.operator_stats(i).evictions - known->second.second.evictions;
  }
}

void Detector::begin_counts() {
  State& s = *state_;
  s.counters = {};
  s.before = s.correlator.counters();
  s.shared_before = s.watermarks.shared();
  for (uint32_t i = 0; i < s.rules.size(); ++i) {
    s.rules[i] = {};
    s.evictions_before[i] = s.correlator.operator_stats(i).evictions;
  }
}

std::string Detector::save() {
  Archive archive = Archive::saving();
  state_->archive(archive);
  return std::move(archive).bytes();
}

Result<void> Detector::load(std::string_view bytes) {
  Archive archive = Archive::loading(bytes);
  state_->archive(archive);
  if (archive.failed() || !archive.at_end()) {
    return fail("the saved state does not fit: it was made with other rules or another key, or it is damaged");
  }
  return {};
}

const Program& Detector::program() const { return *state_->program; }

DetectorCounters Detector::counters() const {
  DetectorCounters counters = state_->counters;
  counters.correlator = since(state_->before, state_->correlator.counters());
  counters.streams_shared = state_->watermarks.shared() - state_->shared_before;
  counters.open_alerts = state_->alerts.open_alerts();
  return counters;
}

const std::vector<DetectorRule>& Detector::rules() const { return state_->rules; }

OperatorStats Detector::operator_stats(uint32_t rule) const { return state_->operator_stats(rule); }

const Watermarks& Detector::watermarks() const { return state_->watermarks; }

std::vector<KeyMaker> Detector::key_makers(uint32_t rule, size_t most) const {
  return state_->correlator.key_makers(rule, most);
}

std::vector<KeyExplosion> Detector::take_explosions() { return state_->correlator.take_explosions(); }

std::vector<LateData> Detector::take_late() { return state_->watermarks.take_late(); }

}  // namespace kubevigil
