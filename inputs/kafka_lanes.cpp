#include "inputs/kafka_lanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr Duration kAsk = KafkaQuestions::kAsk;
constexpr Duration kLookAgain = Duration::seconds(1);
constexpr Duration kAskAgain = Duration::seconds(5);
constexpr unsigned kMostDoublings = 4;  // of kAskAgain
constexpr Duration kLookEvery = Duration::seconds(30);
// What is to be read again is waited for: a broker that comes back may know less for a while, or nothing.
constexpr Duration kGoneFor = Duration::minutes(1);
constexpr Duration kMendEvery = Duration::minutes(5);  // partitions with problems are begun anew
constexpr Duration kAwait = Duration::seconds(10);
// One that is silent without being at its end: it has no leader, or the cluster is away. It counts as read then: else
// nothing would ever be called idle.
constexpr Duration kGiveUp = Duration::minutes(10);

// Those that stand before a gap first.
Timestamp time_of(const KafkaLane& lane) {
  return lane.held.empty() ? Timestamp::min() : lane.held.front().message.time;
}

}  // namespace

KafkaLanes::KafkaLanes(KafkaLanesOptions options, KafkaReader reader, const Env& env)
    : options_(std::move(options)),
      env_(env),
      began_(env.monotonic()),
      fetch_(lanes_, options_.bounds, std::move(reader), env),
      questions_(env) {}

KafkaLane& KafkaLanes::lane_of(const TopicPartition& at) {
  const auto [found, is_new] = lanes_.try_emplace(at);
  if (is_new) {
    found->second.source = kafka_source(options_.name, at);
    found->second.heard = env_.monotonic();
  }
  return found->second;
}

void KafkaLanes::place(const TopicPartition& at, const KafkaPlace& place) {
  first_ = false;
  KafkaLane& lane = lane_of(at);
  lane.body.reset();
  if (lane.is_read() && place.offset >= lane.next.offset && place.offset <= lane.fetch) {
    while (!lane.held.empty() && lane.held.front().message.offset < place.offset) fetch_.drop_first(lane);
    lane.next = place;
    return;
  }
  fetch_.drop_all(lane);
  lane.gap.reset();
  lane.next = place;
  lane.fetch = place.offset;
  lane.placed = lane.promised = lane.kept = true;
  lane.astray = lane.asked = false;
  fetch_.place_again();
}

void KafkaLanes::forget_place(const TopicPartition& at) {
  fetch_.drop_all(lane_of(at));
  lanes_.erase(at);
  fetch_.place_again();
}

void KafkaLanes::place_starts(KafkaStarts starts) {
  first_ = false;
  starts_ = std::move(starts);
}

bool KafkaLanes::is_wanted(const std::string& topic) const {
  const auto& topics = options_.topics;
  return std::find(topics.begin(), topics.end(), topic) != topics.end() || (options_.fits && options_.fits(topic));
}

void KafkaLanes::look_for_partitions(KafkaConsumer& consumer) {
  const Duration now = env_.monotonic();
  if (now < look_again_) return;
  const auto found = consumer.partitions([this](const std::string& topic) { return is_wanted(topic); }, kAsk);
  if (!found) {
    look_again_ = now + kLookAgain;
    return fetch_.fail(found.error());
  }
  look_again_ = now + kLookEvery;
  questions_.try_together();
  look_at_problems(now);
  fetch_.mended();  // a topic that nobody writes to would else be a problem for ever
  take_partitions(*found);
}

// A partition whose end was said is not said to be at its end again when what kept it away is mended.
void KafkaLanes::look_at_problems(Duration now) {
  bool any = false;
  for (auto& [at, lane] : lanes_) {
    if (lane.problem.empty()) continue;
    any = true;
    lane.asked = false;
  }
  if (!any || now < mend_again_) return;
  mend_again_ = now + kMendEvery;
  fetch_.place_again();
}

void KafkaLanes::take_partitions(const std::vector<TopicPartition>& found) {
  missing_.clear();
  for (const std::string& topic : options_.topics) {
    const bool there = std::any_of(found.begin(), found.end(), [&](const auto& at) { return at.topic == topic; });
    if (!there) missing_ = fmt::format("the cluster has no topic {}, or does not show it to us", printable(topic));
  }
  for (auto& [at, lane] : lanes_) lane.listed = std::binary_search(found.begin(), found.end(), at);
  auto listed = static_cast<size_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane.second.listed; }));
  for (const TopicPartition& at : found) {
    if (lanes_.contains(at)) continue;
    if (listed < limits::kKafkaPartitions) {
      lane_of(at).listed = true;
      ++listed;
    } else {
      missing_ = fmt::format("{} partitions fit; only {} of them are read", found.size(), limits::kKafkaPartitions);
    }
  }
  const bool first = first_ && !found_ && !found.empty();
  starts_due_ = starts_due_ || (first && options_.start == KafkaStart::Newest);
  found_ = env_.monotonic();
}

