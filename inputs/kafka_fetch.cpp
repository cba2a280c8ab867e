#include "inputs/kafka_fetch.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace kubevigil {
namespace {

constexpr Duration kAgain = Duration::seconds(1);
// A client that nobody answers for so long is made anew: its secrets may have changed.
constexpr Duration kNewClient = Duration::minutes(2);
constexpr Duration kSlice = Duration{100'000};

}  // namespace

size_t KafkaHeld::bytes() const {
  constexpr size_t kOverhead = 256;
  size_t bytes = kOverhead + message.key.size() + message.value.size();
  bytes += message.headers.capacity() * sizeof(KafkaHeader);
  for (const KafkaHeader& header : message.headers) bytes += header.name.size() + header.value.size();
  return bytes;
}

// While another one reads, nothing is known of the partitions' ends.
bool KafkaFetch::may_read() {
  if (!reader_.hold) return true;
  KafkaHold hold = reader_.hold();
  refused_ = reader_.refuse && hold.who == KafkaHold::Who::Others;
  if (hold.who == KafkaHold::Who::Ours) return true;
  problem_ = std::move(hold.text);
  if (consumer_ == nullptr) return false;
  consumer_.reset();
  for (auto& [at, lane] : lanes_) lane.at_end = false;
  return false;
}

KafkaConsumer* KafkaFetch::consumer() {
  if (!may_read()) return nullptr;
  const bool is_mute = !problem_.empty() && env_.monotonic() - failing_since_ >= kNewClient;
  if (std::exchange(broken_, false) || is_mute) consumer_.reset();
  if (consumer_ != nullptr) return consumer_.get();
  if (env_.monotonic() < open_again_) return nullptr;
  auto opened = reader_.open();
  if (!opened) {
    problem_ = opened.error().message;
    open_again_ = env_.monotonic() + kAgain;
    return nullptr;
  }
  consumer_ = std::move(*opened);
  failing_since_ = env_.monotonic();
  dirty_ = true;
  return consumer_.get();
}

void KafkaFetch::fail(const KafkaError& error) {
  if (problem_.empty()) failing_since_ = env_.monotonic();
  problem_ = error.message;
  broken_ = broken_ || error.fault == KafkaFault::Fatal;
}

// What is held stays: it is read on behind it.
bool KafkaFetch::assign() {
  if (!dirty_) return true;
  std::vector<KafkaPosition> positions;
  for (auto& [at, lane] : lanes_) {
    lane.paused = lane.at_end = false;
    if (lane.problem.empty()) lane.heard = env_.monotonic();
    if (lane.is_read()) positions.push_back({at, lane.fetch});
  }
  if (const auto assigned = consumer_->assign(positions); !assigned) {
    fail(assigned.error());
    return false;
  }
  dirty_ = false;
  return true;
}

void KafkaFetch::take_message(KafkaMessage message) {
  const auto found = lanes_.find(message.at);
  if (found == lanes_.end() || !found->second.is_read() || message.offset < found->second.fetch) return;
  KafkaLane& lane = found->second;
  lane.fetch = message.offset + 1;
  lane.end = std::max(lane.end, lane.fetch);
  lane.promised = true;
  lane.at_end = lane.awaited = false;
  lane.heard = env_.monotonic();
  lane.problem.clear();
  lane.held.push_back({std::move(message), ++arrivals_});
  held_ += lane.held.back().bytes();
}

KafkaFetch::Taken KafkaFetch::take(Duration most) {
  KafkaMessage message;
  const auto step = consumer_->poll(message, most);
  if (!step) {
    const auto found = lanes_.find(message.at);
    if (found == lanes_.end() || step.error().fault == KafkaFault::Fatal) {
      fail(step.error());
    } else if (step.error().fault == KafkaFault::OutOfRange) {
      found->second.astray = true;
      found->second.at_end = false;
    } else {
      found->second.problem = step.error().message;
    }
    return Taken::Fault;
  }
  if (*step == KafkaStep::Nothing) return Taken::Nothing;
  mended();
  if (*step == KafkaStep::Message) {
    take_message(std::move(message));
  } else if (const auto found = lanes_.find(message.at); found != lanes_.end()) {
    KafkaLane& lane = found->second;
    lane.at_end = true;
    lane.awaited = false;
    lane.heard = env_.monotonic();
    lane.problem.clear();
    if (lane.is_read()) lane.fetch = std::max(lane.fetch, message.offset);
  }
  return Taken::Something;
}

// All but those that are wanted and have nothing.
void KafkaFetch::pause_others(const std::function<bool(const KafkaLane&)>& wanted) {
  std::vector<TopicPartition> paused;
  for (auto& [at, lane] : lanes_) {
    if (lane.paused || !lane.is_read() || (lane.held.empty() && wanted(lane))) continue;
    lane.paused = true;
    paused.push_back(at);
  }
  if (!paused.empty()) consumer_->pause(paused);
}

// Those that are wanted and have nothing, or all.
void KafkaFetch::resume(bool all, const std::function<bool(const KafkaLane&)>& wanted) {
  std::vector<TopicPartition> resumed;
  for (auto& [at, lane] : lanes_) {
    if (!lane.paused || (!all && !(lane.held.empty() && wanted(lane)))) continue;
    lane.paused = false;
    resumed.push_back(at);
  }
  if (!resumed.empty()) consumer_->resume(resumed);
}

void KafkaFetch::pull(const std::function<bool(const KafkaLane&)>& wanted) {
  if (consumer() == nullptr || !assign()) return;
  const auto missed = [&] {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [&](const auto& lane) { return !lane.second.has_something() && wanted(lane.second); });
  };
  resume(held_ < bounds_.enough, wanted);
  for (;;) {
    if (held_ >= bounds_.enough && !missed()) return;
    if (held_ >= bounds_.held_bytes) pause_others(wanted);
    if (take({}) != Taken::Something) return;
  }
}

void KafkaFetch::wait(Duration most, const std::function<bool()>& stop) {
  const Duration until = env_.monotonic() + most;
  for (Duration now = env_.monotonic(); now < until && !stop(); now = env_.monotonic()) {
    const bool ready = consumer() != nullptr && !dirty_;
    const Taken taken = ready ? take(std::min(kSlice, until - now)) : Taken::Fault;
    if (taken == Taken::Fault) std::this_thread::sleep_for(std::chrono::microseconds(bounds_.rest.micros));
    if (taken != Taken::Nothing) return;
  }
}

void KafkaFetch::drop_first(KafkaLane& lane) {
  held_ -= lane.held.front().bytes();
  lane.held.pop_front();
}

void KafkaFetch::drop_all(KafkaLane& lane) {
  while (!lane.held.empty()) drop_first(lane);
}

}  // namespace kubevigil
