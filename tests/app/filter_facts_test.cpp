#include "engine/app/filter_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(FilterFacts, PatternsThatFitNothingAreFound) {
  RuleSet rules;
  rules.rules.resize(2);
  rules.rules[0].meta.name = "pod_exec";
  rules.rules[1].meta.id = "6b2f3f0e-8f0b-4f0a-9d0c-000000000001";
  Config config;
  config.inputs.tail.emplace_back().cluster = "lab";
  config.inputs.webhook.emplace().credentials.emplace_back().clusters = {"prod-eu1"};
  OutputConfig& soc = config.outputs.emplace_back();
  soc.name = "soc";
  soc.filter.rules = {"POD_*", "6B2F3F0E-8f0b-4f0a-9d0c-000000000001", "pod_exce", "kubevigil_sink_failing"};
  soc.filter.not_rules = {"pod"};
  soc.filter.clusters = {"prod-*", "lab", "stage"};
  config.outputs.emplace_back().name = "all";
  EXPECT_THAT(idle_patterns(config, rules),
              testing::ElementsAre(IdlePattern{"soc", "rules", "pod_exce"}, IdlePattern{"soc", "not-rules", "pod"},
                                   IdlePattern{"soc", "clusters", "stage"}));
}

}  // namespace
}  // namespace kubevigil