void KafkaLanes::ask(KafkaConsumer& consumer, const TopicPartition& at, KafkaLane& lane) {
  answered(at, lane, consumer.range(at, kAsk));
}

// What a partition holds.
void KafkaLanes::answered(const TopicPartition& at, KafkaLane& lane, const KafkaResult<KafkaRange>& range) {
  if (!range) {
    lane.ask_again = env_.monotonic() + Duration{kAskAgain.micros << std::min(lane.unanswered++, kMostDoublings)};
    return fetch_.fail(range.error());
  }
  lane.asked = true;
  lane.unanswered = 0;
  lane.end = range->end;
  if (!lane.placed) begin(at, lane, *range);
  if (lane.astray) find_again(at, lane, *range);
  lane.awaited = lane.is_read() && !lane.at_end && lane.fetch < lane.end && lane.held.empty();
}

void KafkaLanes::begin(const TopicPartition& at, KafkaLane& lane, const KafkaRange& range) {
  const auto start = starts_.find(at);
  if (start != starts_.end()) {
    lane.promised = lane.kept = true;
    lane.fetch = start->second;
  } else if (starts_due_) {
    lane.promised = lane.kept = true;
    lane.fetch = starts_[at] = range.end;
  } else {
    lane.fetch = range.first;
  }
  lane.next = {lane.fetch, 0};
  lane.placed = true;
  fetch_.place_again();
}

void KafkaLanes::find_again(const TopicPartition& at, KafkaLane& lane, const KafkaRange& range) {
  lane.astray = false;
  fetch_.place_again();
  if (lane.fetch >= range.first && lane.fetch <= range.end) return;  // there by now
  if (!lane.promised) {
    lane.fetch = range.first;
    lane.next = {lane.fetch, 0};
    return;
  }
  lane.behind_gap = range.first;
  if (lane.fetch < range.first) {
    lane.gap = {"gone", fmt::format("{}: the offsets {} to {} were removed from the topic before they were read",
                                    to_text(at), lane.fetch, range.first - 1)};
  } else {
    lane.gap = {"truncated",
                fmt::format("{}: was read up to offset {}, and ends at {}: the topic was cut or made anew; it is read "
                            "from its first offset, {}",
                            to_text(at), lane.fetch, range.end, range.first)};
  }
}

void KafkaLanes::ask_all(KafkaConsumer& consumer) {
  if (!questions_.may_ask()) return;
  std::vector<TopicPartition> due;
  const Duration now = env_.monotonic();
  for (const auto& [at, lane] : lanes_) {
    const bool asks = !lane.asked || lane.astray;
    if (asks && lane.listed && !lane.gap && now >= lane.ask_again) due.push_back(at);
  }
  if (due.empty()) return;
  questions_.ask(consumer, due, [this](const TopicPartition& at, const KafkaResult<KafkaRange>& range) {
    answered(at, lanes_[at], range);
  });
}

// Nobody asked for long: what was known of the ends of partitions is old.
void KafkaLanes::look_anew() {
  const Duration now = env_.monotonic();
  if (now - std::exchange(polled_, now) < options_.quiet) return;
  for (auto& [at, lane] : lanes_) lane.asked = false;
}

KafkaNext KafkaLanes::next(const TopicPartition* only) {
  KafkaConsumer* consumer = fetch_.consumer();
  if (only != nullptr) lane_of(*only);
  if (consumer == nullptr) return only != nullptr ? KafkaNext{} : rest();
  if (only != nullptr) return next_of(*consumer, *only);
  waiting_.clear();
  look_anew();
  look_for_partitions(*consumer);
  ask_all(*consumer);
  if (starts_due_) {
    const bool all = std::all_of(lanes_.begin(), lanes_.end(),
                                 [](const auto& lane) { return lane.second.placed || !lane.second.listed; });
    return {all ? KafkaNext::Kind::Starts : KafkaNext::Kind::Later};
  }
  fetch_.pull([this](const KafkaLane& lane) { return lane.awaited && is_fresh(lane); });
  return choose();
}

KafkaNext KafkaLanes::next_of(KafkaConsumer& first, const TopicPartition& at) {
  KafkaLane& lane = lane_of(at);
  const auto unknown = [&] { return (!lane.placed || lane.astray) && env_.monotonic() >= lane.ask_again; };
  if (unknown()) ask(first, at, lane);
  fetch_.pull([&](const KafkaLane& any) { return &any == &lane; });
  KafkaConsumer* const consumer = fetch_.consumer();  // another one, or none: it may have failed meanwhile
  if (consumer != nullptr && unknown()) ask(*consumer, at, lane);
  waiting_.clear();
  if (lane.has_something()) return lane.absent.reset(), KafkaNext{KafkaNext::Kind::Lane, &lane};
  const Duration silence = env_.monotonic() - lane.heard;
  if (silence < kAskAgain) return {};
  waiting_ = fmt::format("{} is read again, and nothing comes behind offset {}", to_text(at), lane.fetch);
  if (lane.at_end) return {silence >= kGoneFor ? KafkaNext::Kind::Nothing : KafkaNext::Kind::Later};
  return {consumer != nullptr && is_gone(*consumer, at, lane) ? KafkaNext::Kind::Nothing : KafkaNext::Kind::Later};
}

