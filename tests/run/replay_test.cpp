#include "engine/run/replay.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/rule/rule_loader.h"
#include "engine/run/memory_input.h"

namespace kubevigil {
namespace {

constexpr const char* kRules = R"(
title: Secret read
id: 11111111-1111-4111-8111-111111111111
name: secret_read
status: test
level: low
logsource: {product: kubernetes, service: audit}
detection:
  sel: {verb: [get, list], objectRef.resource: secrets}
  exception: {user.username: nobody}
  condition: sel and not exception
kubevigil: {message: "{user.username} read {objectRef.namespace}/{objectRef.name}"}
---
title: Secrets of several namespaces
id: 22222222-2222-4222-8222-222222222222
name: secrets_across
status: test
level: high
correlation:
  type: value_count
  rules: [secret_read]
  group-by: [user.username]
  timespan: 10m
  generate: true
  condition: {field: objectRef.namespace, gte: 3}
---
title: Body rule
id: 33333333-3333-4333-8333-333333333333
name: privileged
status: test
level: medium
logsource: {product: kubernetes, service: audit}
detection:
  sel: {verb: create, objectRef.resource: pods, requestObject.spec.containers.securityContext.privileged: true}
  condition: sel
)";

std::shared_ptr<const Program> program() {
  LoadedRules loaded = load_rules({{"test.yaml", kRules, false}}, {});
  EXPECT_EQ(render(loaded.diagnostics, loaded.sources), "");
  return Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
}

constexpr int64_t kStart = 1'767'312'000;  // 2026-01-02T00:00:00Z

struct EventText {
  int64_t second = 0;
  std::string user = "alice", verb = "get", resource = "secrets", ns = "a", name = "s", id;
  bool timed = true;
};

std::string json_of(const EventText& e) {
  const std::string time = format_rfc3339({(kStart + e.second) * 1'000'000});
  const std::string times =
      e.timed ? fmt::format(R"(,"requestReceivedTimestamp":"{}","stageTimestamp":"{}")", time, time) : "";
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{}","stage":"ResponseComplete",)"
      R"("requestURI":"/api/v1/namespaces/{}/{}/{}","verb":"{}","user":{{"username":"{}","groups":["g"]}},)"
      R"("sourceIPs":["10.0.0.1"],"userAgent":"kubectl","objectRef":{{"resource":"{}","namespace":"{}","name":"{}",)"
      R"("apiVersion":"v1"}},"responseStatus":{{"code":200}}{}}})",
      e.id, e.ns, e.resource, e.name, e.verb, e.user, e.resource, e.ns, e.name, times);
}

class FixedEnv : public Env {
 public:
  Timestamp now() const override { return {kStart * 1'000'000}; }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

struct Outcome {
  std::vector<std::string> alerts;
  std::vector<std::string> rules;
  ReplayReport report;
};

using Sources = std::vector<std::pair<std::string, std::vector<std::string>>>;

Outcome run(const Sources& sources, ReplayOptions options = {}, size_t batch_bytes = 1 << 20,
            const std::atomic<int>* stop = nullptr) {
  std::vector<std::unique_ptr<Input>> inputs;
  uint32_t file = 0;
  for (const auto& [name, records] : sources) {
    inputs.push_back(std::make_unique<MemoryInput>(name, file++, records, batch_bytes));
  }
  Outcome out;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    out.alerts.push_back(to_json(alert));
    out.rules.push_back(alert.rule_name);
  };
  hooks.stop = stop;
  auto report = replay(inputs, program(), options, hooks, FixedEnv());
  EXPECT_TRUE(report.has_value());
  out.report = std::move(*report);
  return out;
}

// What must not depend on threads and batches, as text.
std::string digest(const Outcome& outcome) {
  const ReplayReport& r = outcome.report;
  std::string out;
  for (const std::string& alert : outcome.alerts) out += alert + "\n";
  out += fmt::format("events {} dup {} late {} joined {} outside {} untimed {} bad {}\n", r.tally.events,
                     r.correlator.duplicates, r.correlator.late, r.correlator.joined_stages, r.tally.outside_range,
                     r.tally.without_time, r.bad_total);
  for (const BadRecord& bad : r.bad)
    out += fmt::format("bad {}:{} {}\n", bad.position.file, bad.position.offset, bad.message);
  for (const auto& [file, t] : r.tally.files) {
    out +=
        fmt::format("file {} records {} events {} {} {}\n", file, t.records, t.events, t.first.micros, t.last.micros);
  }
  for (const RuleReport& rule : r.rules) {
    out += fmt::format("rule {} alerts {} blind {} matches {}\n", rule.rule, rule.alerts,
                       fmt::join(rule.not_evaluable, ","), rule.state.matches);
  }
  for (const SourceReport& s : r.sources) {
    out += fmt::format("source {} {} {} gap {} silences {}\n", s.name, s.pace.events, s.pace.outliers,
                       s.pace.usual_gap.micros, s.pace.silences.size());
  }
  for (const ActorReport& a : r.actors) out += fmt::format("actor {} {}\n", a.username, a.alerts);
  return out;
}

