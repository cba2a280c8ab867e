// Operands: what a hit hands to correlations and to alert episodes, encoded (group_key.h) and hashed. Used by the
// matcher, one event at a time.
#pragma once

#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/match/evaluator.h"
#include "engine/match/group_key.h"
#include "engine/match/program_code.h"

namespace kubevigil {

// Groups of one event in one correlation; further ones: "group_values_cut" (group_key.h has which).
inline constexpr size_t kGroupFanOut = 64;

class OperandWriter {
 public:
  // Both must outlive the writer.
  OperandWriter(Evaluator& evaluator, const Program::Code& code, HashKey key);

  // REQUIRES: called for each event, before what is written for it; all of that goes into one result.
  void begin_event();

  // What lists with too many values lost, of all events.
  uint64_t values_cut() const { return cut_.cut; }

  // Appends one operand to `result` for each group that the event belongs to (several when a group field has several
  // values, at most kGroupFanOut), and there one for each value when the feed has a single value field. A feed with
  // value fields that are all null, or not in the event, gets none; returns false when that is because a body is
  // missing. A feed of a chain gets exactly one. Operands with equal bytes may share them.
  bool write_feed(const FeedCode& feed, std::string_view cluster, MatchResult& result);
  // Fills the dedup part of a hit.
  void write_dedup(const DetectionCode& detection, std::string_view cluster, Hit& hit, MatchResult& result);

 private:
  // One encoding in the result's memory.
  struct Part {
    uint32_t begin = 0, size = 0;
    Hash128 hash;
    double number = 0;
  };
  // What the event has of a KeyCode or ValuesCode.
  struct Parts {
    uint64_t event = 0;
    bool complete = true;  // nothing of it may be missing with a body
    std::vector<Part> parts;
  };

  const Parts& keys_of(uint32_t number, std::string_view cluster, MatchResult& result);
  const Parts& values_of(uint32_t number, MatchResult& result);
  bool append_single(const KeyCode& code, std::string& out);
  std::vector<std::string> combinations(const KeyCode& code);
  void write_single(const OperandField& field, bool repeated_count, Parts& out, MatchResult& result);
  void write_tuple(const ValuesCode& code, Parts& out, MatchResult& result);
  void write_whole(const ValuesCode& code, Parts& out, MatchResult& result);
  void append(const OperandField& operand, std::string& out);
  // What stands in the memory from `begin` on.
  Part part_from(uint32_t begin, double number, const MatchResult& result) const;

  Evaluator& evaluator_;
  const Program::Code& code_;
  HashKey key_;
  GroupCut cut_;
  uint64_t event_ = 0;
  std::vector<Parts> keys_, values_;  // by number
};

}  // namespace kubevigil
