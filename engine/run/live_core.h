// LiveCore: the state of a live run between two batches: the Detector, how far each input was read, and which streams
// hold the watermark. A function of the journal: live and in recovery the same calls in the same order give the same
// alerts. It neither reads a clock nor writes anything. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run/detector.h"
#include "engine/run/journal.h"
#include "engine/run/live_rules.h"

namespace kubevigil {

class LiveCore {
 public:
  explicit LiveCore(std::shared_ptr<const LiveRules> rules);

  // A batch of an input, judged by these rules. Appends what is to be sent. Returns the name of its stream for idle().
  const std::string& process(const std::string& input, const LiveBatch& info, JudgedBatch& judged,
                             std::vector<Alert>& out);
  // Behind a batch that holds nothing to process.
  void skip(const std::string& input, const std::string& to) { positions_[input] = to; }
  void idle(std::string_view stream, std::vector<Alert>& out);
  // Other rules from here on; what they share with the old ones keeps its state.
  void swap(std::shared_ptr<const LiveRules> rules, std::vector<Alert>& out);

  const LiveRules& rules() const { return *rules_; }
  std::shared_ptr<const LiveRules> shared_rules() const { return rules_; }
  Detector& detector() { return *detector_; }
  const Detector& detector() const { return *detector_; }
  const std::map<std::string, std::string>& positions() const { return positions_; }  // by input; the journal's `to`
  // Of a stream that holds the watermark: how long it may be silent.
  Duration idle_after(std::string_view stream) const;

  // Everything but rules and positions. load(): into one made with the same rules and not used yet; after an error it
  // is not to be used.
  std::string save();
  Result<void> load(std::string_view bytes, std::map<std::string, std::string> positions);

 private:
  std::shared_ptr<const LiveRules> rules_;
  std::unique_ptr<Detector> detector_;
  std::map<std::string, std::string> positions_;
  std::map<std::string, Duration, std::less<>> idle_after_;  // of active streams
};

JournalAlert journal_alert(const Alert& alert);

}  // namespace kubevigil
