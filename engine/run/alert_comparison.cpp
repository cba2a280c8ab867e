#include "engine/run/alert_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

using Name = std::pair<std::string, uint32_t>;

std::vector<Name> without(std::vector<Name> some, std::vector<Name> others) {
  std::sort(some.begin(), some.end());
  std::sort(others.begin(), others.end());
  std::vector<Name> out;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(out));
  return out;
}

std::vector<Name> names_of(const std::vector<Alert>& alerts) {
  std::vector<Name> out;
  for (const Alert& alert : alerts) out.emplace_back(alert.id, alert.revision);
  return out;
}

}  // namespace

void AlertComparison::begin(std::vector<Alert> derived, bool comparable) {
  settle();
  derived_ = std::move(derived);
  journaled_.clear();
  comparable_ = comparable;
}

void AlertComparison::journaled(const std::string& id, uint32_t revision) { journaled_.emplace_back(id, revision); }

void AlertComparison::settle() {
  if (!comparable_) return;
  const std::vector<Name> derived = names_of(derived_);
  compared_ += journaled_.size();
  if (derived == journaled_) return;
  const std::vector<Name> only_journal = without(journaled_, derived), only_derived = without(derived, journaled_);
  different_ += only_journal.size() + only_derived.size();
  const bool order = only_journal.empty() && only_derived.empty();
  if (order) ++different_;
  if (!first_.empty()) return;
  const Name& name = order ? derived.front() : only_journal.empty() ? only_derived.front() : only_journal.front();
  first_ = printable(fmt::format("alert {} revision {} {}", name.first, name.second,
                                 order                  ? "comes in another order"
                                 : only_journal.empty() ? "follows from the input, and the journal does not hold it"
                                                        : "is in the journal, and does not follow from the input"));
}

std::vector<Alert> AlertComparison::finish() {
  std::vector<Alert> missing, both;
  std::vector<Name> names = without(names_of(derived_), journaled_);
  // Other names in the journal may be of the same findings: derived by another version, or from the state that was.
  if (!comparable_ && !without(journaled_, names_of(derived_)).empty()) names.clear();
  for (Alert& alert : derived_) {
    const bool is_missing = std::binary_search(names.begin(), names.end(), Name(alert.id, alert.revision));
    (is_missing ? missing : both).push_back(std::move(alert));
  }
  derived_ = std::move(both);  // that some are missing at the end is no difference
  settle();
  derived_.clear();
  comparable_ = false;
  return missing;
}

}  // namespace kubevigil
