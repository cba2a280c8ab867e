// The demo through the built-in pack: the intrusion is found at every stage, the benign part gives nothing of note.
#include "engine/app/demo_stream.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/app/pack.h"
#include "engine/base/text.h"
#include "engine/run/case_stream.h"

namespace kubevigil {
namespace {

std::shared_ptr<const Program> pack_program() {
  LoadOptions options;
  options.lists = builtin_lists();
  options.preset = Preset::Core;
  auto rules = std::make_shared<const RuleSet>(load_rules(builtin_rules(), options).rules);
  return Program::compile(rules);
}

std::vector<CaseRecord> records_of(const std::string& text) {
  std::vector<CaseRecord> records;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) records.push_back({demo_start(), std::string(line)});
  }
  return records;
}

std::string describe(const Program& program, const std::vector<StreamAlert>& alerts, Level least) {
  std::string out;
  for (const StreamAlert& a : alerts) {
    const RuleMeta& meta = program.rules().rules[a.rule].meta;
    if (a.level < least) continue;
    out += format_rfc3339(a.opened) + " " + std::string(to_text(a.level)) + " " + meta.name;
    for (const auto& [name, value] : a.group) out += " " + name + "=" + value;
    out += "\n";
  }
  return out;
}

TEST(Demo, SameBytesEachTime) { EXPECT_EQ(demo_stream(DemoPart::WithIntrusion), demo_stream(DemoPart::WithIntrusion)); }

TEST(Demo, HasSeveralThousandEvents) {
  EXPECT_GT(records_of(demo_stream(DemoPart::BenignOnly)).size(), 4000u);
  EXPECT_LT(records_of(demo_stream(DemoPart::WithIntrusion)).size(), 20000u);
}

TEST(Demo, BenignPartIsQuiet) {
  const auto program = pack_program();
  const StreamOutcome outcome = run_stream(program, records_of(demo_stream(DemoPart::BenignOnly)));
  EXPECT_TRUE(outcome.unreadable.empty());
  EXPECT_EQ(describe(*program, outcome.alerts, Level::Medium), "");
  EXPECT_FALSE(outcome.alerts.empty()) << "an installation day leaves low alerts";
}

TEST(Demo, IntrusionIsFoundAtEveryStageWithItsChains) {
  const auto program = pack_program();
  const StreamOutcome outcome = run_stream(program, records_of(demo_stream(DemoPart::WithIntrusion)));
  std::map<Stage, int> stages;
  std::map<std::string, int> rules;
  for (const StreamAlert& a : outcome.alerts) {
    const Rule& rule = program->rules().rules[a.rule];
    ++rules[rule.meta.name];
    if (a.level >= Level::Medium) ++stages[rule.extension.stage];
  }
  const std::string all = describe(*program, outcome.alerts, Level::Informational);
  for (const Stage stage : {Stage::Entry, Stage::Collect, Stage::Spread, Stage::Effect}) {
    EXPECT_GE(stages[stage], 1) << to_text(stage) << "\n" << all;
  }
  for (const char* name : {"exec_reads_token", "permission_enumeration_first", "can_i_list_then_act",
                           "secrets_listed_by_default_account_first", "secrets_across_namespaces",
                           "default_account_dangerous_pod", "miner_command"}) {
    EXPECT_EQ(rules[name], name == std::string("permission_enumeration_first") ? 3 : 1) << name << "\n" << all;
  }
  // Of the account that came in, and of the one whose pod it entered.
  std::map<std::string, Level> chains;
  for (const StreamAlert& a : outcome.alerts) {
    if (program->rules().rules[a.rule].meta.name == "attack_chain") chains[a.group.front().second] = a.level;
  }
  EXPECT_EQ(chains, (std::map<std::string, Level>{{"system:serviceaccount:ci:deployer", Level::Critical},
                                                  {"system:serviceaccount:shop:default", Level::Critical}}))
      << all;
}

}  // namespace
}  // namespace kubevigil
