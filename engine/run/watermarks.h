// Watermarks: where event time stands over the streams of a live run (streaming.md S5, S6). One owner, one thread; a
// function of what it is told, in order: no clock.
//
// A stream's own watermark is max over its events of min(event time, taken + kAhead), minus its slack: kAhead keeps one
// wrong clock from making everybody else late. The watermark of the run is the smallest of all active streams, and
// never goes back. A stream is active from its first event until it is said to be idle, and again with its next event;
// what it then brings may be late. While no stream is active the watermark stays.
//
// A clock that is far behind must not hold everybody for ever: a stream that is more than kFarBehind behind its
// arrivals, and in kCheckEvery of arrivals has not come on twice as fast as these (as one does that reads a backlog),
// is behind: it holds nothing, unless all active streams are behind, and what it brings is late. Looked at anew after
// each kCheckEvery.
//
// Bounds: limits::kStreams streams. A new one beyond takes the place of the stream that has been idle longest; when
// none is idle, it shares one with the other such streams of its cluster ("others/CLUSTER"), and from kSharedStreams
// clusters on with all others ("others"). limits::kStreamNames names of streams are remembered for alerts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/match/hit.h"
#include "engine/state/archive.h"

namespace kubevigil {

// Events of one stream that came more than the lateness behind the watermark.
struct LateData {
  std::string stream, cluster;
  uint64_t events = 0;
  Duration least{}, most{};  // behind the watermark
};

// Where one stream stands, for metrics.
struct StreamReport {
  std::string name;
  std::string cluster;  // "" before its first event in this process, and for those that share one over all clusters
  bool active = false, behind = false;
  Timestamp watermark = Timestamp::min();  // its own; min: no event yet
  uint64_t events = 0;                     // since the start of this process
};

class Watermarks {
 public:
  static constexpr Duration kAhead = Duration::seconds(60);
  static constexpr Duration kFarBehind = Duration::hours(1);
  static constexpr Duration kCheckEvery = Duration::minutes(10);
  static constexpr size_t kSharedStreams = 64;

  // The stream of the events that follow. Returns the name that it goes by here: its own, or that of a shared one.
  const std::string& begin(std::string_view stream, std::string_view cluster, Duration slack);
  // Its number in alerts (RecordPosition::file). REQUIRES: begin().
  uint32_t number() const { return current_->second.number; }

  struct Step {
    Timestamp time;         // of the event: its own, or the one before it in the stream, or `taken`
    Timestamp robust_time;  // at which the stream stands
    Timestamp watermark;    // of the run
  };
  // The next event of the stream that began. REQUIRES: begin().
  Step event(const EventMark& mark, Timestamp taken);
  // That event stands so far behind the watermark that correlations do not see it.
  void late(Duration behind);

  // The stream, by the name that begin() gave, has nothing more for now. Returns the watermark of the run.
  Timestamp idle(std::string_view name);

  Timestamp watermark() const { return watermark_; }
  bool is_active(std::string_view name) const;
  // Streams that hold the watermark, by name: after a restart these are to be watched for idleness.
  std::vector<std::string> active() const;
  std::vector<StreamReport> report() const;  // by name
  // Late events since the last call, by stream. No part of the state.
  std::vector<LateData> take_late();
  uint64_t shared() const { return shared_; }  // how often a stream had to share

  // Of a stream by its number; "(forgotten stream)" when it is.
  std::string name(uint32_t number) const;
  void archive(Archive& archive);

 private:
  struct Stream {
    uint32_t number = 0;
    bool active = false, shared = false, behind = false;
    uint64_t left = 0;  // order of going idle
    Duration slack{};
    Timestamp newest = Timestamp::min();     // clamped event time
    Timestamp last_time = Timestamp::min();  // of its last event
    Timestamp checked = Timestamp::min();    // arrival at which it was last looked at for being behind
    Timestamp newest_then;
    uint64_t events = 0;  // no part of the state, like `late` and the cluster
    std::string cluster;
    LateData late;

    Timestamp watermark() const { return newest == Timestamp::min() ? newest : newest - slack; }
  };
  using Streams = std::map<std::string, Stream, std::less<>>;

  Streams::iterator add(const std::string& name, bool shared);
  bool make_room();
  Streams::iterator place_of(std::string_view stream, std::string_view cluster);
  void settle();
  static bool look_behind(Stream& stream, Timestamp taken);  // true: that changed

  Streams streams_;
  Streams::iterator current_ = streams_.end();
  std::map<uint32_t, std::string> names_;
  uint32_t next_number_ = 0;
  uint64_t next_left_ = 0, shared_ = 0;
  size_t sharing_ = 0;  // streams that are shared ones
  Timestamp watermark_ = Timestamp::min();
  Timestamp lowest_ = Timestamp::min();  // of the active streams
};

}  // namespace kubevigil
