// ExceptionDraft: the narrowest Sigma filter that silences an alert, from the events that the alert lists. Each
// distinct event is one tuple: who did it (exactly, with case), as whom, what to which object, and for pods which
// workload with which images. What the rule looks at and an event does not have, no excepted event may have either: an
// exception for a pod without host paths is none for one with them. A tuple without an identity is never made.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alert/redaction.h"
#include "engine/event/field_lookup.h"

namespace kubevigil {

// What the filter says about itself.
struct ExceptionFacts {
  std::string rule, alert_id, owner, reason, expires;
};

class ExceptionDraft {
 public:
  static constexpr size_t kMostTuples = 32;  // further ones are left out, and said

  // `read`: the fields that the rule looks at.
  explicit ExceptionDraft(const Redactor& redactor, std::vector<FieldRef> read = {});

  // An event of the alert. REQUIRES: fields.begin(event) was called.
  void add(const Event& event, FieldLookup& fields);
  // Why no filter can be made of what was added, or "".
  const std::string& refused() const { return refused_; }

  // Leaves out the most special thing that is still told apart (names of objects, commands, then workloads and images,
  // then namespaces, then what the events lack); its name, or "" when nothing is left to leave out.
  std::string widen();
  // The filter as a YAML document.
  std::string yaml(const ExceptionFacts& facts) const;
  size_t tuples() const { return tuples_.size(); }
  bool cut() const { return cut_; }

 private:
  // `field: [values]` lines, in the order of the table in the body.
  struct Line {
    size_t row = 0;
    std::vector<std::string> values;  // empty: null
    bool lacking = false;             // null because the rule looks at it
    auto operator<=>(const Line&) const = default;
  };
  using Tuple = std::vector<Line>;

  bool is_read(std::string_view field) const;
  std::string field_of(size_t row) const;
  std::string refusal(const Event& event) const;
  Tuple tuple_of(const Event& event, FieldLookup& fields);
  void add_lacking(FieldLookup& fields, Tuple& tuple) const;

  const Redactor& redactor_;
  std::vector<FieldRef> others_;             // that the rule reads and that have no row of their own
  std::set<std::string, std::less<>> read_;  // names of all that it reads
  std::set<Tuple> tuples_;
  std::string refused_;
  std::string user_;  // of all events
  bool cut_ = false;
  int widened_ = 0;
};

}  // namespace kubevigil
