// Program::Code: the compiled form of a RuleSet. Detections are numbered densely in rule order; bit i of every bit
// set stands for detection i. Read by program.cpp, matcher.cpp and operands.cpp only.
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
};

struct FeedCode {
  uint32_t feed = 0;
  bool across_clusters = false;
  bool repeated_values_count = false;  // sum, avg, percentile: equal values of one event are all added
  bool whole_tuple = false;            // chain: one operand, with nulls and unknowns as they are
  size_t needed_values = SIZE_MAX;     // chain: an unknown among the values from here on makes it not evaluable
  std::vector<OperandField> group;
  std::vector<OperandField> values;
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
  std::vector<uint32_t> fields;      // those that it decides: index into ConditionCode::fields
  std::vector<FieldId> slots;        // key: envelope fields, then
  std::vector<uint32_t> lookups;     // fields that are their own key
  std::vector<uint32_t> detections;  // those that read one of the fields
  Bits readers;                      // the same as bits
};

struct Program::Code {
  ConditionCode conditions;
  std::vector<DetectionCode> detections;
  std::vector<IndexCode> index;  // what most rules read comes first
  Bits names_stage;              // detections that see every event
  Bits all;
  uint64_t patterns_without_automaton = 0;

  size_t words() const { return all.size(); }
};

}  // namespace kubevigil
