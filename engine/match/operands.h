// Operands: what a hit hands to correlations and to alert episodes, encoded (group_key.h) and hashed. Used by the
// matcher, one event at a time.
#pragma once

#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/match/evaluator.h"
#include "engine/match/program_code.h"

namespace kubevigil {

// Groups of one event in one correlation; the smallest encodings are kept.
inline constexpr size_t kGroupFanOut = 64;

class OperandWriter {
 public:
  OperandWriter(Evaluator& evaluator, HashKey key) : evaluator_(evaluator), key_(key) {}

  // Appends one operand to `result` for each group that the event belongs to (several when a group field has several
  // values, at most kGroupFanOut), and there one for each value when the feed has a single value field. A feed with
  // value fields that are all null, or not in the event, gets none; returns false when that is because a body is
  // missing. A feed of a chain gets exactly one.
  bool write_feed(const FeedCode& feed, std::string_view cluster, MatchResult& result);
  // Fills the dedup part of a hit.
  void write_dedup(const DetectionCode& detection, std::string_view cluster, Hit& hit, MatchResult& result);

 private:
  void append(const OperandField& operand, std::string& out);
  std::vector<std::string> keys_of(const FeedCode& feed);
  bool write_keyed(const FeedCode& feed, uint32_t begin, MatchResult& result);
  bool write_single(const FeedCode& feed, Operand operand, MatchResult& result);
  bool write_whole(const FeedCode& feed, Operand operand, MatchResult& result);
  bool write_tuple(const FeedCode& feed, Operand operand, MatchResult& result);
  void finish(Operand operand, std::string_view value, double number, MatchResult& result);

  Evaluator& evaluator_;
  HashKey key_;
};

}  // namespace kubevigil
