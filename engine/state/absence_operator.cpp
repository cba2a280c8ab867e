#include "engine/state/absence_operator.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "engine/state/heap_size.h"
#include "engine/state/key_table.h"
#include "engine/state/question_list.h"
#include "engine/state/recent_list.h"

namespace kubevigil {
namespace {

constexpr size_t kExpectTimes =
    1024;  // kept of one key, thinned: only of rules with windows of a fraction of a second more
constexpr size_t kStaleDeadlines = 1024;  // of evicted keys, apart from one for each key
constexpr size_t kMissed = 64;            // firings of one heartbeat that late beats may still contradict

// A heartbeat that fired.
struct Missed {
  EventRef event;
  Timestamp time;  // of the beat behind which nothing came
  Timestamp last;  // beats without a gap follow it up to here
};

struct Awaited {
  bool outstanding = false;  // there is a deadline
  Timestamp started, deadline;
  EventRef starter;  // heartbeat, as is `started`: the newest beat
  std::string key_bytes;
  QuestionList questions;
  std::vector<Timestamp> expects;  // sorted; heartbeat: beats
  std::vector<Missed> missed;      // heartbeat, by time

  size_t heap_bytes() const {
    return heap_size(key_bytes) + heap_size(expects) + heap_size(missed) + questions.heap_bytes();
  }

  void archive(Archive& archive) {
    archive(outstanding);
    archive(started);
    archive(deadline);
    archive_event(archive, starter);
    archive(key_bytes);
    questions.archive(archive);
    archive.each(expects, [&](Timestamp& time) { archive(time); });
    archive.each(missed, [&](Missed& one) {
      archive_event(archive, one.event);
      archive(one.time);
      archive(one.last);
    });
  }
};

class AbsenceOperator final : public Operator {
 public:
  AbsenceOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        // A beat is answered by those behind it, in its own time by none.
        look_back_(correlation_.absence.every ? Duration{-1} : correlation_.absence.look_back),
        wait_(correlation_.absence.every.value_or(correlation_.timespan)),
        terms_{look_back_, wait_},
        lateness_(limits.lateness),
        keys_(limits.bytes, limits.keys) {}

  bool on_match(const Match& match, std::vector<Firing>& out) override {
    ++stats_.matches;
    const uint64_t made = keys_.made();
    const auto slot = keys_.at(match.key, expired());
    Awaited& awaited = keys_[slot];
    if (awaited.key_bytes.empty()) awaited.key_bytes = match.key_bytes;
    if (correlation_.absence.every) {
      on_beat(slot, match, out);
    } else if (correlation_.inputs[match.input].role == CorrelationInput::Role::Expect) {
      on_expect(slot, match, out);
    } else {
      on_member(awaited, match);
    }
    keys_.settle(slot, expired());
    return keys_.made() != made;
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>& out) override {
    watermark_ = std::max(watermark_, watermark);
    while (!deadlines_.empty() && std::get<0>(*deadlines_.begin()) <= watermark_) {
      const Deadline due = *deadlines_.begin();
      deadlines_.erase(deadlines_.begin());
      const auto slot = keys_.find(std::get<2>(due));
      if (slot == keys_.kNone || !is_outstanding(keys_[slot], std::get<0>(due))) continue;  // evicted meanwhile
      on_deadline(slot, std::get<2>(due), out);
      keys_.settle(slot, expired());
    }
  }

  Timestamp next_due() const override {
    return deadlines_.empty() ? Timestamp::max() : std::get<0>(*deadlines_.begin());
  }

  void shrink(size_t bytes) override {
    const size_t own = this->bytes();
    if (own <= bytes) return;
    const size_t excess = own - bytes;
    keys_.shrink(keys_.bytes() > excess ? keys_.bytes() - excess : 0, expired());
    forget_evicted();
  }
  size_t bytes() const override { return keys_.bytes() + deadlines_.size() * kDeadlineBytes; }

  OperatorStats stats() const override {
    OperatorStats stats = stats_;
    stats.evictions = keys_.evictions();
    stats.lost = keys_.lost();
    stats.keys = keys_.size();
    stats.bytes = bytes();
    keys_.each([&](Hash128, const Awaited& awaited) { stats.pending += awaited.outstanding ? 1 : 0; });
    return stats;
  }

