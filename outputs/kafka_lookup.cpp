#include "outputs/kafka_lookup.h"

#include <fmt/format.h>

#include "outputs/kafka_transport.h"

namespace kubevigil {
namespace {

constexpr Duration kPoll = Duration{200'000};

Hash128 name_of(std::string_view id, std::string_view revision) { return siphash(fmt::format("{}\n{}", id, revision)); }

std::string_view header(const KafkaMessage& message, std::string_view name) {
  for (const KafkaHeader& h : message.headers) {
    if (h.name == name) return h.value;
  }
  return {};
}

}  // namespace

KafkaResult<void> KafkaLookup::begin(Timestamp from, Duration most) {
  auto opened = open_();
  if (!opened) return tl::unexpected(KafkaError{KafkaFault::Refused, opened.error().message});
  const auto partitions = (*opened)->partitions([&](const std::string& name) { return name == topic_; }, most);
  if (!partitions) return tl::unexpected(partitions.error());
  if (partitions->empty()) return tl::unexpected(KafkaError{KafkaFault::Refused, "there is no such topic"});
  const auto positions = (*opened)->positions_at(*partitions, from, most);
  if (!positions) return tl::unexpected(positions.error());
  if (const auto assigned = (*opened)->assign(*positions); !assigned) return assigned;
  consumer_ = std::move(*opened);
  unread_ = {partitions->begin(), partitions->end()};
  from_ = from;
  messages_ = 0;
  found_.clear();
  return {};
}

KafkaResult<bool> KafkaLookup::read(Timestamp oldest, Duration most) {
  const Duration end{env_.monotonic().micros + most.micros};
  if (!from_ || oldest - kLookupMargin < *from_) {
    if (const auto begun = begin(oldest - kLookupMargin, most); !begun) return tl::unexpected(begun.error());
  }
  KafkaMessage message;
  while (consumer_ && !unread_.empty() && !is_cut()) {
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
  return true;
}

void KafkaLookup::take(const KafkaMessage& message) {
  ++messages_;
  if (header(message, kKafkaOutputHeader) != output_) return;
  found_.insert(name_of(header(message, kKafkaIdHeader), header(message, kKafkaRevisionHeader)));
}

bool KafkaLookup::holds(std::string_view id, uint32_t revision) const {
  return !found_.empty() && found_.contains(name_of(id, std::to_string(revision)));
}

void KafkaLookup::forget() {
  consumer_.reset();
  from_.reset();
  found_.clear();
  messages_ = 0;
}

}  // namespace kubevigil
