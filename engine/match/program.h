// Program: all rules of a RuleSet compiled for matching, immutable and shared by all workers. Matcher: the
// scratch memory of one worker, which applies a Program to one event after the other.
//
// How it is fast: envelope fields stand in groups (field_groups.h). For each distinct key of a group, what its fields
// decide is judged once into a bit set over the rules that they do not rule out (all other fields taken as Unknown, so
// the set never loses a rule); an event costs one look-up and one AND per group, and groups that no rule left reads
// cost nothing. Derived fields are computed only for new keys and for rules that are left. Those are evaluated as
// written, bodies last.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/event/field_lookup.h"
#include "engine/match/hit.h"
#include "engine/rule/rule.h"

namespace kubevigil {

struct MatchProfile;  // match_profile.h

// One (detection, correlation input) pair: what a hit of the detection hands to the correlation.
// Chained correlations have no feeds of their own: the correlator hands their firings on.
struct Feed {
  uint32_t correlation = 0;  // index into RuleSet::rules
  uint32_t input = 0;        // index into Correlation::inputs
};

class Program {
 public:
  static std::shared_ptr<const Program> compile(std::shared_ptr<const RuleSet> rules);

  const RuleSet& rules() const { return *rules_; }
  std::span<const Feed> feeds() const { return feeds_; }
  std::string to_text() const;  // index fields, and per rule the fields it reads, envelope and body apart
  // Tests whose regular expressions do not fit into one automaton and are asked one by one: slower, never wrong.
  uint64_t patterns_without_automaton() const;

  struct Code;  // program_code.h
  const Code& code() const { return *code_; }
  const DerivedConfig& derived() const { return rules_->derived; }
  ~Program();

 private:
  Program();
  std::shared_ptr<const RuleSet> rules_;
  std::vector<Feed> feeds_;
  std::unique_ptr<Code> code_;
};

// What a matcher did, for statistics. Set fallbacks and intern clears cost time, never a match.
struct MatchCounters {
  uint64_t events = 0;
  uint64_t candidates = 0;       // (event, rule) pairs that the index left
  uint64_t body_candidates = 0;  // of these, those that needed a body
  uint64_t intern_clears = 0;    // limits::kInternedValues
  uint64_t set_fallbacks = 0;    // texts that an automaton of patterns could not judge, judged pattern by pattern
};

class Matcher {
 public:
  // `interned_bytes`: what it may remember of distinct values. `profile`, with its clock set, outlives the matcher and
  // is filled by it; null: nothing is measured.
  explicit Matcher(std::shared_ptr<const Program> program, HashKey key = {},
                   size_t interned_bytes = limits::kInternedBytes, MatchProfile* profile = nullptr);
  ~Matcher();

  // Appends one EventMark and its hits to `result`. REQUIRES: calls come in record order.
  void match(const Event& event, uint32_t record, uint32_t inner, MatchResult& result);

  // Forgets the last event and gives back the memory that its bodies took.
  void release();

  const MatchCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Evaluates one condition as written, without index or memory of earlier events: for explain and `why`.
Truth evaluate(const Expr& condition, FieldLookup& fields);

}  // namespace kubevigil
