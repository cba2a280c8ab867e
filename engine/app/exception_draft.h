// ExceptionDraft: the narrowest Sigma filter that silences an alert, from the events that the alert lists. Each
// distinct event is one tuple: who did it (exactly, with case), as whom, what to which object, and for pods which
// workload with which images. A tuple without an identity is never made.
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

  explicit ExceptionDraft(const Redactor& redactor) : redactor_(redactor) {}

  // An event of the alert. REQUIRES: fields.begin(event) was called.
  void add(const Event& event, FieldLookup& fields);
  // Why no filter can be made of what was added, or "".
  const std::string& refused() const { return refused_; }

  // Leaves out the most special thing that is still told apart (names of objects, commands, then workloads and images,
  // then namespaces); its name, or "" when nothing is left to leave out.
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
    auto operator<=>(const Line&) const = default;
  };
  using Tuple = std::vector<Line>;

  const Redactor& redactor_;
  std::set<Tuple> tuples_;
  std::string refused_;
  std::string user_;  // of all events
  bool cut_ = false;
  int widened_ = 0;
};

}  // namespace kubevigil
