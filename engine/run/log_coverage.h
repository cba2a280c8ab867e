// What rules can see in a log as it is: which of them it has requests for, and whether those carry what the rules need.
// For clusters whose audit policy nobody can read (EKS, GKE, AKS).
//
// The log is taken as its kinds of requests: verb and resource (or, for paths, verb alone), with how many requests each
// audit level brought. A rule is about a kind when nothing that verb and resource decide rules it out.
//   * A request is counted once, by its end: ResponseComplete or Panic; of a long-running one ResponseStarted will do.
//     A rule that names a stage is held against the events of that stage. Requests whose events are all of other stages
//     are there for nobody who looks at this one.
//   * A level counts with what it is there for: requests that were cut (audit.k8s.io/truncated, records too long) count
//     as Metadata; so do writes of Request and above without a body, and those of RequestResponse without an answer
//     count as Request. Not of refused requests (codes from 400 on): they need not have one.
// So a rule that is called blind for its level or absent never fired in that log.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/event/event.h"
#include "engine/rule/rule.h"
#include "engine/run/audit_policy.h"

namespace kubevigil {

class SeenRequests {
 public:
  static constexpr size_t kMostKinds = 20'000;  // more kinds than that (custom resources) are only counted
  using LevelCounts = std::array<uint64_t, 4>;  // by AuditLevel
  // verb, API group, resource, subresource; of paths the verb alone
  using Kind = std::tuple<std::string, std::string, std::string, std::string>;

  // Requests by how far they are told of.
  enum Phase : uint8_t { Received, Started, Ended };
  struct Counts {
    std::array<LevelCounts, 3> logged{}, carried{};  // by phase: the level they have, and that of what they carry
  };

  void add(const Event& event);
  const std::map<Kind, Counts>& kinds() const { return kinds_; }
  uint64_t events() const { return events_; }
  uint64_t left_out() const { return left_out_; }  // events of kinds beyond kMostKinds
  // Between the first event of a cluster and its last; of all clusters the longest.
  Duration longest() const;

 private:
  void count(const Event& event, Counts& counts);

  std::map<Kind, Counts> kinds_;
  std::map<std::string, std::pair<Timestamp, Timestamp>, std::less<>> times_;  // by cluster
  uint64_t events_ = 0, left_out_ = 0;
};

enum class Seen : uint8_t {
  Evaluable,  // every request of its kind carries what it needs
  Learning,   // likewise, but the log is shorter than what the rule, or one that it reads, learns for
  Part,       // some requests carry too little
  Blind,      // all of them do, or most of them lost their bodies
  Absent,     // no request of its kind: nobody made one, or the policy drops them
};
std::string_view to_text(Seen seen);

struct RuleCoverage {
  uint32_t rule = 0;  // index into RuleSet::rules
  Seen seen = Seen::Evaluable;
  AuditLevel needed = AuditLevel::Metadata;  // the most that a kind seen in the log takes
  uint64_t requests = 0, too_low = 0;        // of its kinds; those that carry too little
  uint64_t cut = 0;                          // of too_low: their level would do, but the bodies are not there
  uint64_t stage_missing = 0;                // of too_low: the log has none of the stages that the rule looks at
  Duration learns{};                         // Learning: for how long
  std::vector<uint32_t> lacking;             // correlations: rules that they read and that are not evaluable
};

// One for each rule that is not dead, in the order of `rules`; base rules of correlations, too.
std::vector<RuleCoverage> coverage_in(const SeenRequests& log, const RuleSet& rules);

}  // namespace kubevigil