// Several API servers with everything that is hard: overlaps, disorder, duplicates across sources, records without a
// time, far future records, torn records, bodies that are missing.
Sources random_sources(uint64_t seed) {
  std::mt19937_64 random(seed);
  Sources sources(random() % 4 + 1);
  std::vector<std::string> earlier;
  for (size_t s = 0; s < sources.size(); ++s) {
    sources[s].first = fmt::format("server-{}", (s * 5 + seed) % 7);
    int64_t second = static_cast<int64_t>(random() % 300);
    for (size_t i = 0; i < 120; ++i) {
      second += static_cast<int64_t>(random() % 20);
      EventText e;
      e.id = fmt::format("{:08x}-0000-4000-8000-{:012x}", seed * 100 + s, i);
      e.second = random() % 60 == 0 ? second + 100'000'000 : random() % 9 == 0 ? second - 3 : second;
      e.user = fmt::format("user-{}", random() % 4);
      e.ns = fmt::format("ns-{}", random() % 5);
      e.resource = random() % 3 == 0 ? "pods" : "secrets";
      e.verb = random() % 4 == 0 ? "create" : "get";
      e.timed = random() % 15 != 0;
      std::string record = json_of(e);
      if (random() % 40 == 0) record.resize(record.size() / 2);
      if (random() % 20 == 0 && !earlier.empty()) record = earlier[random() % earlier.size()];
      earlier.push_back(record);
      sources[s].second.push_back(std::move(record));
    }
  }
  return sources;
}

TEST(Replay, SameBytesForAnyThreadsAndAnyBatchSize) {
  size_t alerts = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const Sources sources = random_sources(seed);
    ReplayOptions options;
    if (seed % 2 == 0) options.range = {{(kStart + 200) * 1'000'000}, {(kStart + 900) * 1'000'000}};
    const Outcome first = run(sources, options);
    const std::string expected = digest(first);
    alerts += first.alerts.size();
    for (const size_t threads : {1, 2, 3, 8}) {
      for (const size_t batch : {1, 1500, 20'000}) {
        options.threads = threads;
        options.bytes_in_flight = threads == 2 ? 1 : 1 << 20;
        ASSERT_EQ(digest(run(sources, options, batch)), expected)
            << "seed " << seed << " threads " << threads << " batch " << batch;
      }
    }
  }
  EXPECT_GT(alerts, 50u);
}

TEST(Replay, AlertCarriesWhoWhatWhereAndWhy) {
  const Outcome out = run({{"log", {json_of({.id = "6a3f2b10-0000-4000-8000-000000000001"})}}});
  ASSERT_EQ(out.alerts.size(), 1u);
  for (const char* part :
       {R"("message":"alice read a/s")", R"("username":"alice")", R"("resource":"secrets")",
        R"("audit_id":"6a3f2b10-0000-4000-8000-000000000001")", R"("file":"log","offset":0,"line":1)",
        R"("status":"closed")", R"("why":[{"condition":)", R"("audit_level":"Metadata")"}) {
    EXPECT_THAT(out.alerts[0], testing::HasSubstr(part));
  }
}

TEST(Replay, CorrelationAcrossSourcesInTimeOrder) {
  const Outcome out =
      run({{"b", {json_of({.second = 10, .ns = "b", .id = "2"})}},
           {"a", {json_of({.second = 0, .ns = "a", .id = "1"}), json_of({.second = 20, .ns = "c", .id = "3"})}}});
  EXPECT_EQ(std::count(out.rules.begin(), out.rules.end(), "secrets_across"), 1);
  EXPECT_EQ(out.rules.back(), "secrets_across") << "alerts come in order of opening";
}

TEST(Replay, RangeIsHalfOpen) {
  const Sources sources = {
      {"a",
       {json_of({.second = 0, .name = "x", .id = "1"}), json_of({.second = 10, .name = "y", .id = "2"}),
        json_of({.second = 20, .name = "z", .id = "3"})}}};
  ReplayOptions options;
  options.range = {{(kStart + 0) * 1'000'000}, {(kStart + 20) * 1'000'000}};
  const Outcome out = run(sources, options);
  EXPECT_EQ(out.alerts.size(), 2u);
  EXPECT_EQ(out.report.tally.outside_range, 1u);
}

