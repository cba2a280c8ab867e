// Evaluator: the truth of compiled conditions for the current event, with the values of fields and the answers of
// tests remembered until the next event. One per worker.
//
// A scope narrows what may be looked at; everything else is Unknown. By Kleene's monotonicity an answer that is not
// Unknown within a scope is the answer: that is what makes the index and the bodies-last order sound.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/event/field_lookup.h"
#include "engine/match/condition_code.h"
#include "engine/match/program.h"

namespace kubevigil {

struct Scope {
  enum class Kind : uint8_t { Everything, Envelope, OneIndex };
  Kind kind = Kind::Everything;
  uint32_t index = 0;                      // OneIndex: the fields with this FieldCode::index ...
  uint32_t with = FieldCode::kNotIndexed;  // ... or this one, when it is one
  Parts parts = kEveryPart;                // at least those that it allows

  static Scope envelope() { return {Kind::Envelope, 0, FieldCode::kNotIndexed, kEnvelopePart}; }
  static Scope one_index(uint32_t index, uint32_t with);
};

class Evaluator {
 public:
  // All must outlive the evaluator.
  Evaluator(const ConditionCode& code, FieldLookup& fields, MatchCounters& counters, TextMemo* memo = nullptr,
            MatchProfile* profile = nullptr);

  // REQUIRES: fields.begin(event) was called.
  void begin_event();

  Truth evaluate(uint32_t node, const Scope& scope = {}, const ArrayElement* element = nullptr);
  // The same, the envelope first: what is decided there needs no body. `needs_body` is set when it is not.
  Truth evaluate_in_stages(uint32_t node, bool& needs_body);
  const FieldValues& values(uint32_t field);

  // For explanations: what one node reads.
  FieldValues values(uint32_t field, const ArrayElement* element);
  ArrayValues elements(uint32_t field, const ArrayElement* element);

 private:
  struct ValueMemo {
    uint64_t event = 0;
    FieldValues values;
  };
  struct TestMemo {
    uint64_t event = 0;
    Truth truth = Truth::False;
  };

  bool allowed(uint32_t field, const Scope& scope) const;
  Truth test(uint32_t index, const Scope& scope, const ArrayElement* element);
  Truth judge(const TestCode& code, const ArrayElement* element);
  Truth judge_unmeasured(const TestCode& code, const ArrayElement* element);
  Truth block(const NodeCode& node, const Scope& scope, const ArrayElement* element);

  const ConditionCode& code_;
  FieldLookup& fields_;
  MatchCounters& counters_;
  TextMemo* memo_;         // none: every text is judged anew
  MatchProfile* profile_;  // none: nothing is measured
  uint64_t event_ = 1;
  std::vector<ValueMemo> values_;
  std::vector<TestMemo> tests_;
  std::vector<FieldValues> others_;
};

}  // namespace kubevigil
