#include "engine/app/live_watch.h"

#include <fmt/format.h>

namespace kubevigil {

void LiveWatch::review(const ConsumerStatus& status, Timestamp now) {
  if (status.rules == nullptr) return;
  review_state(status, now);
  review_clocks(status, now);
}

void LiveWatch::review_state(const ConsumerStatus& status, Timestamp now) {
  const std::vector<Rule>& rules = status.rules->program->rules().rules;
  std::map<std::string, uint64_t> evictions;
  for (size_t i = 0; i < rules.size() && i < status.rule_status.size(); ++i) {
    const OperatorStats& state = status.rule_status[i].state;
    if (state.evictions == 0) continue;
    const RuleMeta& meta = rules[i].meta;
    evictions[meta.id] = state.evictions;
    const auto before = evictions_.find(meta.id);
    const uint64_t known = before == evictions_.end() ? 0 : before->second;
    if (!begun_ || state.evictions <= known) continue;
    self_alerts_.raise({SelfAlertKind::StatePressure, "", meta.name,
                        fmt::format("{} keys were given up before their time; {} keys in {} bytes are left",
                                    state.evictions - known, state.keys, state.bytes),
                        now});
  }
  evictions_ = std::move(evictions);
  begun_ = true;
}

void LiveWatch::review_clocks(const ConsumerStatus& status, Timestamp now) {
  for (const StreamReport& stream : status.streams) {
    if (!stream.active || stream.events == 0 || stream.watermark < now + kClockAhead) continue;
    const Duration ahead = stream.watermark - now;
    self_alerts_.raise({SelfAlertKind::ClockSkew, stream.cluster, stream.name,
                        fmt::format("its events are more than {} s ahead of this machine's clock",
                                    ahead.micros / Duration::seconds(1).micros),
                        now});
  }
}

}  // namespace kubevigil
