#include "engine/kafka/kafka_owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr Duration kStep = Duration{250'000};
constexpr Duration kAsk = Duration::seconds(10);
// A client that is not answered is kept, for its connections may need longer than a question; then a new one is made,
// for the secrets may have changed.
constexpr unsigned kMostUnanswered = 12;
constexpr std::chrono::seconds kRest{1};
constexpr std::chrono::seconds kCommitEvery{5};
constexpr size_t kShown = 100;

std::string shown(const std::string& text) { return printable(cut_to_bytes(text, kShown)); }

}  // namespace

// The end of a client may wait for its brokers: what is lost is known before.
void KafkaClaim::lose(KafkaHold hold) {
  ended_ = std::move(client_);
  joined_ = false;
  unanswered_ = 0;
  hold_ = std::move(hold);
}

bool KafkaClaim::step(Duration most) {
  ended_.reset();
  return joined_ ? stay(most) : look(std::max(most, kAsk));
}

bool KafkaClaim::look(Duration most) {
  if (client_ == nullptr) {
    auto opened = open_();
    if (!opened) return hold_ = {KafkaHold::Who::Unknown, opened.error().message}, true;
    client_ = std::move(*opened);
  }
  const auto members = client_->members(most);
  if (!members) {
    hold_ = {KafkaHold::Who::Unknown, members.error().message};
    if (members.error().fault == KafkaFault::Fatal || ++unanswered_ >= kMostUnanswered) lose(hold_);
    return true;
  }
  unanswered_ = 0;
  const auto other = std::find_if(members->begin(), members->end(), [this](const KafkaMember& member) {
    return is_namesake_ || member.client_id != client_id_;
  });
  if (other != members->end()) {
    hold_ = {KafkaHold::Who::Others, fmt::format("the group {} is held by {} at {}", printable(group_),
                                                 shown(other->client_id), shown(other->host))};
    return true;
  }
  if (const auto asked = client_->join(); !asked) {
    return hold_ = {KafkaHold::Who::Unknown, asked.error().message}, true;
  }
  joined_ = true;
  is_namesake_ = false;
  hold_ = {KafkaHold::Who::Unknown, fmt::format("joining the group {}", printable(group_))};
  return false;
}

bool KafkaClaim::stay(Duration most) {
  const auto is_member = client_->poll(most);
  if (!is_member) {
    const KafkaError& error = is_member.error();
    if (error.fault == KafkaFault::Fenced) {
      is_namesake_ = true;
      lose({KafkaHold::Who::Others,
            fmt::format("the group {} was taken over by another instance: {}", printable(group_), error.message)});
    } else if (error.fault == KafkaFault::Fatal) {
      lose({KafkaHold::Who::Unknown, error.message});
    } else if (hold_.who != KafkaHold::Who::Ours) {
      hold_.text = error.message;
    }
    return true;
  }
  if (*is_member) hold_ = {KafkaHold::Who::Ours, {}};
  return false;
}

KafkaOwner::KafkaOwner(KafkaClaim claim) : claim_(std::move(claim)), thread_([this] { run(); }) {}

KafkaOwner::~KafkaOwner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_said_.notify_all();
  thread_.join();
}

KafkaHold KafkaOwner::hold() const {
  const std::lock_guard lock(mutex_);
  return hold_;
}

void KafkaOwner::commit(std::vector<KafkaPosition> positions) {
  const std::lock_guard lock(mutex_);
  due_ = std::move(positions);
}

void KafkaOwner::run() {
  auto committed = std::chrono::steady_clock::now();
  for (;;) {
    const bool rest = claim_.step(kStep);
    std::vector<KafkaPosition> due;
    {
      std::unique_lock lock(mutex_);
      hold_ = claim_.hold();
      if (rest) stop_said_.wait_for(lock, kRest, [this] { return stopping_; });
      const auto now = std::chrono::steady_clock::now();
      const bool ours = hold_.who == KafkaHold::Who::Ours;
      if (ours && (stopping_ || now - committed >= kCommitEvery)) due.swap(due_), committed = now;
      if (stopping_ && due.empty()) return;
    }
    if (!due.empty()) claim_.commit(due);
  }
}

}  // namespace kubevigil
