#include "engine/match/operands.h"

#include <algorithm>
#include <limits>

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

OperandWriter::OperandWriter(Evaluator& evaluator, const Program::Code& code, HashKey key)
    : evaluator_(evaluator), code_(code), key_(key), cut_{key}, keys_(code.keys.size()), values_(code.values.size()) {}

void OperandWriter::begin_event() { ++event_; }

void OperandWriter::append(const OperandField& operand, std::string& out) {
  if (!operand.constant.empty()) {
    out.append(operand.constant);
  } else {
    append_group_element(out, evaluator_.values(operand.field), cut_);
  }
}

OperandWriter::Part OperandWriter::part_from(uint32_t begin, double number, const MatchResult& result) const {
  const std::string_view bytes = std::string_view(result.memory).substr(begin);
  return {begin, static_cast<uint32_t>(bytes.size()), siphash(bytes, key_), number};
}

bool OperandWriter::write_feed(const FeedCode& feed, std::string_view cluster, MatchResult& result) {
  const Parts& keys = keys_of(feed.key, cluster, result);
  const Parts& values = values_of(feed.values, result);
  const bool alone = code_.values[feed.values].fields.empty();
  for (const Part& key : keys.parts) {
    Operand operand;
    operand.feed = feed.feed;
    operand.key = key.hash;
    operand.key_begin = key.begin;
    operand.key_size = key.size;
    operand.number = kNoNumber;
    if (alone) result.operands.push_back(operand);
    for (const Part& value : values.parts) {
      operand.value = value.hash;
      operand.value_begin = value.begin;
      operand.value_size = value.size;
      operand.number = value.number;
      result.operands.push_back(operand);
    }
  }
  return values.complete;
}

// False: a field has several values, each of which is a group; then what was appended is of no use.
bool OperandWriter::append_single(const KeyCode& code, std::string& out) {
  for (const OperandField& field : code.fields) {
    if (!field.constant.empty()) {
      out.append(field.constant);
      continue;
    }
    const FieldValues& values = evaluator_.values(field.field);
    if (!code.whole && values.values.size() > 1) return false;
    append_group_element(out, values, cut_);
  }
  return true;
}

const OperandWriter::Parts& OperandWriter::keys_of(uint32_t number, std::string_view cluster, MatchResult& result) {
  Parts& out = keys_[number];
  if (out.event == event_) return out;
  out.event = event_;
  out.parts.clear();
  const KeyCode& code = code_.keys[number];
  std::string& memory = result.memory;
  const auto begin_key = [&] {
    const uint32_t begin = at(memory);
    if (!code.across_clusters) append_group_text(memory, cluster);
    return begin;
  };
  const uint32_t single = begin_key();
  if (append_single(code, memory)) {
    out.parts.push_back(part_from(single, kNoNumber, result));
    return out;
  }
  memory.resize(single);
  for (const std::string& key : combinations(code)) {
    const uint32_t begin = begin_key();
    memory += key;
    out.parts.push_back(part_from(begin, kNoNumber, result));
  }
  return out;
}

// Of fields with several values each combination, so that a value beside another is not another group.
std::vector<std::string> OperandWriter::combinations(const KeyCode& code) {
  std::vector<std::string> keys = {""};
  for (const OperandField& field : code.fields) {
    std::vector<std::string> elements;
    if (field.constant.empty()) elements = group_value_set(evaluator_.values(field.field).values, cut_);
    if (elements.size() < 2) elements.assign(1, "");
    if (elements.front().empty()) append(field, elements.front());
    keys = group_products(keys, elements, kGroupFanOut, cut_);
  }
  return keys;
}

const OperandWriter::Parts& OperandWriter::values_of(uint32_t number, MatchResult& result) {
  Parts& out = values_[number];
  if (out.event == event_) return out;
  out.event = event_;
  out.complete = true;
  out.parts.clear();
  const ValuesCode& code = code_.values[number];
  if (code.fields.empty()) return out;
  if (code.whole) {
    write_whole(code, out, result);
  } else if (code.fields.size() == 1) {
    write_single(code.fields.front(), code.repeated_count, out, result);
  } else {
    write_tuple(code, out, result);
  }
  return out;
}

void OperandWriter::write_single(const OperandField& field, bool repeated_count, Parts& out, MatchResult& result) {
  const uint32_t begin = at(result.memory);
  if (!field.constant.empty()) {
    if (field.constant == "n") return;
    result.memory += field.constant;
    out.parts.push_back(part_from(begin, field.number, result));
    return;
  }
  const FieldValues& values = evaluator_.values(field.field);
  out.complete = !is_missing(values);
  if (values.values.size() == 1 && values.values.front().type != ValueType::Null) {
    append_group_value(result.memory, values.values.front());
    out.parts.push_back(part_from(begin, numeric(values.values.front()).value_or(kNoNumber), result));
    return;
  }
  for (const EncodedValue& value : encoded_values(values.values, repeated_count)) {
    const uint32_t value_begin = at(result.memory);
    result.memory += value.bytes;
    out.parts.push_back(part_from(value_begin, value.number, result));
  }
}

void OperandWriter::write_tuple(const ValuesCode& code, Parts& out, MatchResult& result) {
  const uint32_t begin = at(result.memory);
  for (const OperandField& field : code.fields) {
    append(field, result.memory);
    out.complete = out.complete && (!field.constant.empty() || !is_missing(evaluator_.values(field.field)));
  }
  const OperandField& first = code.fields.front();
  double number = first.number;
  if (first.constant.empty()) {
    const auto values = evaluator_.values(first.field).values;
    number = values.empty() ? kNoNumber : numeric(values.front()).value_or(kNoNumber);
  }
  const bool all_null = result.memory.find_first_not_of('n', begin) == std::string::npos;
  if (out.complete && !all_null) {
    out.parts.push_back(part_from(begin, number, result));
  } else {
    result.memory.resize(begin);
  }
}

void OperandWriter::write_whole(const ValuesCode& code, Parts& out, MatchResult& result) {
  const uint32_t begin = at(result.memory);
  for (size_t i = 0; i < code.fields.size(); ++i) {
    append(code.fields[i], result.memory);
    out.complete = out.complete && (i < code.needed || !is_missing(evaluator_.values(code.fields[i].field)));
  }
  out.parts.push_back({begin, at(result.memory) - begin, {}, kNoNumber});
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
