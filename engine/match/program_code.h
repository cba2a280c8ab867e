// Program::Code: the compiled form of a RuleSet. Detections are numbered densely in rule order; bit i of every bit
// set stands for detection i. Read by program.cpp, matcher.cpp, operands.cpp and explain.cpp only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/match/condition_code.h"
#include "engine/match/program.h"

namespace kubevigil {

// One element of a group key or value tuple: a field of the event, or a constant of the rule (hit.*).
struct OperandField {
  uint32_t field = 0;    // index into ConditionCode::fields
  std::string constant;  // its encoding; empty: a field
  double number = 0;     // of a constant
  bool operator==(const OperandField&) const = default;
};

// What feeds take from an event. Many feeds take the same, and what they take is worked out once an event, so each
// distinct key and tuple of values is there once.
struct KeyCode {
  bool across_clusters = false;
  bool whole = false;  // chain: one key, lists as they are
  std::vector<OperandField> fields;
  bool operator==(const KeyCode&) const = default;
};

struct ValuesCode {
  bool repeated_count = false;  // sum, avg, percentile: equal values of one event are all added
  bool whole = false;           // chain: one tuple, with nulls and unknowns as they are
  size_t needed = SIZE_MAX;     // chain: an unknown among the values from here on makes it not evaluable
  std::vector<OperandField> fields;
  bool operator==(const ValuesCode&) const = default;
};

struct FeedCode {
  uint32_t feed = 0;
  uint32_t key = 0, values = 0;  // index into Program::Code::keys, ::values
};

struct DetectionCode {
  uint32_t rule = 0;
  uint32_t root = 0;
  bool alerts = false;
  bool across_clusters = false;
  std::vector<OperandField> dedup;
  std::vector<FeedCode> feeds;
};

using Bits = std::vector<uint64_t>;

// Fields that are judged together, once for each distinct key (field_groups.h).
struct IndexCode {
  std::vector<uint32_t> fields;    // those that it decides: index into ConditionCode::fields
  std::vector<FieldId> slots;      // key: envelope fields, then
  std::vector<uint32_t> lookups;   // fields that are their own key
  std::vector<std::string> names;  // sorted; the group Annotations: of all entries those that it asks for are the key
  uint32_t with = FieldCode::kNotIndexed;  // the index whose fields are taken into account, too (judged_with)
  std::vector<uint32_t> detections;        // those that read one of the fields
  Bits readers;                            // the same as bits
};

struct Program::Code {
  ConditionCode conditions;
  std::vector<DetectionCode> detections;
  std::vector<KeyCode> keys;
  std::vector<ValuesCode> values;
  std::vector<IndexCode> index;  // what most rules read comes first
  Bits names_stage;              // detections that see every event
  Bits all;
  uint64_t patterns_without_automaton = 0;

  size_t words() const { return all.size(); }
};

}  // namespace kubevigil
