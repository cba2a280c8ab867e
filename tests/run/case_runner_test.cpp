// The case runner finds what is wrong: with rules of its own, cases that pass and cases that cannot.
#include "engine/run/case_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/rule/rule_loader.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;

constexpr const char* kRules = R"(
title: Delete of a namespace
id: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a01
name: namespace_deleted
logsource: {product: kubernetes, service: audit}
detection:
  what: {verb: delete, resource: namespaces}
  who: {user.username|startswith: a}
  condition: what and who
level: medium
---
title: Privileged
id: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a02
name: privileged
sigma-version: 3
logsource: {product: kubernetes, service: audit}
detection:
  what: {resource: pods, verb: [create, patch]}
  how:
    podSpec.allContainers[any]: {securityContext.privileged: true}
  condition: what and how
level: low
---
title: Three deletes
id: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a03
name: three_deletes
correlation:
  type: value_count
  rules: [namespace_deleted]
  group-by: [user.username]
  timespan: 10m
  condition: {field: objectRef.name, gte: 3}
  generate: true
level: medium
kubevigil:
  value_count: {raise: [{gte: 4, level: high}]}
)";

// Three deletes of namespaces, counted in the window that is named.
constexpr const char* kWindowRules = R"(title: Deleted
name: deleted
logsource: {product: kubernetes, service: audit}
detection:
  what: {verb: delete, objectRef.resource: namespaces}
  condition: what
---
title: In one hour
name: in_one_hour
correlation: {type: event_count, rules: [deleted], group-by: [user.username], timespan: 1h, condition: {gte: 3}}
kubevigil: {window: tumbling}
---
title: Few in one hour
name: few_in_one_hour
correlation: {type: value_count, rules: [deleted], timespan: 1h, condition: {field: objectRef.name, lt: 3}}
kubevigil: {window: tumbling}
---
title: In one session
name: in_one_session
correlation: {type: value_count, rules: [deleted], group-by: [user.username], timespan: 1h,
              condition: {field: objectRef.name, gte: 3}}
kubevigil: {window: {session: {gap: 5m}}}
)";

CaseReport run(const std::string& cases, bool coverage = false, const char* rules = kRules) {
  LoadedRules loaded = load_rules({{"r/x.yaml", rules, false}}, {});
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  const auto program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
  return run_cases(program, {{"r/x.test.yaml", "cases:\n" + cases}}, {coverage, false});
}

constexpr const char* kDelete = "{user: alice, verb: delete, resource: namespaces, name: n, at: 5s}";

std::string one_case(const std::string& events, const std::string& expect, const std::string& more = "") {
  return "  - {name: c, events: [" + events + "], expect: [" + expect + "]" + more + "}\n";
}

TEST(CaseRunner, PassesWhatIsAsExpected) {
  const CaseReport report =
      run(one_case(kDelete, "{rule: namespace_deleted, at: 5s, level: medium, count: 1, group: {user.username: alice}}",
                   ", duplicates: true, shuffle: true"));
  EXPECT_TRUE(report.ok()) << to_text(report);
}

struct Wrong {
  const char* what;
  std::string events, expect, more;
  const char* finding;
};

TEST(CaseRunner, SaysWhatIsWrong) {
  const Wrong wrongs[] = {
      {"missing", "{user: alice, verb: get, resource: namespaces, name: n}", "{rule: namespace_deleted}", "",
       "missing: namespace_deleted"},
      {"unexpected", kDelete, "", "", "unexpected: namespace_deleted at 5s, level medium, count 1"},
      {"time", kDelete, "{rule: namespace_deleted, at: 6s}", "", "at: expected 6s, found 5s"},
      {"level", kDelete, "{rule: namespace_deleted, level: high}", "", "level: expected high, found medium"},
      {"count", kDelete, "{rule: namespace_deleted, count: 2}", "", "count: expected 2, found 1"},
      {"group", kDelete, "{rule: namespace_deleted, group: {user.username: bob}}", "",
       "group user.username: expected bob, found alice"},
      {"no rule", kDelete, "{rule: namespace_deleted}, {rule: nonsense}", "", "which is no rule"},
      {"near miss too far", "{user: bob, verb: get, resource: pods, name: n}", "", ", near-miss: [namespace_deleted]",
       "exactly one part of the condition should fail, but found 3 parts"},
      {"near miss of nothing", "{user: bob, verb: get, resource: pods, name: n}", "", ", near-miss: [three_deletes]",
       "nothing that it reads matches"},
  };
  for (const Wrong& w : wrongs) {
    const CaseReport report = run(one_case(w.events, w.expect, w.more));
    EXPECT_FALSE(report.ok()) << w.what;
    EXPECT_THAT(to_text(report), HasSubstr(w.finding)) << w.what;
    EXPECT_THAT(to_junit(report), HasSubstr("failures=\"1\"")) << w.what;
  }
}

TEST(CaseRunner, BodiesStrippedAndPatched) {
  const std::string pod =
      "{user: u, verb: create, resource: pods, namespace: n, name: p, body: {spec: {containers: [{name: "
      "c, securityContext: {privileged: true}}]}}}";
  const CaseReport report = run(one_case(pod, "{rule: privileged}", ", patches: all"));
  EXPECT_TRUE(report.ok()) << to_text(report);
  ASSERT_EQ(report.cases.size(), 1u);
  EXPECT_EQ(report.cases[0].variants, 6u) << "as written, four patches, without bodies";
}

constexpr const char* kExcepted = R"(
title: Privileged, but for trusted images
id: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a04
name: untrusted_privileged
sigma-version: 3
logsource: {product: kubernetes, service: audit}
detection:
  what: {resource: pods, verb: [create, patch], podSpec.allContainers.securityContext.privileged: true}
  trusted: {"podSpec.allContainers[all].image|startswith": registry.example.com/}
  condition: what and not trusted
