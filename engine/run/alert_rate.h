// AlertRate: a sink's rate limit. In each period the first `alerts` alerts pass; those above are folded into one
// digest, which is due at the period's end. A period begins with an alert; alerts that are read after a time in which
// the sink was down count when they are read.
//
// Never folded, but counted: alerts of level critical, and retractions (whoever saw the alert has to hear of its end).
//
// The digest is an alert of its own: rule kDigestRuleId, the highest level that was folded, `count` of folded
// revisions, first and last time seen, and in message and values the counts by rule. Its id follows from the sink and
// the first alert that was folded, so that one which is sent again is known.
//
// One thread; pure but for the times it is given (Env::monotonic()). Counts by rule are kept for kDigestRules rules,
// the others as one.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/alert/alert.h"

namespace kubevigil {

inline constexpr std::string_view kDigestRuleId = "5d1c2b0e-6a1f-4a3e-9c36-0f7d5a5b6e01";
inline constexpr std::string_view kDigestRuleName = "alerts_folded";
inline constexpr size_t kDigestRules = 200;

struct RateLimit {
  size_t alerts = 0;  // 0: no limit
  Duration per = Duration::minutes(1);
};

class AlertRate {
 public:
  AlertRate(RateLimit limit, std::string sink) : limit_(limit), sink_(std::move(sink)) {}

  // True: it may go. False: it was folded. Take a digest that is due first.
  bool admits(const Alert& alert, Duration now);
  // When the digest is due; nullopt: nothing was folded.
  std::optional<Duration> digest_due() const;
  // REQUIRES: digest_due(). The next alert begins a new period.
  Alert take_digest();

 private:
  struct Folded {
    uint64_t count = 0;
    Level level = Level::Informational;
  };
  void fold(const Alert& alert);

  RateLimit limit_;
  std::string sink_;
  std::optional<Duration> end_;  // of the period; nullopt: none has begun
  size_t passed_ = 0;
  std::map<std::string, Folded> rules_;  // by name
  std::optional<Alert> digest_;          // as far as it is known
};

}  // namespace kubevigil
