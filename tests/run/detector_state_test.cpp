// What alerts of a live run say of the age of the state behind them.
#include <gtest/gtest.h>

#include <map>

#include "tests/run/live_world.h"

namespace kubevigil {
namespace {

// "secrets_across 00:09:58": rule and state_since, of last revisions.
std::string sinces(const LiveScript& script) {
  std::map<std::string, std::string> last;
  for (const Alert& a : script.alerts()) {
    last[a.rule_name] = a.state_since ? format_rfc3339(*a.state_since).substr(11, 8) : "none";
  }
  std::string text;
  for (const auto& [rule, since] : last) text += rule + " " + since + "\n";
  return text;
}

const std::string kCounted = R"(---
title: Secrets read
id: 88888888-8888-4888-8888-888888888888
name: counted
status: test
level: medium
correlation: {type: event_count, rules: [secret_read], group-by: [user.username], timespan: 10m, generate: true, condition: {gte: 1}}
kubevigil: {dedup: {period: 1m}}
)";

TEST(DetectorState, AlertsSayFromWhenItIsOverRestartsAndReloads) {
  const std::string rules = changed(kReplayRules, "gte: 3}", "gte: 1}\nkubevigil: {dedup: {period: 1m}}") + kCounted;
  LiveScript script(program_of_text(rules));
  script.batch("a", {tick(0), secret(60, "1")});
  EXPECT_EQ(sinces(script), "counted 00:00:00\nsecret_read none\nsecrets_across 00:00:00\n");
  script.save_and_load();
  script.batch("a", {secret(600, "2")});
  EXPECT_EQ(sinces(script), "counted 00:00:00\nsecret_read none\nsecrets_across 00:00:00\n") << "after a restart";
  script.reload(program_of_text(changed(rules, "timespan: 10m", "timespan: 20m")));
  EXPECT_EQ(sinces(script), "counted 00:00:00\nsecret_read none\nsecrets_across 00:00:00\n") << "closed by the reload";
  script.batch("a", {tick(1200), secret(1201, "3")});
  EXPECT_EQ(sinces(script), "counted 00:00:00\nsecret_read none\nsecrets_across 00:09:58\n") << "2 s of slack";
  script.save_and_load();
  script.reload(
      program_of_text(changed(changed(rules, "timespan: 10m", "timespan: 20m"), "title: Secrets read", "title: R")));
  script.batch("a", {secret(1300, "4")});
  EXPECT_EQ(sinces(script), "counted 00:00:00\nsecret_read none\nsecrets_across 00:09:58\n") << "another title only";
}

}  // namespace
}  // namespace kubevigil
