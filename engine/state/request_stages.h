// RequestStages: long-running requests whose ResponseStarted counted for a rule, until their ResponseComplete comes
// (design/rules.md 4: one request counts once). At most limits::kLongRequests; the oldest are forgotten, counted.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/state/archive.h"
#include "engine/state/key_index.h"

namespace kubevigil {

class RequestStages {
 public:
  // `rule`: rule_mark (rule_places.h), which other rule sets share.
  void start(Hash128 request, uint64_t rule, Timestamp time);
  // The time of the start, which is forgotten; nullopt: this rule did not count the request.
  std::optional<Timestamp> finish(Hash128 request, uint64_t rule);
  uint64_t forgotten() const { return forgotten_; }
  void archive(Archive& archive);

 private:
  struct Started {
    Timestamp time;
    uint64_t number;
  };
  bool is_open(const std::pair<Hash128, uint64_t>& started) const;

  KeyIndex<Hash128, Started> open_;
  std::deque<std::pair<Hash128, uint64_t>> order_;  // with the number of the start: finished ones are skipped
  uint64_t next_ = 0, forgotten_ = 0;
};

}  // namespace kubevigil
