#include "engine/match/operands.h"

#include <algorithm>
#include <limits>

#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

struct EncodedValue {
  std::string bytes;
  double number;
};

// Sorted by encoding, so that the order of values in the event does not matter.
std::vector<EncodedValue> encoded_values(std::span<const Value> values, bool keep_repeated) {
  std::vector<EncodedValue> encoded;
  for (const Value& value : values) {
    if (value.type == ValueType::Null) continue;
    EncodedValue& entry = encoded.emplace_back(EncodedValue{{}, numeric(value).value_or(kNoNumber)});
    append_group_value(entry.bytes, value);
  }
  std::stable_sort(encoded.begin(), encoded.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  if (!keep_repeated) {
    const auto same = [](const auto& a, const auto& b) { return a.bytes == b.bytes; };
    encoded.erase(std::unique(encoded.begin(), encoded.end(), same), encoded.end());
  }
  return encoded;
}

// Whether there may be values that are not here.
bool is_missing(const FieldValues& field) {
  return field.presence == Presence::Unknown || (field.values.empty() && field.presence == Presence::Partial);
}

uint32_t at(const std::string& memory) { return static_cast<uint32_t>(memory.size()); }

}  // namespace

void OperandWriter::append(const OperandField& operand, std::string& out) {
  if (!operand.constant.empty()) {
    out.append(operand.constant);
  } else {
    append_group_element(out, evaluator_.values(operand.field));
  }
}

bool OperandWriter::write_feed(const FeedCode& feed, std::string_view cluster, MatchResult& result) {
  const bool several = std::any_of(feed.group.begin(), feed.group.end(), [&](const OperandField& field) {
    return field.constant.empty() && evaluator_.values(field.field).values.size() > 1;
  });
  const uint32_t begin = at(result.memory);
  if (!feed.across_clusters) append_group_text(result.memory, cluster);
  if (!several || feed.whole_tuple) {
    for (const OperandField& field : feed.group) append(field, result.memory);
    return write_keyed(feed, begin, result);
  }
  const std::string head = result.memory.substr(begin);
  result.memory.resize(begin);
  bool complete = true;
  for (const std::string& key : keys_of(feed)) {
    const uint32_t key_begin = at(result.memory);
    result.memory += head + key;
    complete = write_keyed(feed, key_begin, result) && complete;
  }
  return complete;
}

// Of fields with several values each combination, so that a value beside another is not another group.
std::vector<std::string> OperandWriter::keys_of(const FeedCode& feed) {
  std::vector<std::string> keys = {""};
  for (const OperandField& field : feed.group) {
    std::vector<std::string> elements;
    if (field.constant.empty()) elements = group_value_set(evaluator_.values(field.field).values);
    if (elements.size() < 2) elements.assign(1, "");
    if (elements.front().empty()) append(field, elements.front());
    std::vector<std::string> longer;
    for (const std::string& key : keys) {
      for (const std::string& element : elements) {
        if (longer.size() < kGroupFanOut) longer.push_back(key + element);
      }
    }
    keys = std::move(longer);
  }
  return keys;
}

// The key stands in the memory from `begin` on.
bool OperandWriter::write_keyed(const FeedCode& feed, uint32_t begin, MatchResult& result) {
  Operand operand;
  operand.feed = feed.feed;
  operand.key_begin = begin;
  operand.key_size = at(result.memory) - begin;
  operand.key = siphash(std::string_view(result.memory).substr(begin), key_);
  operand.number = kNoNumber;
  operand.value_begin = at(result.memory);
  if (feed.values.empty()) {
    result.operands.push_back(operand);
    return true;
  }
  if (feed.whole_tuple) return write_whole(feed, operand, result);
  return feed.values.size() == 1 ? write_single(feed, operand, result) : write_tuple(feed, operand, result);
}

bool OperandWriter::write_single(const FeedCode& feed, Operand operand, MatchResult& result) {
  const OperandField& field = feed.values.front();
  if (!field.constant.empty()) {
    if (field.constant != "n") finish(operand, field.constant, field.number, result);
    return true;
  }
  const FieldValues& values = evaluator_.values(field.field);
  for (const EncodedValue& value : encoded_values(values.values, feed.repeated_values_count)) {
    finish(operand, value.bytes, value.number, result);
  }
  return !is_missing(values);
}

bool OperandWriter::write_tuple(const FeedCode& feed, Operand operand, MatchResult& result) {
  std::string tuple;
  bool complete = true;
  for (const OperandField& field : feed.values) {
    append(field, tuple);
    complete = complete && (!field.constant.empty() || !is_missing(evaluator_.values(field.field)));
  }
  const OperandField& first = feed.values.front();
  double number = first.number;
  if (first.constant.empty()) {
    const auto values = evaluator_.values(first.field).values;
    number = values.empty() ? kNoNumber : numeric(values.front()).value_or(kNoNumber);
  }
  const bool all_null = tuple.find_first_not_of('n') == tuple.npos;
  if (complete && !all_null) finish(operand, tuple, number, result);
  return complete;
}

bool OperandWriter::write_whole(const FeedCode& feed, Operand operand, MatchResult& result) {
  bool known = true;
  for (size_t i = 0; i < feed.values.size(); ++i) {
    append(feed.values[i], result.memory);
    known = known && (i < feed.needed_values || !is_missing(evaluator_.values(feed.values[i].field)));
  }
  operand.value_size = at(result.memory) - operand.value_begin;
  result.operands.push_back(operand);
  return known;
}

void OperandWriter::finish(Operand operand, std::string_view value, double number, MatchResult& result) {
  operand.value_begin = at(result.memory);
  operand.value_size = static_cast<uint32_t>(value.size());
  operand.value = siphash(value, key_);
  operand.number = number;
  result.memory.append(value);
  result.operands.push_back(operand);
}

void OperandWriter::write_dedup(const DetectionCode& detection, std::string_view cluster, Hit& hit,
                                MatchResult& result) {
  hit.dedup_begin = at(result.memory);
  if (!detection.across_clusters) append_group_text(result.memory, cluster);
  for (const OperandField& field : detection.dedup) append(field, result.memory);
  hit.dedup_size = at(result.memory) - hit.dedup_begin;
  hit.dedup_key = siphash(std::string_view(result.memory).substr(hit.dedup_begin), key_);
}

}  // namespace kubevigil
