// Rules are replaced again and again while events come: the alerts of the rules that stay are those of a run without
// any of it, and no event is dropped.
#include <gtest/gtest.h>

#include <random>

#include "tests/run/live_bench.h"

namespace kubevigil {
namespace {

constexpr size_t kEvents = 4;  // a body

// The rules that stay, in other words each time; and two that mean something else each time, or are not there.
std::string rules_number(size_t n) {
  std::string text = kReplayRules;
  text.replace(text.find("title: Secret read"), 18, fmt::format("title: Secret read, take {}", n));
  if (n % 5 == 4) return text;
  return text + fmt::format(R"(---
title: One that changes
id: 66666666-6666-4666-8666-666666666666
name: changing
level: low
logsource: {{product: kubernetes, service: audit}}
detection:
  sel: {{user.username: user-{0}}}
  condition: sel
---
title: Counts over one that changes
id: 77777777-7777-4777-8777-777777777777
name: changing_count
level: low
correlation:
  type: event_count
  rules: [changing]
  group-by: [user.username]
  timespan: {1}s
  generate: true
  condition: {{gte: 2}}
)",
                            n % 4, 60 + n);
}

std::vector<std::vector<EventText>> bodies_of(size_t number) {
  std::mt19937_64 random(28);
  std::vector<std::vector<EventText>> bodies(number);
  int64_t second = 0;
  for (size_t b = 0; b < number; ++b) {
    for (size_t i = 0; i < kEvents; ++i) {
      EventText& e = bodies[b].emplace_back();
      second += static_cast<int64_t>(random() % 60);
      e.second = second - static_cast<int64_t>(random() % 3);
      e.user = fmt::format("user-{}", random() % 4);
      e.ns = fmt::format("ns-{}", random() % 6);
      e.id = fmt::format("{}-{}", b, i);
    }
  }
  return bodies;
}

struct Reloaded {
  std::vector<std::string> stay;  // alerts of the rules that stay: id, revision, rule, count
  size_t others = 0;              // alerts
};

Reloaded run(const std::vector<std::vector<EventText>>& bodies, size_t reloads) {
  LiveBench bench(rules_number(0));
  EXPECT_TRUE(bench.start());
  for (size_t i = 0, swapped = 0; i < bodies.size(); ++i) {
    // Bodies go on coming between a reload and the moment it takes effect.
    if (swapped < reloads * (i + 1) / bodies.size()) {
      EXPECT_TRUE(until([&] { return bench.pipeline().status().consumer.swaps == swapped; }));
      bench.pipeline().swap_rules(bench.rules(rules_number(++swapped)));
    }
    EXPECT_TRUE(bench.post(bodies[i]));
  }
  EXPECT_TRUE(bench.settle()) << bench.pipeline().failure();
  EXPECT_TRUE(until([&] { return bench.pipeline().status().consumer.swaps == reloads; }));
  EXPECT_TRUE(until([&] { return bench.pipeline().status().consumer.records == kEvents * bodies.size(); }));
  Reloaded out;
  for (const std::string& alert : bench.alerts()) {
    if (alert.find(" changing") == std::string::npos) {
      out.stay.push_back(alert);
    } else {
      ++out.others;
    }
  }
  EXPECT_TRUE(bench.start());  // recovery goes through the same rules
  EXPECT_EQ(bench.report.different, 0u);
  EXPECT_TRUE(bench.report.findings.empty());
  return out;
}

TEST(LiveReload, ManyReloadsUnderLoadLeaveTheAlertsOfRulesThatStay) {
  const size_t reloads = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 1000 : 200;
  const auto bodies = bodies_of(2 * reloads);
  const Reloaded calm = run(bodies, 0), reloaded = run(bodies, reloads);
  EXPECT_EQ(reloaded.stay, calm.stay);
  EXPECT_GT(calm.stay.size(), reloads);
  EXPECT_GT(reloaded.others, reloads / 2) << "those that change are at work, too";
}

}  // namespace
}  // namespace kubevigil
