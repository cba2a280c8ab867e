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
  said.report.tally.group_values_cut = 36;
  said.report.correlator.duplicate_window_full = 3;
  said.report.correlator.duplicate_window = Duration::seconds(252);
  EXPECT_NE(said.summary().find("limits met  905 values beyond 4096 of one field"), std::string::npos)
      << said.summary();
  EXPECT_NE(said.summary().find("duplicates were found within 252s only"), std::string::npos) << said.summary();
  for (const char* member : {"\"field_values_cut\":905", "\"group_values_cut\":36", "\"duplicate_window_full\":3",
                             "\"duplicate_window_seconds\":252"}) {
    EXPECT_NE(said.stats().find(member), std::string::npos) << member << " in " << said.stats();
  }
}

TEST(Bounds, WhoMadeTooManyKeysIsNamed) {
  Said said;
  Rule& rule = said.rules.rules.emplace_back();
  rule.meta.name = "read_often";
  rule.body = Correlation{};
  said.report.rules.push_back({});
  EXPECT_EQ(said.summary().find("STATE EXPLOSION"), std::string::npos);
  EXPECT_EQ(said.stats().find("state_explosions"), std::string::npos);
  said.report.rules[0].explosions = {{"prod", "mallory\x1b[2J", 12'345, Timestamp{1'700'000'000'000'000}}};
  EXPECT_NE(
      said.summary().find("STATE EXPLOSION  new keys of a rule in 10 minutes: read_often: 12345 by mallory\\x1b[2J\n"),
      std::string::npos)
      << said.summary();
  EXPECT_NE(said.stats().find("\"state_explosions\":[{\"cluster\":\"prod\",\"username\":\"mallory\\u001b[2J\","
                              "\"new_keys\":12345,\"time\":\"2023-11-14T22:13:20.000000Z\"}]"),
            std::string::npos)
      << said.stats();
}

}  // namespace
}  // namespace kubevigil
