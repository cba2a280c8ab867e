#include "engine/run/merge.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "engine/run/gap_meter.h"

namespace kubevigil {
namespace {

struct Lane {
  RobustClock clock;
  Timestamp last_time;  // event time of the event before, for events without one
  JudgedBatch* batch = nullptr;
  uint32_t index = 0;      // of the head event in `batch`
  bool headed = false;     // the head event's merge time has been settled
  Timestamp clock_before;  // then: where the clock stood before it
  int direction = 0;       // then: -1 older than the event before it, 1 newer
  bool open = false, ended = false;
  SourcePace pace;  // of the events that were given
  GapMeter gaps;
};

}  // namespace

struct Merge::State {
  ReadAhead& ahead;
  std::vector<SourceStart> starts;
  std::vector<Lane> lanes;
  std::vector<uint32_t> rank;      // of the source by name
  std::vector<uint32_t> by_start;  // sources in order of (start, rank); opened in this order
  size_t opened = 0;               // of by_start

  struct Turn {
    Timestamp time;
    uint32_t rank, source;
    auto operator<=>(const Turn&) const = default;
  };
  std::set<Turn> turns;     // one for each source that has not ended
  bool batch_done = false;  // front batch of the first turn has been given back as Next::Batch

  State(ReadAhead& a, std::vector<SourceStart> s) : ahead(a), starts(std::move(s)), lanes(starts.size()) {}

  void prepare();
  void open_up_to(size_t count);
  void settle_head(Lane& lane);
  void give_head(Lane& lane);
  void drop_batch(uint32_t source);
};

void Merge::State::prepare() {
  std::vector<uint32_t> by_name(starts.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(),
            [&](uint32_t a, uint32_t b) { return std::tie(starts[a].name, a) < std::tie(starts[b].name, b); });
  rank.resize(starts.size());
  for (uint32_t i = 0; i < by_name.size(); ++i) rank[by_name[i]] = i;
  for (uint32_t i = 0; i < starts.size(); ++i) {
    lanes[i].clock = RobustClock(starts[i].start);
    lanes[i].last_time = starts[i].start == Timestamp::min() ? Timestamp{} : starts[i].start;
    turns.insert({starts[i].start, rank[i], i});
  }
  for (const Turn& turn : turns) by_start.push_back(turn.source);
}

void Merge::State::open_up_to(size_t count) {
  for (; opened < std::min(count, by_start.size()); ++opened) {
    lanes[by_start[opened]].open = true;
    ahead.open(by_start[opened]);
  }
}

// Settles time and merge time of the lane's next event.
void Merge::State::settle_head(Lane& lane) {
  EventMark& mark = lane.batch->result.events[lane.index];
  const bool timed = mark.time_source != TimeSource::Previous;
  if (!timed) mark.time = lane.last_time;
  lane.direction = !timed || mark.time == lane.last_time ? 0 : mark.time < lane.last_time ? -1 : 1;
  lane.last_time = mark.time;
  lane.clock_before = lane.clock.now();
  lane.clock.advance(mark.time);
  lane.headed = true;
}

// It may be settled and never given, when the run ends before its turn: only now it counts.
void Merge::State::give_head(Lane& lane) {
  SourcePace& pace = lane.pace;
  const Timestamp now = lane.clock.now();
  if (pace.events > 0) {
    pace.backwards += lane.direction < 0 ? 1 : 0;
    pace.forwards += lane.direction > 0 ? 1 : 0;
    if (lane.clock_before != Timestamp::min()) lane.gaps.add(lane.clock_before, now);
  }
  ++pace.events;
  pace.outliers = lane.clock.outliers();
  pace.first = std::min(pace.first, now);
  pace.last = std::max(pace.last, now);
  lane.headed = false;
  ++lane.index;
}

void Merge::State::drop_batch(uint32_t source) {
  lanes[source].batch = nullptr;
  ahead.pop(source);
}

Merge::Merge(ReadAhead& ahead, std::vector<SourceStart> sources)
    : state_(std::make_unique<State>(ahead, std::move(sources))) {
  state_->prepare();
}

Merge::~Merge() = default;

const std::vector<SourceStart>& Merge::sources() const { return state_->starts; }

SourcePace Merge::pace(uint32_t source) const {
  const Lane& lane = state_->lanes[source];
  SourcePace pace = lane.pace;
  pace.usual_gap = lane.gaps.usual();
  pace.silences = lane.gaps.silences();
  return pace;
}

bool Merge::ended(uint32_t source) const { return state_->lanes[source].ended; }

std::vector<MergedEvent> Merge::begun() const {
  const State& s = *state_;
  std::vector<MergedEvent> out;
  for (uint32_t i = 0; i < s.lanes.size(); ++i) {
    const bool told = s.batch_done && s.turns.begin()->source == i;
    if (s.lanes[i].batch != nullptr && !told) out.push_back({i, s.lanes[i].batch, s.lanes[i].index, {}});
  }
  return out;
}

Merge::Next Merge::next(MergedEvent& event) {
  State& s = *state_;
  while (!s.turns.empty()) {
    const State::Turn turn = *s.turns.begin();
    Lane& lane = s.lanes[turn.source];
    if (s.batch_done) {
      s.batch_done = false;
      s.drop_batch(turn.source);
    }
    if (!lane.open) {
      const auto at = std::find(s.by_start.begin() + static_cast<long>(s.opened), s.by_start.end(), turn.source);
      s.open_up_to(static_cast<size_t>(at - s.by_start.begin()) + 1 + kOpenAhead);
    }
    if (lane.batch == nullptr) {
      const ReadAhead::Wait wait = s.ahead.wait(turn.source);
      if (wait == ReadAhead::Wait::Timeout) return Next::Wait;
      if (wait == ReadAhead::Wait::Ended) {
        lane.ended = true;
        s.turns.erase(s.turns.begin());
        continue;
      }
      lane.batch = &s.ahead.front(turn.source);
      lane.index = 0;
    }
    event = {turn.source, lane.batch, lane.index, turn.time};
    if (lane.index == lane.batch->result.events.size()) {
      s.batch_done = true;
      return Next::Batch;
    }
    if (!lane.headed) {
      s.settle_head(lane);
      const State::Turn next{lane.clock.now(), turn.rank, turn.source};
      if (next.time != turn.time) {
        s.turns.erase(s.turns.begin());
        s.turns.insert(next);
        if (s.turns.begin()->source != turn.source) continue;
        event.merge_time = next.time;
      }
    }
    s.give_head(lane);
    return Next::Event;
  }
  return Next::End;
}

}  // namespace kubevigil
