#include "engine/app/bounds.h"

#include <fmt/core.h>

namespace kubevigil {

std::vector<Bound> bounds_of(const ReplayReport& report) {
  const Correlator::Counters& c = report.correlator;
  uint64_t evictions = 0, approximate = 0;
  for (const RuleReport& rule : report.rules) {
    evictions += rule.state.evictions;
    approximate += rule.state.approximate_keys;
  }
  const auto say = [](uint64_t count, std::string_view what) { return fmt::format("{} {}", count, what); };
  return {
      {"field_values_cut", report.tally.field_values_cut,
       say(report.tally.field_values_cut, "values beyond 4096 of one field: rules that they could decide say so")},
      {"group_values_cut", report.tally.group_values_cut,
       say(report.tally.group_values_cut, "values beyond 64 of one list that correlations did not see")},
      {"duplicate_window_full", c.duplicate_window_full,
       fmt::format("so many events that duplicates were found within {} only", format_duration(c.duplicate_window))},
      {"state_evictions", evictions, say(evictions, "keys of correlations gave way to others")},
      {"approximate_keys", approximate, say(approximate, "keys whose counts are approximate")},
      {"long_requests_forgotten", c.long_requests_forgotten,
       say(c.long_requests_forgotten, "long requests whose end may count again")},
      {"alerts_closed_early", c.alerts_closed_early,
       say(c.alerts_closed_early, "alerts closed early: what follows opens new ones")},
      {"alerts_given_out_early", report.alerts_early,
       say(report.alerts_early, "alerts were given out before they ended")},
  };
}

}  // namespace kubevigil
