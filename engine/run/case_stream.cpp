#include "engine/run/case_stream.h"

#include <algorithm>

#include "engine/event/event_reader.h"
#include "engine/match/group_key.h"
#include "engine/run/exception_cover.h"
#include "engine/run/replay_watermark.h"
#include "engine/run/robust_clock.h"
#include "engine/state/correlator.h"

namespace kubevigil {
namespace {

// Names an event by its place in the stream.
class StreamEvents final : public EventSource {
 public:
  EventRef ref(const MatchResult& result, const EventMark& mark) override {
    EventRef ref = EventSource::ref(result, mark);
    ref.position = {0, mark.record, mark.record + uint64_t{1}};
    return ref;
  }
};

// Parts of a condition, as an author counts them: what is joined by "and" at the top.
std::vector<const Expr*> parts_of(const Expr& condition) {
  if (condition.kind != Expr::Kind::All) return {&condition};
  std::vector<const Expr*> parts;
  for (const Expr& child : condition.children) parts.push_back(&child);
  return parts;
}

size_t failing_parts(const Expr& condition, FieldLookup& fields) {
  size_t failing = 0;
  for (const Expr* part : parts_of(condition)) failing += evaluate(*part, fields) == Truth::True ? 0 : 1;
  return failing;
}

class Stream {
 public:
  // `start`: of its first event, which the clock of a replay knows before it begins.
  Stream(std::shared_ptr<const Program> program, Timestamp start, const StreamMeasures& measures)
      : program_(std::move(program)),
        matcher_(program_),
        fields_(program_->derived()),
        correlator_(program_, {}),
        near_(measures.near),
        clock_(start) {
    if (measures.exceptions) exceptions_ = exception_tuples(program_->rules());
  }

  void take(const CaseRecord& record, uint32_t index) {
    std::string padded = record.json;
    padded.append(kRecordPadding, ' ');
    RecordOrigin origin;
    origin.envelope = "native";
    origin.cluster = record.cluster;
    origin.previous_time = clock_.now();
    if (auto read = reader_.read(std::string_view(padded).substr(0, record.json.size()), origin, event_); !read) {
      outcome_.unreadable.push_back("record " + std::to_string(index + 1) + ": " + read.error().message);
      return;
    }
    MatchResult result;
    matcher_.match(event_, index, 0, result);
    for (const Hit& hit : result.hits) outcome_.matched.insert(hit.rule);
    outcome_.not_evaluable.insert(result.not_evaluable.begin(), result.not_evaluable.end());
    measure();
    for (const EventMark& mark : result.events) {
      const Timestamp at = clock_.advance(mark.time);
      if (correlator_.on_event(watermark_.with(at), at, result, mark, events_, changes_)) watermark_.take(at);
    }
    collect();
  }

  StreamOutcome finish() {
    correlator_.finish(watermark_.final(), changes_);
    collect();
    for (auto& [number, alert] : alerts_) outcome_.alerts.push_back(std::move(alert));
    std::stable_sort(outcome_.alerts.begin(), outcome_.alerts.end(), [](const StreamAlert& a, const StreamAlert& b) {
      return a.opened != b.opened ? a.opened < b.opened : a.rule < b.rule;
    });
    return std::move(outcome_);
  }

 private:
  void measure() {
    if (exceptions_.empty() && near_.empty()) return;
    fields_.begin(event_);
    for (const ExceptionTuple& e : exceptions_) {
      std::pair<std::string, size_t> tuple(e.filter, e.number);
      if (outcome_.excepted.contains(tuple) || !is_silenced_by(e, program_->rules(), fields_)) continue;
      outcome_.excepted.insert(std::move(tuple));
    }
    for (const uint32_t rule : near_) {
      const size_t failing = failing_parts(program_->rules().rules[rule].detection().condition, fields_);
      const auto [at, added] = outcome_.failing.emplace(rule, failing);
      if (!added) at->second = std::min(at->second, failing);
    }
  }

  void collect() {
    for (const EpisodeChange& change : changes_) {
      const Episode& e = change.episode;
      const Rule& rule = program_->rules().rules[e.rule];
      alerts_[e.number] = {e.rule, e.opened, level_at(rule, e.measure), e.count, named_group(rule, e.key_bytes)};
    }
    changes_.clear();
  }

  std::shared_ptr<const Program> program_;
  EventReader reader_;
  Event event_;
  Matcher matcher_;
  FieldLookup fields_;
  Correlator correlator_;
  std::vector<ExceptionTuple> exceptions_;  // that are measured
  std::span<const uint32_t> near_;
  RobustClock clock_;
  ReplayWatermark watermark_;
  StreamEvents events_;
  std::vector<EpisodeChange> changes_;
  std::map<uint64_t, StreamAlert> alerts_;
  StreamOutcome outcome_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> named_group(const Rule& rule, std::string_view key_bytes) {
  std::vector<std::string> names;
  for (const FieldRef& field : rule.extension.dedup.by) names.push_back(to_text(field));
  if (names.empty() && !rule.is_detection()) names = rule.correlation().group_by;
  if (names.empty() && rule.is_detection()) {
    names = {"user.username", "effectiveUser.username", "resource", "objectRef.namespace", "objectRef.name"};
  }
  std::vector<std::string> elements = decode_group_key(key_bytes);
  if (!rule.extension.across_clusters && !elements.empty()) elements.erase(elements.begin());
  std::vector<std::pair<std::string, std::string>> group;
  for (size_t i = 0; i < std::min(names.size(), elements.size()); ++i) group.emplace_back(names[i], elements[i]);
  return group;
}

StreamOutcome run_stream(const std::shared_ptr<const Program>& program, std::span<const CaseRecord> records,
                         const StreamMeasures& measures) {
  // Records that do not come in order of time have no beginning that a clock could know.
  const bool in_order = std::is_sorted(records.begin(), records.end(),
                                       [](const CaseRecord& a, const CaseRecord& b) { return a.time < b.time; });
  Stream stream(program, in_order && !records.empty() ? records.front().time : Timestamp::min(), measures);
  for (size_t i = 0; i < records.size(); ++i) stream.take(records[i], static_cast<uint32_t>(i));
  return stream.finish();
}

}  // namespace kubevigil
