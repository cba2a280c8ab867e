// CellJudge: at which audit level a condition could be true for a request of which only the cell is known
// (policy_cells.h). What the cell decides is decided by the engine itself; codes, addresses and what stands in bodies
// is free. One thread; borrows condition and configuration.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/event_reader.h"
#include "engine/match/evaluator.h"
#include "engine/rule/truth_range.h"
#include "engine/run/audit_policy.h"
#include "engine/run/policy_cells.h"

namespace kubevigil {

// The events of sample cells as text: the same for every rule, and making one costs more than reading it.
class SampleRecords {
 public:
  const std::string& of(const PolicyCell& sample, AuditLevel level);

 private:
  std::map<std::string, std::string> records_;
};

class CellJudge {
 public:
  // `samples` must outlive it, too.
  CellJudge(const Expr& condition, const DerivedConfig& config, SampleRecords& samples);

  // What the condition makes of verb and target: cells that look alike (PolicyCells::look_of) and are of the same kind
  // need the same level. Nothing when verb and target alone rule the condition out.
  std::optional<std::string> kind_of(const PolicyCell& sample);
  // The least level at which the condition can be true for a request of this verb and target; nothing: at none.
  std::optional<AuditLevel> needed_for_target(const PolicyCell& cell);
  // Likewise with everything that the cell says.
  std::optional<AuditLevel> needed(const PolicyCell& cell);

 private:
  // The event of a cell with its fields.
  class CellEvent {
   public:
    explicit CellEvent(const DerivedConfig& config) : fields_(config) {}
    void read(std::string record);
    FieldLookup& fields() { return fields_; }

   private:
    std::string record_;
    EventReader reader_;
    Event event_;
    FieldLookup fields_;
  };

  std::string record_of(AuditLevel level);
  void begin(const PolicyCell& cell, bool target_only);
  std::optional<AuditLevel> least_level();
  void compile(const Expr& expr);
  void note_mixing(const Expr& expr);
  bool needs_more(AuditLevel level, const FieldRef& field, bool array);
  AuditLevel level_for(const FieldRef& field, bool array);
  TruthRange range_of_test(const Expr& expr, AuditLevel level);
  TruthRange range(const Expr& expr, AuditLevel level);

  const Expr& condition_;
  SampleRecords& samples_;
  CellEvent plain_, with_body_;
  bool body_read_ = false;
  const PolicyCell* cell_ = nullptr;
  bool target_only_ = false;  // tests on anything but verb and target are free
  ConditionCode code_;
  MatchCounters counters_;
  std::map<const Expr*, uint32_t> nodes_;
  std::vector<uint32_t> target_nodes_;  // of those the tests on verb and target
  bool mixes_target_ = false;           // there are fields that are made of the target and what else the cell says
  std::optional<Evaluator> evaluator_;
};

}  // namespace kubevigil
