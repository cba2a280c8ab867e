// Chains over correlations in a whole run: within the lateness the order of arrival does not matter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/replay_stream.h"

namespace kubevigil {
namespace {

std::string staged(const std::string& name, const std::string& verb, const std::string& extension) {
  return "title: " + name + "\nname: " + name +
         "\nlevel: low\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  s: {verb: " + verb +
         ", resource: secrets}\n  condition: s\n" + extension + "---\n";
}

// Two deletions within 10 minutes are an effect; three stages within a minute are a chain.
std::string chain_rules() {
  return staged("entered", "get", "kubevigil: {stage: entry}\n") +
         staged("collected", "list", "kubevigil: {stage: collect}\n") + staged("deleted", "delete", "") +
         "title: deletions\nname: deletions\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [deleted]\n"
         "  group-by: [user.username]\n  timespan: 10m\n  condition: {gte: 2}\nkubevigil: {stage: effect}\n---\n"
         "title: chain\nname: chain\nlevel: high\n"
         "correlation: {type: chain, timespan: 1m, condition: {field: hit.stage, gte: 3}}\n"
         "kubevigil: {chain: {root: [user.username], max-span: 1h}}\n";
}

// The stages of the chain that alerted, or "".
std::string chain_of_order(const std::vector<EventText>& events, const std::shared_ptr<const Program>& program) {
  std::vector<std::string> records;
  for (const EventText& event : events) records.push_back(json_of(event));
  std::vector<std::unique_ptr<Input>> inputs;
  inputs.push_back(std::make_unique<MemoryInput>("log", 0, records, 1 << 20));
  std::string stages;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    if (alert.rule_name != "chain") return;
    for (const std::string& stage : alert.chain.stages) stages += stage + " ";
    stages += format_rfc3339(alert.last_seen);
  };
  const auto report = replay(inputs, program, ReplayOptions{}, hooks, FixedEnv());
  EXPECT_TRUE(report.has_value());
  return stages;
}

// What a correlation fires is a hit at the end of its own window, not at the time of the event that came last.
TEST(ChainOrder, OfACorrelationsMatchesDoesNotDecide) {
  const auto program = program_of_text(chain_rules());
  std::vector<EventText> events = {{.second = 0, .verb = "delete", .id = "1"},
                                   {.second = 100, .verb = "delete", .id = "2"},
                                   {.second = 110, .verb = "get", .id = "3"},
                                   {.second = 120, .verb = "list", .id = "4"}};
  const std::string expected = chain_of_order(events, program);
  EXPECT_THAT(expected, testing::HasSubstr("effect"));
  const auto by_id = [](const EventText& a, const EventText& b) { return a.id < b.id; };
  while (std::next_permutation(events.begin(), events.end(), by_id)) {
    std::string order;
    for (const EventText& event : events) order += event.id;
    EXPECT_EQ(chain_of_order(events, program), expected) << order;
  }
}

}  // namespace
}  // namespace kubevigil
