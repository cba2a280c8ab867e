#include "outputs/kafka_lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "outputs/kafka_transport.h"

namespace kubevigil {
namespace {

constexpr Duration kPoll = Duration{200'000};
constexpr Duration kAtLeast = Duration{1'000};  // librdkafka does not wait at all for less

Hash128 name_of(std::string_view id, std::string_view revision) { return siphash(fmt::format("{}\n{}", id, revision)); }

std::string_view header(const KafkaMessage& message, std::string_view name) {
  for (const KafkaHeader& h : message.headers) {
    if (h.name == name) return h.value;
  }
  return {};
}

}  // namespace

KafkaResult<void> KafkaLookup::begin(Timestamp from, Duration end) {
  auto opened = open_();
  if (!opened) return tl::unexpected(KafkaError{KafkaFault::Refused, opened.error().message});
  const auto left = [&] { return std::max(end - env_.monotonic(), kAtLeast); };
  const auto partitions = (*opened)->partitions([&](const std::string& name) { return name == topic_; }, left());
  if (!partitions) return tl::unexpected(partitions.error());
  if (partitions->empty()) return tl::unexpected(KafkaError{KafkaFault::Refused, "there is no such topic"});
  if (cancelled_) return tl::unexpected(KafkaError{KafkaFault::Retry, "it was cancelled"});
  const auto positions = (*opened)->positions_at(*partitions, from, left());
  if (!positions) return tl::unexpected(positions.error());
  if (const auto assigned = (*opened)->assign(*positions); !assigned) return assigned;
  consumer_ = std::move(*opened);
  unread_ = {partitions->begin(), partitions->end()};
  from_ = from;
  messages_ = 0;
  found_.clear();
  return {};
}

// Who asks for something older than what was read asks for something older still next: it goes back as far again, so
// that all of it is read a few times at most.
Timestamp KafkaLookup::where_to_begin(Timestamp from) const {
  if (from_) from = std::min(from, *from_ - (env_.now() - *from_));
  return std::max(from, Timestamp{});  // librdkafka has a meaning of its own for negative times
}

KafkaResult<bool> KafkaLookup::read(Timestamp oldest, Duration most) {
  asked_ = env_.monotonic();
  const Duration end{asked_.micros + most.micros};
  const Timestamp from = std::max(oldest, Timestamp{} + kLookupMargin) - kLookupMargin;
  if (!from_ || from < *from_) {
    if (const auto begun = begin(where_to_begin(from), end); !begun) return tl::unexpected(begun.error());
  }
  if (!consumer_) return true;
  KafkaMessage message;
  while (!unread_.empty() && !is_cut()) {
    if (cancelled_ || env_.monotonic() >= end) return false;
    const auto step = consumer_->poll(message, kPoll);
    if (!step) {
      if (step.error().fault != KafkaFault::Retry) forget();
      return tl::unexpected(step.error());
    }
    if (*step == KafkaStep::Message) take(message);
    if (*step == KafkaStep::End) unread_.erase(message.at);
  }
  consumer_.reset();
  std::sort(found_.begin(), found_.end());
  return true;
}

void KafkaLookup::take(const KafkaMessage& message) {
  ++messages_;
  if (header(message, kKafkaOutputHeader) != output_) return;
  found_.push_back(name_of(header(message, kKafkaIdHeader), header(message, kKafkaRevisionHeader)));
}

bool KafkaLookup::holds(std::string_view id, uint32_t revision) const {
  return std::binary_search(found_.begin(), found_.end(), name_of(id, std::to_string(revision)));
}

void KafkaLookup::forget() {
  consumer_.reset();
  from_.reset();
  found_ = {};
  messages_ = 0;
}

void KafkaLookup::rest() {
  if (from_ && env_.monotonic() - asked_ > kLookupKept) forget();
}

}  // namespace kubevigil
