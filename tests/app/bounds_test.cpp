#include "engine/app/bounds.h"

#include <gtest/gtest.h>

#include "engine/app/summary.h"

namespace kubevigil {
namespace {

struct Said {
  ReplayReport report;
  RuleSet rules;
  std::string summary() const { return summary_text(facts()); }
  std::string stats() const { return stats_json(facts()); }
  RunFacts facts() const {
    return {.report = report,
            .rules = rules,
            .command_line = {},
            .name = "replay",
            .unreadable = {},
            .started = {},
            .finished = {}};
  }
};

TEST(Bounds, WhatBitIsSaidAndWhatDidNotIsOnlyInTheStatistics) {
  Said said;
  EXPECT_EQ(said.summary().find("limits met"), std::string::npos);
  EXPECT_NE(said.stats().find("\"field_values_cut\":0"), std::string::npos) << said.stats();
  said.report.tally.field_values_cut = 905;
  said.report.correlator.duplicate_window_full = 3;
  said.report.correlator.duplicate_window = Duration::seconds(252);
  EXPECT_NE(said.summary().find("limits met  905 values beyond 4096 of one field"), std::string::npos)
      << said.summary();
  EXPECT_NE(said.summary().find("duplicates were found within 252s only"), std::string::npos) << said.summary();
  for (const char* member :
       {"\"field_values_cut\":905", "\"duplicate_window_full\":3", "\"duplicate_window_seconds\":252"}) {
    EXPECT_NE(said.stats().find(member), std::string::npos) << member << " in " << said.stats();
  }
}

}  // namespace
}  // namespace kubevigil
