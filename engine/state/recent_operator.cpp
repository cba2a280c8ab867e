#include "engine/state/recent_operator.h"

#include <algorithm>
#include <cmath>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "engine/state/asked_keys.h"
#include "engine/state/key_bytes.h"
#include "engine/state/recent_list.h"
#include "engine/state/recent_window.h"

namespace kubevigil {
namespace {

// Of temporal: a number of different rules. Without one all of them are asked for.
bool has_number(const CountCondition& condition) { return !condition.monotone() || condition.threshold() > 0; }

RecentSpec spec_of(const Correlation& correlation) {
  RecentSpec spec;
  spec.window = correlation.timespan;
  spec.tumbling = correlation.window.kind == WindowSpec::Kind::Tumbling;
  if (correlation.window.kind == WindowSpec::Kind::Session) spec.gap = correlation.window.gap;
  switch (correlation.type) {
    case CorrelationType::Temporal:
      spec.kind = RecentSpec::Kind::Steps;
      break;
    case CorrelationType::TemporalOrdered:
      spec.kind = RecentSpec::Kind::Ordered;
      break;
    case CorrelationType::ValueCount:
      spec.kind = RecentSpec::Kind::Distinct;
      break;
    default:
      spec.kind = RecentSpec::Kind::Count;
  }
  const bool all_rules = spec.kind == RecentSpec::Kind::Steps && !has_number(correlation.condition);
  if (all_rules || spec.kind == RecentSpec::Kind::Ordered) {
    spec.need = correlation.inputs.size();
    return spec;
  }
  spec.need = correlation.condition.deciding_count();
  spec.immediate = correlation.condition.monotone();
  spec.require_any = !correlation.value_count.require_any.empty();
  for (const LevelRaise& raise : correlation.value_count.raise) {
    spec.keep = std::max(spec.keep, static_cast<size_t>(std::ceil(raise.gte)));
  }
  return spec;
}

uint64_t sampling_for(size_t need) {
  uint64_t sampling = 1;
  while ((need + sampling - 1) / sampling > limits::kExactThreshold) sampling *= 2;
  return sampling;
}

class RecentOperator final : public Operator {
 public:
  RecentOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        spec_(spec_of(correlation_)),
        sampling_(spec_.kind == RecentSpec::Kind::Distinct ? sampling_for(spec_.need) : 1),
        lateness_(limits.lateness),
        asked_(limits) {
    spec_.need = (spec_.need + sampling_ - 1) / sampling_;
    for (const std::string& text : correlation_.value_count.require_any) {
      append_group_text(required_.emplace_back(), text);
    }
  }

  bool on_match(const Match& match, std::vector<Firing>& out) override {
    ++stats_.matches;
    const auto value = value_of(match);
    if (!value) return false;
    const uint64_t made = keys_.made();
    const auto slot = keys_.at(match.key, expired());
    RecentList& list = keys_[slot];
    const auto position = add(list, match, *value);
    if (position && spec_.immediate) {
      if (auto found = find_window(list, *position, spec_)) out.push_back(firing(match, slot, *found));
    } else if (position) {
      pending_.add(question_about(match));
    }
    keys_.settle(slot, expired());
    return keys_.made() != made;
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>& out) override {
    watermark_ = std::max(watermark_, watermark);
    judge_before(horizon(), out);
  }

  Timestamp next_due() const override {
    const auto earliest = pending_.earliest();
    return earliest ? Timestamp{*earliest} + lateness_ + Duration{1} : Timestamp::max();
  }

  void finish(std::vector<Firing>& out) override { judge_before(Timestamp::max(), out); }

  void shrink(size_t bytes) override { asked_.shrink(bytes, expired()); }
  size_t bytes() const override { return asked_.bytes(); }

  OperatorStats stats() const override { return asked_.counted(stats_); }

  void archive(Archive& archive) override {
    asked_.archive(archive);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
    archive(stats_.approximate_keys);
  }

 private:
  Timestamp horizon() const { return watermark_ == Timestamp::min() ? watermark_ : watermark_ - lateness_; }

  // A key none of whose matches can share a window with a match that is still to come.
  struct Expired {
    Timestamp oldest;
    const RecentSpec& spec;
    bool operator()(const RecentList& list) const { return list.entries.empty() || list.entries.back().time <= oldest; }
    // Matches, values or steps (in any order) of the newest window, in what fires.
    double progress(const RecentList& list) const {
      if (!spec.immediate || list.entries.empty()) return 0;
      return window_ending(list, list.entries.back().time, spec).count / static_cast<double>(spec.need);
    }
  };
  Expired expired() const {
    if (horizon() == Timestamp::min()) return {Timestamp::min(), spec_};
    return {spec_.gap ? horizon() - *spec_.gap - Duration{1} : window_open(horizon(), spec_), spec_};
  }

