#include "engine/app/live_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kNameBytes = 64;  // of an actor and a cluster, escaped

// The furthest that a key which was lost since `before` had come, in tenths.
size_t furthest(const LostProgress& now, const LostProgress& before) {
  for (size_t tenth = now.size() - 1; tenth > 0; --tenth) {
    if (now[tenth] != before[tenth]) return tenth;
  }
  return 0;
}

// Names are cut so that all is at most `bytes`: a hostile one must not push the next out of the alert.
std::string named(const KeyMaker& maker, size_t bytes) {
  const std::string cluster = cut_to_bytes(printable(maker.cluster), std::min(kNameBytes, bytes / 4));
  const std::string frame = fmt::format("{} by \"\" in \"{}\"", maker.keys, cluster);
  const size_t left = bytes - std::min(bytes, frame.size());
  return fmt::format("{} by \"{}\" in \"{}\"", maker.keys,
                     cut_to_bytes(printable(maker.user), std::min(kNameBytes, left)), cluster);
}

std::string pressure(const LiveRuleStatus& rule, uint64_t evictions, const LostProgress& before) {
  std::string out = fmt::format("{} keys were given up before their time", evictions);
  if (const size_t tenth = furthest(rule.state.lost, before); tenth > 0) {
    out += fmt::format(", the furthest with {} % or more of what fires", tenth * 10);
  }
  out += fmt::format("; {} keys in {} bytes are left", rule.state.keys, rule.state.bytes);
  if (rule.makers.empty()) return out;
  out += "; most new keys in 10 minutes: ";
  const size_t room = limits::kSelfAlertTextBytes - std::min(limits::kSelfAlertTextBytes, out.size());
  for (size_t i = 0; i < rule.makers.size(); ++i) {
    out += (i == 0 ? "" : ", ") + named(rule.makers[i], room / rule.makers.size() - 2);
  }
  return out;
}

}  // namespace

void LiveWatch::review(const ConsumerStatus& status, Timestamp now) {
  if (status.rules == nullptr) return;
  review_state(status, now);
  review_clocks(status, now);
}

void LiveWatch::review_state(const ConsumerStatus& status, Timestamp now) {
  const std::vector<Rule>& rules = status.rules->program->rules().rules;
  std::map<std::string, Told> told;
  for (size_t i = 0; i < rules.size() && i < status.rule_status.size(); ++i) {
    const OperatorStats& state = status.rule_status[i].state;
    if (state.evictions == 0) continue;
    const RuleMeta& meta = rules[i].meta;
    Told& known = told[meta.id] = told_[meta.id];
    if (!begun_) known = {state.evictions, state.lost, Timestamp::min()};
    if (state.evictions < known.evictions) known = {0, {}, known.time};  // the rule has another meaning now
    const bool lately = known.time != Timestamp::min() && known.time <= now && now - known.time < kSelfAlertEvery;
    if (state.evictions == known.evictions || lately) continue;
    const std::string detail = pressure(status.rule_status[i], state.evictions - known.evictions, known.lost);
    self_alerts_.raise({SelfAlertKind::StatePressure, "", meta.name, detail, now});
    known = {state.evictions, state.lost, now};
  }
  told_ = std::move(told);
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
