// Small random logs of several API servers, run through replay(), and all of an outcome that must not depend on threads
// and batches as one text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/rule/rule_loader.h"
#include "engine/run/memory_input.h"
#include "engine/run/replay.h"

namespace kubevigil {

inline constexpr const char* kReplayRules = R"(
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

// Rules without errors.
inline std::shared_ptr<const Program> program_of_text(const std::string& yaml) {
  LoadedRules loaded = load_rules({{"test.yaml", yaml, false}}, {});
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  return Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
}
inline std::shared_ptr<const Program> program() { return program_of_text(kReplayRules); }

// Replaces the first `from`, which must be there.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

inline constexpr int64_t kStart = 1'767'312'000;  // 2026-01-02T00:00:00Z

struct EventText {
  int64_t second = 0;
  std::string user = "alice", verb = "get", resource = "secrets", ns = "a", name = "s", id;
  bool timed = true;
};

inline std::string json_of(const EventText& e) {
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

using Inputs = std::vector<std::unique_ptr<Input>>;

inline Inputs memory_inputs(const Sources& sources, size_t batch_bytes = 1 << 20) {
  Inputs inputs;
  uint32_t file = 0;
  for (const auto& [name, records] : sources) {
    inputs.push_back(std::make_unique<MemoryInput>(name, file++, records, batch_bytes));
  }
  return inputs;
}

// `hooks` without the one for alerts.
inline Outcome run_inputs(Inputs inputs, std::shared_ptr<const Program> rules, const ReplayOptions& options,
                          ReplayHooks hooks = {}, const Env& env = FixedEnv()) {
  Outcome out;
  hooks.alert = [&](const Alert& alert) {
    out.alerts.push_back(to_json(alert));
    out.rules.push_back(alert.rule_name);
  };
  auto report = replay(inputs, std::move(rules), options, hooks, env);
  EXPECT_TRUE(report.has_value());
  out.report = std::move(*report);
  return out;
}

inline Outcome run(const Sources& sources, const ReplayOptions& options = {}, size_t batch_bytes = 1 << 20,
                   const std::atomic<int>* stop = nullptr) {
  ReplayHooks hooks;
  hooks.stop = stop;
  return run_inputs(memory_inputs(sources, batch_bytes), program(), options, std::move(hooks));
}

// What must not depend on threads and batches, as text.
inline std::string digest(const Outcome& outcome) {
  const ReplayReport& r = outcome.report;
  std::string out;
  for (const std::string& alert : outcome.alerts) out += alert + "\n";
  out += fmt::format("events {} dup {} late {} joined {} outside {} untimed {} bad {}\n", r.tally.events,
                     r.correlator.duplicates, r.correlator.late, r.correlator.joined_stages, r.tally.outside_range,
                     r.tally.without_time, r.bad_total);
  for (const BadRecord& bad : r.bad)
    out += fmt::format("bad {}:{} {}\n", bad.position.file, bad.position.offset, bad.message);
  for (const auto& [file, t] : r.tally.files) {
    out += fmt::format("file {} records {} events {} {} {} bad {}\n", file, t.records, t.events, t.first.micros,
                       t.last.micros, fmt::join(t.bad, ","));
  }
  for (const InputFile& f : r.files) {
    out += fmt::format("{} {} {} of {} bytes, {} lines\n", f.path, f.read, f.plain_bytes, f.size, f.lines);
  }
  out += fmt::format("levels {} stages {} from {} to {}\n", fmt::join(r.tally.levels, ","),
                     fmt::join(r.tally.stages, ","), r.first.micros, r.last.micros);
  for (const RuleReport& rule : r.rules) {
    out += fmt::format("rule {} alerts {} blind {} matches {}\n", rule.rule, rule.alerts,
                       fmt::join(rule.not_evaluable, ","), rule.state.matches);
  }
  for (const SourceReport& s : r.sources) {
    out += fmt::format("source {} {} {} gap {} silences {} back {} forth {}\n", s.name, s.pace.events, s.pace.outliers,
                       s.pace.usual_gap.micros, s.pace.silences.size(), s.pace.backwards, s.pace.forwards);
  }
  for (const ActorReport& a : r.actors) out += fmt::format("actor {} {}\n", a.username, a.alerts);
  return out;
}

// Several API servers with everything that is hard: overlaps, disorder, duplicates across sources, records without a
// time, far future records, torn records, bodies that are missing.
inline Sources random_sources(uint64_t seed) {
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

}  // namespace kubevigil