  // nullopt: the match carries no value to count.
  std::optional<uint64_t> value_of(const Match& match) const {
    switch (spec_.kind) {
      case RecentSpec::Kind::Count:
        return 0;
      case RecentSpec::Kind::Steps:
      case RecentSpec::Kind::Ordered:
        return match.input;
      case RecentSpec::Kind::Distinct:
        break;
    }
    if (all_null(match.value_bytes)) return std::nullopt;
    const bool required = std::find(required_.begin(), required_.end(), match.value_bytes) != required_.end();
    return (match.value.low & ~kRequiredBit) | (required ? kRequiredBit : 0);
  }

  // nullopt: nothing new, because this event counts already, or its value is not in the sample.
  std::optional<size_t> add(RecentList& list, const Match& match, uint64_t value) {
    if ((match.value.high & (sampling_ - 1)) != 0) return std::nullopt;
    if (spec_.kind == RecentSpec::Kind::Count && counted(list, match)) return std::nullopt;
    if (spec_.kind == RecentSpec::Kind::Distinct) remember_text(list, value, match.value_bytes);
    const bool was_approximate = list.approximate;
    if (prune_due(list)) prune(list, horizon(), spec_);
    if (list.approximate && !was_approximate) ++stats_.approximate_keys;
    const size_t position = insert(list, {match.time, match.sequence, value, match.event});
    if (!thins_at_once_ || position + 1 < list.entries.size()) return position;
    thin_behind_newest(list, spec_);
    return list.entries.size() - 1;
  }

  static bool stands_at(const RecentList& list, size_t position, Timestamp time, uint64_t sequence) {
    return position < list.entries.size() && list.entries[position].time == time &&
           list.entries[position].sequence == sequence;
  }

  static bool counted(const RecentList& list, const Match& match) {
    return stands_at(list, position_of(list, match.time, match.sequence), match.time, match.sequence);
  }

  // Of a tumbling window there is one question, at its end.
  Question question_about(const Match& match) const {
    if (!spec_.tumbling) return {match.time.micros, match.sequence, std::string(match.key_bytes), match.key};
    const Timestamp end = window_open(match.time, spec_) + spec_.window;
    return {end.micros, 0, std::string(match.key_bytes), match.key};
  }

  // The match that a question is about; tumbling: the newest of the window. nullopt: it is kept no longer.
  std::optional<size_t> asked_about(const RecentList& list, const Question& question) const {
    const Timestamp time{question.when};
    if (spec_.tumbling) {
      const size_t end = first_after(list, time);
      if (end == 0 || list.entries[end - 1].time <= window_open(time, spec_)) return std::nullopt;
      return end - 1;
    }
    const size_t i = position_of(list, time, question.sequence);
    return stands_at(list, i, time, question.sequence) ? std::optional(i) : std::nullopt;
  }

  // Non-monotone conditions: judges every question with a time before `end`.
  void judge_before(Timestamp end, std::vector<Firing>& out) {
    while (const auto question = pending_.take_before(end.micros)) {
      const auto slot = keys_.find(question->key);
      if (slot == keys_.kNone) continue;
      const RecentList& list = keys_[slot];
      const auto i = asked_about(list, *question);
      if (!i) continue;
      const FoundWindow found = window_ending(list, list.entries[*i].time, spec_);
      if (!correlation_.condition.holds(found.count * static_cast<double>(sampling_))) continue;
      Match match;
      match.time = list.entries[*i].time;
      match.key = question->key;
      match.key_bytes = question->key_bytes;
      match.event = list.entries[*i].event;
      out.push_back(firing(match, slot, found));
    }
  }

  Firing firing(const Match& match, uint32_t slot, const FoundWindow& found) {
    ++stats_.firings;
    const RecentList& list = keys_[slot];
    Firing firing;
    firing.time = match.time;
    firing.key = match.key;
    firing.key_bytes = match.key_bytes;
    firing.count = found.count * static_cast<double>(sampling_);
    firing.first_seen = list.entries[found.first].time;
    firing.last_seen = list.entries[found.last].time;
    firing.anchor = match.event;
    firing.approximate = list.approximate || sampling_ > 1;
    firing.degraded = keys_.degraded(slot);
    for (size_t i : sample_of(list, found, spec_)) firing.events.push_back(list.entries[i].event);
    for (const auto& [value, bytes] : list.texts) {
      if (holds_value(list, found, value)) firing.values.push_back(bytes);
    }
    return firing;
  }

  static bool holds_value(const RecentList& list, const FoundWindow& found, uint64_t value) {
    for (size_t i = found.last + 1; i > found.first; --i) {  // texts are of the last values to come
      if (list.entries[i - 1].value == value) return true;
    }
    return false;
  }

  const Correlation& correlation_;
  RecentSpec spec_;
  const uint64_t sampling_;
  const bool thins_at_once_ = thins_at_once(spec_);
  const Duration lateness_;
  std::vector<std::string> required_;
  AskedKeys<RecentList> asked_;
  KeyTable<RecentList>& keys_ = asked_.keys;
  PendingQuestions& pending_ = asked_.pending;
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
};

}  // namespace

std::unique_ptr<Operator> make_recent_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<RecentOperator>(rule, limits);
}

}  // namespace kubevigil