TEST(Replay, WarmUpFeedsStateButOpensNothing) {
  const Sources sources = {
      {"a",
       {json_of({.second = 0, .ns = "a", .id = "1"}), json_of({.second = 10, .ns = "b", .id = "2"}),
        json_of({.second = 100, .ns = "c", .id = "3"})}}};
  ReplayOptions options;
  options.range.from = {(kStart + 60) * 1'000'000};
  EXPECT_THAT(run(sources, options).rules, testing::ElementsAre("secret_read"));
  options.warm_up = Duration::minutes(5);
  EXPECT_THAT(run(sources, options).rules, testing::UnorderedElementsAre("secret_read", "secrets_across"));
}

TEST(Replay, StrictStopsAtTheFirstBadLineAndBadLinesAreBounded) {
  const Sources sources = {{"a",
                            {json_of({.second = 0, .name = "x", .id = "1"}), "{\"broken",
                             json_of({.second = 5, .name = "y", .id = "2"}), "nonsense"}}};
  ReplayOptions options;
  EXPECT_EQ(run(sources, options).alerts.size(), 2u);
  EXPECT_EQ(run(sources, options).report.bad.size(), 2u);
  options.bad_kept = 1;
  const Outcome bounded = run(sources, options);
  EXPECT_EQ(bounded.report.bad.size(), 1u);
  EXPECT_EQ(bounded.report.bad_total, 2u);
  options.strict = true;
  for (const size_t batch : {1, 1 << 20}) {
    const Outcome strict = run(sources, options, batch);
    EXPECT_TRUE(strict.report.strict_stop);
    EXPECT_EQ(strict.alerts.size(), 1u) << "batch " << batch;
  }
}

TEST(Replay, StopEndsTheRunAndKeepsWhatWasFound) {
  std::atomic<int> stop = 2;
  std::vector<std::string> records;
  for (int i = 0; i < 20'000; ++i) records.push_back(json_of({.second = i, .id = std::to_string(i)}));
  const Outcome out = run({{"a", records}}, {}, 4096, &stop);
  EXPECT_TRUE(out.report.stopped);
  EXPECT_GE(out.alerts.size(), 1u);
  EXPECT_LT(out.report.correlator.events, 20'000u);
}

TEST(Replay, RulesThatCouldNotBeJudgedAreReportedByLevel) {
  const Outcome out = run({{"a", {json_of({.verb = "create", .resource = "pods", .id = "1"})}}});
  EXPECT_TRUE(out.alerts.empty());
  uint64_t blind = 0;
  for (const RuleReport& rule : out.report.rules) blind += rule.not_evaluable[audit_level_index("Metadata")];
  EXPECT_EQ(blind, 1u);
}

TEST(Replay, ADuplicateIsNotCountedAsNotEvaluableAgain) {
  const std::string record = json_of({.verb = "create", .resource = "pods", .id = "1"});
  const Outcome out = run({{"a", {record, record}}, {"b", {record}}});
  EXPECT_EQ(out.report.correlator.duplicates, 2u);
  uint64_t blind = 0;
  for (const RuleReport& rule : out.report.rules) blind += rule.not_evaluable[audit_level_index("Metadata")];
  EXPECT_EQ(blind, 1u);
}

TEST(Replay, WhyHoldsWhatMatchedNotTheExceptions) {
  const Outcome out = run({{"a", {json_of({.user = "bob", .ns = "excepted", .id = "1"})}}});
  ASSERT_EQ(out.rules, std::vector<std::string>{"secret_read"});
  EXPECT_THAT(out.alerts[0], testing::HasSubstr(R"("field":"objectRef.resource","values":["secrets"])"));
  EXPECT_THAT(out.alerts[0], testing::Not(testing::HasSubstr("nobody")));
}

TEST(Replay, ALogThatStandsNewestFirstIsNoticed) {
  std::vector<std::string> records;
  for (int i = 0; i < 100; ++i) records.push_back(json_of({.second = 1000 - i, .id = std::to_string(i)}));
  EXPECT_TRUE(run({{"a", records}}).report.sources[0].pace.newest_first());
  std::reverse(records.begin(), records.end());
  EXPECT_FALSE(run({{"a", records}}).report.sources[0].pace.newest_first());
}

}  // namespace
}  // namespace kubevigil
