// LiveAlerts: which revisions of which alerts leave a live run (design/rules.md 5): the opening at once; an update when
// the level or the stages of the alert change, and at most every 15 minutes of the watermark when something joined
// since the last one; the end, closed or retracted. What is sent has the episode's revision, so (id, revision) is
// unique and numbers between may be missing. One thread (the correlator's).
//
// Bound: `bytes` of open alerts; over_budget() says when the owner must have the correlator close the oldest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "engine/alert/alert_builder.h"
#include "engine/state/archive.h"

namespace kubevigil {

class LiveAlerts {
 public:
  static constexpr Duration kUpdateEvery = Duration::minutes(15);

  LiveAlerts(std::shared_ptr<const Program> program, Redactor redactor, FileNames files, size_t bytes);

  // Each of these appends what is to be sent. `watermark`: the present one.
  void open(const Episode& episode, const OpeningEvent& opening, Timestamp watermark, std::vector<Alert>& out);
  void join(const Episode& episode, Timestamp watermark, std::vector<Alert>& out);
  void close(const Episode& episode, std::vector<Alert>& out);
  // Updates that are due. `find`: an open episode by number; null: none.
  using FindEpisode = std::function<const Episode*(uint64_t number)>;
  void flush(Timestamp watermark, const FindEpisode& find, std::vector<Alert>& out);

  size_t open_alerts() const { return held_.size(); }
  bool over_budget() const { return bytes_ > max_bytes_ && held_.size() > 1; }
  // Loading fails when an alert is not one of alert_from_json.
  void archive(Archive& archive);
  // The open alerts of a run with other rules.
  void take_over(LiveAlerts& old);

 private:
  struct Held {
    OpenAlert open;
    size_t bytes = 0;
    Timestamp due;         // of the next update, when anything joins
    bool waiting = false;  // something has joined: it stands in due_
  };
  void send(uint64_t number, Held& held, const Episode& episode, Timestamp watermark, std::vector<Alert>& out);
  void forget_due(uint64_t number, Held& held);
  void measure(Held& held);

  std::shared_ptr<const Program> program_;
  AlertBuilder builder_;
  const size_t max_bytes_;
  std::map<uint64_t, Held> held_;  // by Episode::number
  std::set<std::pair<Timestamp, uint64_t>> due_;
  size_t bytes_ = 0;
};

}  // namespace kubevigil