  void archive(Archive& archive) override {
    keys_.archive(archive);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
    std::vector<Deadline> stale;  // of evicted keys: they count as bytes until they are due
    if (archive.is_saving()) {
      std::copy_if(deadlines_.begin(), deadlines_.end(), std::back_inserter(stale),
                   [this](const Deadline& due) { return is_stale(due); });
    }
    archive.each(stale, [&](Deadline& due) {
      archive(std::get<0>(due));
      archive(std::get<1>(due));
      archive(std::get<2>(due));
    });
    if (archive.is_saving()) return;
    deadlines_ = {stale.begin(), stale.end()};
    keys_.each([&](Hash128 key, const Awaited& awaited) {
      if (awaited.outstanding) deadlines_.emplace(awaited.deadline, awaited.key_bytes, key);
    });
  }

 private:
  using Deadline = std::tuple<Timestamp, std::string, Hash128>;
  static constexpr size_t kDeadlineBytes = sizeof(Deadline) + 96;

  static bool is_outstanding(const Awaited& awaited, Timestamp deadline) {
    return awaited.outstanding && awaited.deadline == deadline;
  }

  struct Expired {
    Timestamp oldest, horizon, now;
    QuestionList::Terms terms;
    bool operator()(const Awaited& awaited) const {
      if (awaited.outstanding || (!awaited.missed.empty() && awaited.deadline > horizon)) return false;
      if (!awaited.questions.is_over(horizon, terms)) return false;
      return awaited.expects.empty() || awaited.expects.back() < oldest;
    }
    // How much of the time that is waited for had passed.
    double progress(const Awaited& awaited) const {
      if (!awaited.outstanding || terms.wait.micros <= 0 || now == Timestamp::min()) return 0;
      return 1 - static_cast<double>((awaited.deadline - now).micros) / static_cast<double>(terms.wait.micros);
    }
  };
  // Expect times that no Member match still to come can look back to are older than this; beats, behind which none that
  // is still to come leaves no gap.
  Timestamp oldest_expect() const {
    const Duration back = correlation_.absence.every ? wait_ : look_back_;
    return watermark_ == Timestamp::min() ? watermark_ : watermark_ - lateness_ - back;
  }
  // No answer older than this comes any more.
  Timestamp horizon() const { return watermark_ == Timestamp::min() ? watermark_ : watermark_ - lateness_; }
  Expired expired() const { return {oldest_expect(), horizon(), watermark_, terms_}; }

  void await(Awaited& awaited, Timestamp deadline, Hash128 key) {
    awaited.outstanding = true;
    awaited.deadline = deadline;
    deadlines_.emplace(awaited.deadline, awaited.key_bytes, key);
    if (deadlines_.size() > 2 * keys_.size() + kStaleDeadlines) forget_evicted();
  }

  // Deadlines of keys that the budget evicted must not pile up until they are due.
  void forget_evicted() {
    std::erase_if(deadlines_, [this](const Deadline& due) { return is_stale(due); });
  }

  bool is_stale(const Deadline& due) const {
    const auto slot = keys_.find(std::get<2>(due));
    return slot == keys_.kNone || !is_outstanding(keys_[slot], std::get<0>(due));
  }

  void cancel(Awaited& awaited, Hash128 key) {
    awaited.outstanding = false;
    deadlines_.erase({awaited.deadline, awaited.key_bytes, key});
  }

  // What fired did not hold: something that it waited for came late.
  void retract(uint32_t slot, Hash128 key, Timestamp started, const EventRef& starter, std::vector<Firing>& out) {
    out.push_back(firing(slot, key, started, starter));
    out.back().retracts = true;
    --stats_.firings;
  }

  void on_deadline(uint32_t slot, Hash128 key, std::vector<Firing>& out) {
    Awaited& awaited = keys_[slot];
    awaited.outstanding = false;
    ++stats_.firings;
    if (correlation_.absence.every) {
      if (awaited.missed.size() >= kMissed) awaited.missed.erase(awaited.missed.begin());
      awaited.missed.push_back({awaited.starter, awaited.started, awaited.started});
      out.push_back(firing(slot, key, awaited.started, awaited.starter));
      return;
    }
    const QuestionList::Question& question = awaited.questions.fire(terms_);
    out.push_back(firing(slot, key, question.time, question.event));
    await_next(awaited, key);
  }

