// The alerts of the demo in every encoding, against the rules of its consumer: what `replay -o NAME` prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "engine/app/demo_stream.h"
#include "engine/app/pack.h"
#include "engine/base/text.h"
#include "engine/run/framing.h"
#include "engine/run/memory_input.h"
#include "engine/run/replay.h"
#include "outputs/registry.h"
#include "tests/support/consumers.h"

namespace kubevigil {
namespace {

using testing::IsEmpty;

std::vector<Alert> demo_alerts() {
  LoadOptions load;
  load.lists = builtin_lists();
  const auto program = Program::compile(std::make_shared<const RuleSet>(load_rules(builtin_rules(), load).rules));
  std::vector<std::string> lines;
  const std::string stream = demo_stream(DemoPart::WithIntrusion);
  for (const std::string_view line : split(stream, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  std::vector<std::unique_ptr<Input>> inputs;
  inputs.push_back(std::make_unique<MemoryInput>("demo", 0, lines));
  std::vector<Alert> alerts;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) { alerts.push_back(alert); };
  EXPECT_TRUE(replay(inputs, program, {}, hooks, system_env()).has_value());
  return alerts;
}

std::string document(const EncodingRow& row, const std::vector<Alert>& alerts) {
  const auto encoding = row.make({});
  DocumentWriter writer(*encoding);
  std::string out;
  for (const Alert& alert : alerts) writer.alert(alert, out);
  writer.end(out);
  return out;
}

test::Problems each_line(test::Problems (*rules)(std::string_view), const std::string& text) {
  test::Problems all;
  std::vector<std::string_view> lines = split(text, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  for (const std::string_view line : lines) {
    for (std::string& problem : rules(line)) all.push_back(std::move(problem));
  }
  return all;
}

// Per encoding what is wrong with the printed document.
const std::map<std::string_view, std::function<test::Problems(const std::string&)>>& rules() {
  using Text = const std::string&;
  static const std::map<std::string_view, std::function<test::Problems(Text)>> kRules = {
      {"falco", [](Text text) { return each_line(test::falcosidekick_problems, text); }},
      {"alertmanager", [](Text text) { return test::alertmanager_problems(text); }},
      {"slack", [](Text text) { return each_line([](auto line) { return test::slack_problems(line); }, text); }},
      {"ocsf", [](Text text) { return each_line(test::ocsf_problems, text); }},
      {"ecs", [](Text text) { return each_line(test::ecs_problems, text); }},
      {"es-bulk", [](Text text) { return test::es_bulk_problems(text); }},
      {"cef", [](Text text) { return each_line(test::cef_problems, text); }},
  };
  return kRules;
}

TEST(DemoOutputs, EveryConsumerTakesTheAlertsOfTheDemo) {
  const std::vector<Alert> alerts = demo_alerts();
  ASSERT_GT(alerts.size(), 20u);
  size_t checked = 0;
  for (const EncodingRow& row : encodings()) {
    const std::string text = document(row, alerts);
    EXPECT_FALSE(text.empty()) << row.name;
    if (!rules().contains(row.name)) continue;
    ++checked;
    EXPECT_THAT(rules().at(row.name)(text), IsEmpty()) << row.name;
  }
  EXPECT_EQ(checked, rules().size());
}

}  // namespace
}  // namespace kubevigil
