// The same stream twice: events into a correlator, and match records of them into another one. What both say, with the
// whole of each alert as it opens.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/base/text.h"
#include "engine/run/batch_judge.h"
#include "engine/run/match_source.h"
#include "engine/run/watermarks.h"
#include "engine/state/event_ids.h"
#include "tests/run/live_world.h"

namespace kubevigil {

inline constexpr Duration kStageLateness = CorrelatorOptions{}.lateness;

// Changes of a correlator as lines.
class StageLog {
 public:
  template <typename Open>  // Open(episode) -> OpenAlert
  void add(std::vector<EpisodeChange>& changes, const Open& open) {
    for (const EpisodeChange& change : changes) {
      const Episode& e = change.episode;
      std::string line = fmt::format("{} {} {} {} {} {} {}", static_cast<int>(change.kind), e.alert_id, e.revision,
                                     to_text(e.status), e.count, e.measure, format_rfc3339(e.last_seen));
      line += fmt::format(" {} {} {}", e.state_since.micros, e.duration_micros, e.events.size());
      for (const std::string& value : e.values) line += " " + printable(value);
      lines.push_back(line);
      if (change.kind == EpisodeChange::Kind::Opened) lines.push_back(to_json(open(e).alert));
    }
    changes.clear();
  }
  std::vector<std::string> lines;
};

// One shard that keeps all keys.
class ShardStage {
 public:
  explicit ShardStage(std::shared_ptr<const Program> program)
      : source_(program, {}),
        correlator_(program, {}),
        builder_(program, Redactor(), [this](uint32_t file) { return source_.name(file); }) {}

  void take(std::string_view bytes) {
    const auto record = decode_match(bytes);
    ASSERT_TRUE(record) << record.error().message;
    if (const auto* marks = std::get_if<MatchWatermarks>(&record->body)) {
      watermark_ = marks->sources.front().time;
      correlator_.advance(watermark_, changes_);
      return log_.add(changes_, [&](const Episode& e) { return builder_.opened(e, nullptr); });
    }
    const auto& event = std::get<MatchEvent>(record->body);
    ASSERT_TRUE(source_.take(event));
    correlator_.on_event(watermark_, event.robust_time, source_.result(), source_.mark(), source_, changes_);
    log_.add(changes_, [&](const Episode& e) {
      const bool at_hand = event.facts && e.anchor.identity == event.identity;
      return builder_.opened(e, at_hand ? &*event.facts : nullptr);
    });
  }
  void finish() {
    correlator_.finish(watermark_, changes_);
    log_.add(changes_, [&](const Episode& e) { return builder_.opened(e, nullptr); });
  }
  const std::vector<std::string>& lines() const { return log_.lines; }
  Correlator::Counters counters() const { return correlator_.counters(); }

 private:
  MatchSource source_;
  Correlator correlator_;
  AlertBuilder builder_;
  Timestamp watermark_ = Timestamp::min();
  std::vector<EpisodeChange> changes_;
  StageLog log_;
};

// Judges, as both ways do; the one way goes on here, for the other it writes records.
class Stages : EventSource {
 public:
  explicit Stages(std::shared_ptr<const Program> program)
      : program_(program),
        judge_(program, {}),
        correlator_(program, {}),
        builder_(program, Redactor(), [this](uint32_t file) { return watermarks_.name(file); }),
        reached_(alerts_reached(*program)),
        ids_(limits::kDuplicateWindow),
        shard_(program) {
    for (const char* name : {"audit_id_reuse", "audit-id-reuse"}) {
      const Rule* found = program->rules().find(name);
      if (found != nullptr) gated_ = static_cast<uint32_t>(found - program->rules().rules.data());
    }
  }

  void batch(const LiveBatch& live) {
    judged_.reset();
    judged_.batch = live.batch;
    judge_.judge(judged_);
    watermarks_.begin(live.stream, live.cluster, live.slack);
    stream_ = live.stream;
    for (size_t i = 0; i < judged_.result.events.size(); ++i) event(i, live.taken);
  }
  void finish() {
    correlator_.finish(watermarks_.watermark(), changes_);
    log_.add(changes_, [&](const Episode& e) { return builder_.opened(e, OpeningEvent{}); });
    shard_.finish();
  }