  void await_next(Awaited& awaited, Hash128 key) {
    awaited.questions.forget_before(horizon(), terms_);
    const auto next = awaited.questions.next_due(terms_);
    if (awaited.outstanding && next == awaited.deadline) return;
    if (awaited.outstanding) cancel(awaited, key);
    if (next) await(awaited, *next, key);
  }

  // What fired and has no gap behind it any more did not hold. A gap that has fired itself is no other's.
  void retract_contradicted(uint32_t slot, Hash128 key, std::vector<Firing>& out) {
    std::vector<Missed>& missed = keys_[slot].missed;
    const std::vector<Timestamp>& beats = keys_[slot].expects;
    for (size_t i = missed.size(); i-- > 0;) {
      Missed& one = missed[i];
      auto beat = std::upper_bound(beats.begin(), beats.end(), one.last);
      for (; beat != beats.end() && *beat < one.last + wait_; ++beat) one.last = *beat;
      const bool is_next = i + 1 < missed.size() && one.last >= missed[i + 1].time;
      if (!is_next && one.last + wait_ <= watermark_) continue;
      retract(slot, key, one.time, one.event, out);
      missed.erase(missed.begin() + static_cast<ptrdiff_t>(i));
    }
    std::erase_if(missed, [&](const Missed& one) { return one.last + wait_ <= horizon(); });
    give_back(missed, 2);
  }

  void on_beat(uint32_t slot, const Match& match, std::vector<Firing>& out) {
    Awaited& awaited = keys_[slot];
    remember(awaited.expects, match.time);
    retract_contradicted(slot, match.key, out);
    if (awaited.outstanding && awaited.started >= match.time) return;
    if (match.time + wait_ <= watermark_) return;  // a beat from before the gap that has fired
    if (awaited.outstanding) cancel(awaited, match.key);
    awaited.started = match.time;
    awaited.starter = match.event;
    await(awaited, match.time + wait_, match.key);
  }

  void on_member(Awaited& awaited, const Match& match) {
    const auto from = std::lower_bound(awaited.expects.begin(), awaited.expects.end(), match.time - look_back_);
    if (from != awaited.expects.end() && *from < match.time + wait_) return;
    awaited.questions.ask(match.time, match.event, terms_);
    await_next(awaited, match.key);
  }

  // A time is not needed when no question's window fits between its neighbours: what it answers, one of these answers.
  void thin(std::vector<Timestamp>& expects, size_t i) const {
    if (i == 0 || i + 1 >= expects.size()) return;
    if (expects[i + 1] - look_back_ - wait_ > expects[i - 1]) return;
    expects.erase(expects.begin() + static_cast<ptrdiff_t>(i));
  }

  void remember(std::vector<Timestamp>& expects, Timestamp time) const {
    const auto at = expects.insert(std::upper_bound(expects.begin(), expects.end(), time), time);
    const auto i = static_cast<size_t>(at - expects.begin());
    thin(expects, i + 1);
    thin(expects, i);
    if (i > 0) thin(expects, i - 1);
    expects.erase(expects.begin(), std::lower_bound(expects.begin(), expects.end(), oldest_expect()));
    if (expects.size() > kExpectTimes) expects.erase(expects.begin());
    give_back(expects, 2);
  }

  void on_expect(uint32_t slot, const Match& match, std::vector<Firing>& out) {
    Awaited& awaited = keys_[slot];
    remember(awaited.expects, match.time);
    for (const QuestionList::Question& question : awaited.questions.answer(match.time, terms_)) {
      retract(slot, match.key, question.time, question.event, out);
    }
    await_next(awaited, match.key);
  }

  Firing firing(uint32_t slot, Hash128 key, Timestamp started, const EventRef& starter) const {
    Firing firing;
    firing.time = started + wait_;
    firing.key = key;
    firing.key_bytes = keys_[slot].key_bytes;
    firing.count = 0;
    firing.first_seen = started;
    firing.events = {starter};
    firing.anchor = starter;
    firing.degraded = keys_.degraded(slot);
    return firing;
  }

  const Correlation& correlation_;
  const Duration look_back_, wait_;
  const QuestionList::Terms terms_;
  const Duration lateness_;
  KeyTable<Awaited> keys_;
  std::set<Deadline> deadlines_;
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
};

}  // namespace

std::unique_ptr<Operator> make_absence_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<AbsenceOperator>(rule, limits);
}

}  // namespace kubevigil
