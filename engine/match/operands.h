// Operands: what a hit hands to correlations and to alert episodes, encoded (group_key.h) and hashed. Used by the
// matcher, one event at a time.
#pragma once

#include "engine/base/hash.h"
#include "engine/match/evaluator.h"
#include "engine/match/program_code.h"

namespace kubevigil {

class OperandWriter {
 public:
  OperandWriter(Evaluator& evaluator, HashKey key) : evaluator_(evaluator), key_(key) {}

  // Appends one operand to `result`, or one for each value when the feed has a single value field. A feed with value
  // fields that are all null, or not in the event, gets none; returns false when that is because a body is missing.
  // A feed of a chain always gets one.
  bool write_feed(const FeedCode& feed, std::string_view cluster, MatchResult& result);
  // Fills the dedup part of a hit.
  void write_dedup(const DetectionCode& detection, std::string_view cluster, Hit& hit, MatchResult& result);

 private:
  void append(const OperandField& operand, std::string& out);
  bool write_single(const FeedCode& feed, Operand operand, MatchResult& result);
  bool write_whole(const FeedCode& feed, Operand operand, MatchResult& result);
  bool write_tuple(const FeedCode& feed, Operand operand, MatchResult& result);
  void finish(Operand operand, std::string_view value, double number, MatchResult& result);

  Evaluator& evaluator_;
  HashKey key_;
};

}  // namespace kubevigil
