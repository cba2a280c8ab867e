// The built-in pack: loads without a warning, and every case of it passes.
#include "engine/app/pack.h"

#include <gtest/gtest.h>

#include "engine/run/case_runner.h"

namespace kubevigil {
namespace {

LoadedRules load_pack() {
  LoadOptions options;
  options.strict = true;
  options.lists = builtin_lists();
  return load_rules(builtin_rules(), options);
}

TEST(Pack, LoadsWithoutWarnings) {
  const LoadedRules loaded = load_pack();
  EXPECT_EQ(render(loaded.diagnostics, loaded.sources), "");
  EXPECT_TRUE(loaded.skipped.empty());
  EXPECT_GE(loaded.rules.rules.size(), 25u);
  for (const Rule& rule : loaded.rules.rules) EXPECT_EQ(rule.dead, "") << rule.meta.name;
}

TEST(Pack, EveryCasePassesAndEveryRuleIsCovered) {
  LoadedRules loaded = load_pack();
  const auto rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  const CaseReport report = run_cases(Program::compile(rules), builtin_cases(), {true, true});
  EXPECT_GE(report.cases.size(), 60u);
  EXPECT_TRUE(report.ok()) << to_text(report);
}

}  // namespace
}  // namespace kubevigil
