// EventScript: events and their hits written down by hand, handed to a Correlator one by one, and its episode changes
// as lines of text. No reader and no matcher take part.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/run/replay_watermark.h"
#include "engine/state/correlator.h"

namespace kubevigil {

RuleSet detections(const std::vector<std::string>& names);
// A correlation that groups by one element over `inputs`; at least `gte`. Not added to `rules`.
Rule correlation_over(const RuleSet& rules, const std::string& name, CorrelationType type, Duration timespan,
                      double gte, const std::vector<uint32_t>& inputs);

class EventScript {
 public:
  struct Details {
    std::optional<uint64_t> identity{};  // own one when not given
    std::optional<uint64_t> audit_id{};  // as the identity when not given
    uint64_t intent = 0;
    uint64_t request = 0;
    StageRole role = StageRole::First;
    bool long_running = false;
    std::optional<Timestamp> time{};  // event time, when it is not the robust time
    std::string actor{};              // user; "": not known
  };

  explicit EventScript(RuleSet rules, CorrelatorOptions options = {});
  ~EventScript();

  static Timestamp time(int64_t seconds) { return Timestamp{1'700'000'000'000'000} + Duration::seconds(seconds); }

  // A group key as the matcher encodes it, cluster first.
  static std::string key(const std::vector<std::string>& texts);

  // A new event; the one before it goes to the correlator. Hits are added to it with hit().
  EventScript& event(int64_t seconds, const Details& details);
  EventScript& event(int64_t seconds) { return event(seconds, Details()); }
  // A hit of a detection, with the cluster "c" and these texts as dedup key and as group key of every feed;
  // the last text is the value, too.
  EventScript& hit(uint32_t rule, const std::string& group, const std::string& further = {});
  // A hit that is grouped by the cluster and `group`, with a value of its own.
  EventScript& hit_with_value(uint32_t rule, const std::string& group, const std::string& value);
  void finish();
  void save_and_load();
  std::string saved();
  void load(const std::string& bytes);  // into a correlator of its own, which has seen nothing

  const std::vector<EpisodeChange>& changes();
  std::string log();     // "open 0 probe alice": kind, number, rule, first group element
  std::string opened();  // only the openings, without numbers
  Correlator& correlator();

 private:
  void flush();
  EventScript& add_hit(uint32_t rule, const std::string& key, const std::string& value);

  std::shared_ptr<const RuleSet> rules_;
  CorrelatorOptions options_;
  std::vector<Feed> feeds_;
  std::unique_ptr<Correlator> correlator_;
  std::vector<EpisodeChange> changes_;
  MatchResult result_;
  Timestamp merge_time_;
  ReplayWatermark watermark_;
  uint64_t events_ = 0;
};

}  // namespace kubevigil