bool KafkaLanes::is_gone(KafkaConsumer& consumer, const TopicPartition& at, KafkaLane& lane) {
  const Duration now = env_.monotonic();
  if (now >= lane.look_again) {
    lane.look_again = now + kAskAgain;
    const auto there = consumer.is_there(at, kAsk);
    if (!there) fetch_.fail(there.error());
    if (!there || *there) return lane.absent.reset(), false;
    if (!lane.absent) lane.absent = now;
  }
  if (lane.absent) waiting_ = fmt::format("{} is to be read again, and the cluster has it not", to_text(at));
  return lane.absent && now - *lane.absent >= kGoneFor;
}

// Of partitions the first one.
std::string KafkaLanes::problem() const {
  if (!fetch_.problem().empty()) return fetch_.problem();
  size_t others = 0;
  const KafkaLane* first = nullptr;
  for (const auto& [at, lane] : lanes_) {
    if (lane.problem.empty()) continue;
    if (first == nullptr) {
      first = &lane;
    } else {
      ++others;
    }
  }
  if (first == nullptr) return missing_.empty() ? waiting_ : missing_;
  return others == 0 ? first->problem : fmt::format("{}; {} more partitions have problems", first->problem, others);
}

bool KafkaLanes::is_fresh(const KafkaLane& lane) const {
  return !lane.spoke || env_.monotonic() - *lane.spoke >= options_.quiet;
}

KafkaNext KafkaLanes::choose() {
  KafkaLane *oldest = nullptr, *fresh = nullptr;
  Timestamp until = Timestamp::max();
  bool missed = false;
  for (auto& [at, lane] : lanes_) {
    const bool is_new = is_fresh(lane);
    if (!lane.has_something()) {
      missed = missed || (is_new && lane.awaited);
    } else if (!is_new) {
      const auto arrived = [](const KafkaLane& l) { return l.held.empty() ? 0 : l.held.front().arrived; };
      if (oldest == nullptr || arrived(lane) < arrived(*oldest)) oldest = &lane;
    } else if (fresh == nullptr || time_of(lane) < time_of(*fresh)) {
      if (fresh != nullptr) until = time_of(*fresh);
      fresh = &lane;
    } else {
      until = std::min(until, time_of(lane));
    }
  }
  if (!missed) awaiting_.reset();
  if (missed && !awaiting_) awaiting_ = env_.monotonic();
  if (missed && env_.monotonic() - *awaiting_ < kAwait) return {};
  if (fresh != nullptr) return {KafkaNext::Kind::Lane, fresh, until};
  if (oldest != nullptr) return {KafkaNext::Kind::Lane, oldest};
  for (auto& [at, lane] : lanes_) {
    if (lane.has_place()) return {KafkaNext::Kind::Lane, &lane};
  }
  return rest();
}

// There is nothing to give.
KafkaNext KafkaLanes::rest() const {
  const Duration now = env_.monotonic();
  const bool known = found_ || !lanes_.empty() || now - began_ >= kGiveUp;
  const bool read = known && std::all_of(lanes_.begin(), lanes_.end(), [&](const auto& found) {
                      const KafkaLane& lane = found.second;
                      return lane.at_end || !lane.listed || now - lane.heard >= kGiveUp;
                    });
  return {read ? KafkaNext::Kind::Nothing : KafkaNext::Kind::Later};
}

void KafkaLanes::drop_message(KafkaLane& lane) {
  lane.body.reset();
  const bool is_last = lane.held.size() == 1;
  lane.next = {is_last ? lane.fetch : lane.held.front().message.offset + 1, 0};
  fetch_.drop_first(lane);
}

void KafkaLanes::keep_place(KafkaLane& lane) {
  lane.next = {lane.fetch, 0};
  lane.kept = lane.promised = true;
}

void KafkaLanes::pass_gap(KafkaLane& lane) {
  lane.gap.reset();
  lane.fetch = lane.behind_gap;
  lane.next = {lane.fetch, 0};
  fetch_.place_again();
}

std::vector<KafkaPosition> KafkaLanes::given() const {
  std::vector<KafkaPosition> out;
  for (const auto& [at, lane] : lanes_) {
    if (lane.placed && lane.listed) out.push_back({at, lane.next.offset});
  }
  return out;
}

std::vector<KafkaLag> KafkaLanes::lag() const {
  std::vector<KafkaLag> out;
  for (const auto& [at, lane] : lanes_) {
    const int64_t end = std::max(lane.end, fetch_.newest(at));
    // At its end what is missing up to there are marks of transactions.
    const bool none = !lane.placed || (lane.at_end && lane.held.empty()) || end <= lane.next.offset;
    out.push_back({at, none ? 0 : static_cast<uint64_t>(end - lane.next.offset)});
  }
  return out;
}

}  // namespace kubevigil