level: low
)";

// A strategic merge patch shows some of the containers: what it adds is judged, what `[all]` says of the others is not
// known.
TEST(CaseRunner, ExceptionOverAListThatAPatchShowsInPart) {
  LoadedRules loaded = load_rules({{"r/x.yaml", kExcepted, false}}, {});
  EXPECT_TRUE(loaded.diagnostics.empty()) << render(loaded.diagnostics, loaded.sources);
  const auto program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
  const auto report = [&](const std::string& verb, const std::string& image, const std::string& outcome) {
    const std::string body = (verb == "patch" ? "patch" : "body") +
                             std::string(": {spec: {containers: [{name: c, image: ") + image +
                             ", securityContext: {privileged: true}}]}}";
    const std::string cases = "cases:\n  - {name: c, events: [{user: u, verb: " + verb +
                              ", resource: pods, namespace: n, name: p, " + body + "}], " + outcome + "}\n";
    return run_cases(program, {{"r/x.test.yaml", cases}}, {false, false});
  };
  const std::string hit = "expect: [{rule: untrusted_privileged}]", none = "expect: []";
  const std::string open = none + ", not-evaluable: [untrusted_privileged]";
  EXPECT_TRUE(report("create", "evil/x", hit).ok());
  EXPECT_TRUE(report("create", "registry.example.com/x", none).ok());
  EXPECT_TRUE(report("patch", "evil/x", hit).ok());
  EXPECT_TRUE(report("patch", "registry.example.com/x", open).ok());
  EXPECT_THAT(to_text(report("create", "registry.example.com/x", open)), HasSubstr("was evaluable for every event"));
  EXPECT_THAT(to_text(report("create", "evil/x", hit + ", not-evaluable: [nonsense]")), HasSubstr("is no rule"));
}

TEST(CaseRunner, TheSameFindingIsSaidOnce) {
  const std::string pod =
      "{user: u, verb: create, resource: pods, namespace: n, name: p, body: {spec: {containers: [{name: "
      "c, securityContext: {privileged: true}}]}}}";
  const CaseReport report = run(one_case(pod, "{rule: privileged, level: high}", ", patches: all, strip: false"));
  ASSERT_EQ(report.cases.size(), 1u);
  EXPECT_EQ(report.cases[0].problems.size(), 1u) << to_text(report);
}

TEST(CaseRunner, RaisedLevelIsCompared) {
  const auto deletes = [](int n) {
    std::string events;
    for (int i = 0; i < n; ++i) {
      events += (i == 0 ? "" : ", ") + std::string("{user: alice, verb: delete, resource: namespaces, name: n") +
                std::to_string(i) + ", at: " + std::to_string(i * 100) + "s}";
    }
    return events;
  };
  const std::string also = "{rule: namespace_deleted}, {rule: namespace_deleted}, {rule: namespace_deleted}";
  const CaseReport three = run(one_case(deletes(3), also + ", {rule: three_deletes, level: medium, at: 200s}"));
  EXPECT_TRUE(three.ok()) << to_text(three);
  const CaseReport four =
      run(one_case(deletes(4), also + ", {rule: namespace_deleted}, {rule: three_deletes, level: high, at: 200s}"));
  EXPECT_TRUE(four.ok()) << to_text(four);
}

TEST(CaseRunner, CorrelationsCountInTheWindowTheyName) {
  struct Row {
    std::vector<const char*> at;
    const char* expect;
  };
  const Row rows[] = {
      {{"1m", "30m", "59m"}, "{rule: in_one_hour, at: 59m, count: 1}"},
      {{"30m", "59m", "60m"}, "{rule: few_in_one_hour, at: 59m}"},  // two and one: one alert, the second hour joins it
      {{"50m", "55m", "60m"}, "{rule: few_in_one_hour, at: 55m}, {rule: in_one_session, at: 60m}"},
      {{"50m", "56m", "60m"}, "{rule: few_in_one_hour, at: 56m}"},
      {{"1m", "2m", "3m", "4m"}, "{rule: in_one_hour, at: 3m, count: 2}, {rule: in_one_session, at: 3m, count: 2}"},
  };
  for (const Row& row : rows) {
    std::string events;
    for (size_t i = 0; i < row.at.size(); ++i) {
      events += (i > 0 ? ", " : "") + std::string("{user: alice, verb: delete, resource: namespaces, name: n") +
                std::to_string(i) + ", at: " + row.at[i] + "}";
    }
    const CaseReport report =
        run(one_case(events, row.expect, ", duplicates: true, shuffle: true"), false, kWindowRules);
    EXPECT_TRUE(report.ok()) << events << "\n" << to_text(report);
  }
}

TEST(CaseRunner, CoverageNamesRulesWithoutHitOrNearMiss) {
  const CaseReport report = run(one_case(kDelete, "{rule: namespace_deleted}"), true);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(to_text(report), HasSubstr("namespace_deleted (r/x.yaml): no case is a near miss of it"));
  EXPECT_THAT(to_text(report), HasSubstr("privileged (r/x.yaml): no case expects an alert of it"));
}

TEST(CaseRunner, BrokenCasesAreSaidAndLeftOut) {
  const CaseReport report =
      run("  - {name: c, events: [{user: a, resource: pods}], expect: []}\n"
          "  - {name: d, events: [{verb: get, resource: pods, at: soon}], expect: [], nonsense: 1}\n");
  EXPECT_TRUE(report.cases.empty());
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(to_text(report), HasSubstr("the event has no verb"));
  EXPECT_THAT(to_text(report), HasSubstr("no time span"));
  EXPECT_THAT(to_text(report), HasSubstr("nonsense"));
}

}  // namespace
}  // namespace kubevigil