  const std::vector<std::string>& direct() const { return log_.lines; }
  const ShardStage& shard() const { return shard_; }
  size_t events = 0, records = 0, bytes = 0;

 private:
  EventRef ref(const MatchResult& result, const EventMark& mark) override {
    EventRef out = EventSource::ref(result, mark);
    const Record& record = judged_.batch.records[mark.record];
    out.position = record.position;
    out.position.file = watermarks_.number();
    out.inner = mark.inner;
    out.size = static_cast<uint32_t>(record.size);
    out.audit_id = judged_.audit_ids[static_cast<size_t>(&mark - judged_.result.events.data())];
    return out;
  }

  void event(size_t index, Timestamp taken) {
    EventMark& mark = judged_.result.events[index];
    const Watermarks::Step step = watermarks_.event(mark, taken);
    mark.time = step.time;
    ++events;
    route(mark, step);
    const bool fresh = correlator_.on_event(step.watermark, step.robust_time, judged_.result, mark, *this, changes_);
    if (!fresh) correlator_.advance(step.watermark, changes_);
    log_.add(changes_, [&](const Episode& e) {
      OpenAlert out;
      const auto build = [&](const Event& read, FieldLookup& fields) {
        out = builder_.opened(e, OpeningEvent{&read, &fields, read.salvaged});
      };
      if (e.anchor.identity != mark.identity || !judge_.reread(judged_.batch, mark, build)) {
        out = builder_.opened(e, OpeningEvent{});
      }
      return out;
    });
  }

  void send(MatchRecord record) {
    const std::string encoded = encode_match(std::move(record));
    ++records;
    bytes += encoded.size();
    shard_.take(encoded);
  }

  // As CLUSTER.md has it: duplicates go no further, the gated rule's hits count where the audit id was used before, and
  // an event without hits is sent when it is the earliest of its cluster so far.
  void route(const EventMark& mark, const Watermarks::Step& step) {
    if (step.watermark != sent_) send({{}, MatchWatermarks{{{stream_, step.watermark, false}}}});
    sent_ = step.watermark;
    const SeenBefore seen = ids_.see(mark, step.watermark, step.robust_time);
    if (seen == SeenBefore::Duplicate) return;
    MatchEvent out = match_event(judged_.result, mark);
    out.audit_id_reused = seen == SeenBefore::AuditIdReused;
    if (!out.audit_id_reused) std::erase_if(out.hits, [&](const MatchHit& hit) { return hit.rule == gated_; });
    if (out.hits.empty() && !is_earliest(mark, step)) return;
    const EventRef at = ref(judged_.result, mark);
    out.robust_time = step.robust_time;
    out.source = watermarks_.name(at.position.file);
    out.offset = at.position.offset;
    out.line = at.position.line;
    out.size = at.size;
    out.audit_id = at.audit_id;
    const auto read = [&](const Event& event, FieldLookup& fields) {
      out.facts = builder_.facts({&event, &fields, event.salvaged}, rules_opened(out, reached_));
    };
    if (!out.hits.empty()) judge_.reread(judged_.batch, mark, read);
    send({{}, std::move(out)});
  }

  bool is_earliest(const EventMark& mark, const Watermarks::Step& step) {
    const bool counts = mark.time >= step.watermark - kStageLateness && mark.time >= step.robust_time - kStageLateness;
    const auto [known, is_new] = earliest_.emplace(mark.cluster, Timestamp::max());
    const Timestamp from = std::min(mark.time, step.robust_time);
    const bool lowers = counts && from < known->second;
    if (lowers) known->second = from;
    return is_new || lowers;
  }

  const std::shared_ptr<const Program> program_;
  BatchJudge judge_;
  Watermarks watermarks_;
  Correlator correlator_;
  AlertBuilder builder_;
  const std::vector<std::vector<uint32_t>> reached_;
  EventIds ids_;
  ShardStage shard_;
  uint32_t gated_ = UINT32_MAX;
  std::map<uint64_t, Timestamp> earliest_;
  Timestamp sent_ = Timestamp::min();
  std::string stream_;
  JudgedBatch judged_;
  std::vector<EpisodeChange> changes_;
  StageLog log_;
};

inline void expect_same(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  ASSERT_EQ(one.size(), other.size());
  for (size_t i = 0; i < one.size(); ++i) ASSERT_EQ(one[i], other[i]) << "line " << i;
}

}  // namespace kubevigil
