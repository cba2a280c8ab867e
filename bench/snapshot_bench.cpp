// State of a live run with a million active keys: saved, loaded, carried over to other rules, written to the disk and
// read again. First a loaded Detector is held against the one that was saved: the same bytes when it is saved again,
// and the same alerts from the events that follow. A wrong one is not timed.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/disk.h"
#include "engine/base/env.h"
#include "engine/event/event_reader.h"
#include "engine/rule/rule_loader.h"
#include "engine/run/batch_judge.h"
#include "engine/run/detector.h"
#include "engine/run/snapshot_store.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kKeys = 1'000'000;   // a quarter of them in each operator
constexpr size_t kFollowing = 4'000;  // events that complete something: one alert each
constexpr size_t kBatch = 2'000;
constexpr int64_t kStart = 1'767'312'000;

// Four kinds of requests, and an operator of its own over each, by user.
constexpr const char* kDetection = R"(---
title: Step {0}
id: 00000000-0000-4000-8000-00000000000{0}
name: step_{0}
status: test
level: informational
logsource: {{product: kubernetes, service: audit}}
detection: {{sel: {{objectRef.resource: {1}}}, condition: sel}}
)";
constexpr const char* kCorrelation = R"(---
title: Finding {0}
id: 00000000-0000-4000-9000-00000000000{0}
name: finding_{0}
status: test
level: medium
correlation: {{type: {1}, rules: [{2}], group-by: [user.username], timespan: 1d{3}}}
{4}
)";
constexpr const char* kResources[] = {"secrets", "pods", "nodes", "roles", "endpoints"};

std::shared_ptr<const Program> make_program() {
  std::string yaml;
  for (int i = 0; i < 5; ++i) yaml += fmt::format(kDetection, i, kResources[i]);
  yaml += fmt::format(kCorrelation, 0, "event_count", "step_0", ", condition: {gte: 2}", "");
  yaml +=
      fmt::format(kCorrelation, 1, "value_count", "step_1", ", condition: {field: objectRef.namespace, gte: 2}", "");
  yaml += fmt::format(kCorrelation, 2, "temporal_ordered", "step_2, step_4", "", "");
  yaml += fmt::format(kCorrelation, 3, "new_value", "step_3", ", condition: {field: objectRef.namespace}",
                      "kubevigil: {new_value: {learn: 1h}}");
  LoadedRules loaded = load_rules({{"bench.yaml", yaml, false}}, {});
  if (loaded.rules.rules.size() != 9) {
    std::fprintf(stderr, "%s", render(loaded.diagnostics, loaded.sources).c_str());
    std::exit(1);
  }
  return Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
}

std::string event(size_t user, bool second) {
  const size_t kind = user % 4;
  const char* resource = second && kind == 2 ? kResources[4] : kResources[kind];
  const int64_t micros = (second ? int64_t{7'200'000'000} : 0) + static_cast<int64_t>(user) * 3'000;
  const std::string time = format_rfc3339({kStart * 1'000'000 + micros});
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{:08x}-0000-4000-8000-00000000000{}",)"
      R"("stage":"ResponseComplete","requestURI":"/api/v1/{}","verb":"get","user":{{"username":"system:serviceaccount:team-{}:)"
      R"(worker-{}"}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"{}","namespace":"ns-{}","name":"x"}},)"
      R"("responseStatus":{{"code":200}},"requestReceivedTimestamp":"{}","stageTimestamp":"{}"}})",
      user, second ? 1 : 0, resource, user % 100, user, resource, second ? 1 : 0, time, time);
}

LiveBatch batch_of(size_t begin, size_t end, bool second) {
  LiveBatch live;
  live.stream = "bench";
  live.taken = Timestamp{(kStart + 86'400) * 1'000'000};
  live.slack = Duration::seconds(35);
  Batch& batch = live.batch;
  batch.wrappers.resize(1);
  for (size_t i = begin; i < end; ++i) {
    const std::string text = event(i, second);
    Record record;
    record.begin = batch.memory.size();
    record.size = text.size();
    record.position = {0, i, 1};
    batch.records.push_back(record);
    batch.memory += text;
  }
  batch.memory.append(kRecordPadding, '\0');
  return live;
}

DetectorOptions options() {
  DetectorOptions options;
  options.state_bytes = size_t{2} << 30;
  return options;
}

std::vector<Alert> feed(const std::shared_ptr<const Program>& program, Detector& detector, size_t events, bool second) {
  BatchJudge judge(program, {});
  JudgedBatch judged;
  std::vector<Alert> out;
  for (size_t i = 0; i < events; i += kBatch) {
    LiveBatch live = batch_of(i, i + kBatch, second);
    judged.reset();
    judged.batch = std::move(live.batch);
    judge.judge(judged);
    detector.process(live, judged, out);
  }
  return out;
}

// One Detector with all keys, for every benchmark.
struct Filled {
  std::shared_ptr<const Program> program = make_program();
  std::unique_ptr<Detector> detector = std::make_unique<Detector>(program, options());
  std::string saved;
  uint64_t keys = 0, bytes = 0;

  Filled() {
    feed(program, *detector, kKeys, false);
    saved = detector->save();
    for (uint32_t r = 0; r < program->rules().rules.size(); ++r) {
      keys += detector->operator_stats(r).keys;
      bytes += detector->operator_stats(r).bytes;
    }
  }
};

Filled& filled() {
  static Filled state;
  return state;
}

std::string lines(const std::vector<Alert>& alerts) {
  std::string text;
  for (const Alert& alert : alerts) text += to_json(alert) + "\n";
  return text;
}

bool complain(const char* what) {
  std::fprintf(stderr, "snapshot_bench: %s\n", what);
  return false;
}

bool check() {
  Filled& f = filled();
  if (f.keys != kKeys) return complain("not all keys are there");
  Detector loaded(f.program, options());
  if (!loaded.load(f.saved)) return complain("the state cannot be loaded");
  if (loaded.save() != f.saved) return complain("saved again, the state has other bytes");
  const std::vector<Alert> expected = feed(f.program, *f.detector, kFollowing, true),
                           alerts = feed(f.program, loaded, kFollowing, true);
  if (expected.size() != kFollowing) return complain("the events that follow do not complete what was there");
  if (lines(alerts) != lines(expected)) return complain("after the load there are other alerts");
  f.detector.reset();
  return true;
}

void describe(benchmark::State& state) {
  const Filled& f = filled();
  state.counters["MB"] = static_cast<double>(f.saved.size()) / 1e6;
  state.counters["bytes/key"] = static_cast<double>(f.bytes) / static_cast<double>(f.keys);
  state.counters["peak_MB"] = static_cast<double>(system_env().peak_memory()) / 1e6;
}

void save(benchmark::State& state) {
  Detector detector(filled().program, options());
  if (!detector.load(filled().saved)) return state.SkipWithError("cannot be loaded");
  for (auto step : state) benchmark::DoNotOptimize(detector.save().size());
  describe(state);
}

void load(benchmark::State& state) {
  for (auto step : state) {
    Detector detector(filled().program, options());
    if (!detector.load(filled().saved)) return state.SkipWithError("cannot be loaded");
  }
  describe(state);
}

void reload_rules(benchmark::State& state) {
  for (auto step : state) {
    state.PauseTiming();
    Detector old(filled().program, options());
    if (!old.load(filled().saved)) return state.SkipWithError("cannot be loaded");
    Detector next(filled().program, options());
    std::vector<Alert> out;
    state.ResumeTiming();
    next.take_over(old, out);
  }
  describe(state);
}

// To a file that is durable, and back into a Detector: what a restart reads.
void restart(benchmark::State& state) {
  const std::string folder =
      fmt::format("{}/kubevigil-bench-{}", std::filesystem::temp_directory_path().string(), getpid());
  std::filesystem::create_directory(folder);
  auto store = SnapshotStore::open(posix_disk(), folder, "bench");
  if (!store || !(*store)->write("", filled().saved)) state.SkipWithError("cannot be written");
  for (auto step : state) {
    auto found = (*store)->load();
    Detector detector(filled().program, options());
    if (!found || !*found || !detector.load((*found)->state)) state.SkipWithError("cannot be read");
  }
  std::filesystem::remove_all(folder);
  describe(state);
}

void write_out(benchmark::State& state) {
  const std::string folder =
      fmt::format("{}/kubevigil-bench-{}", std::filesystem::temp_directory_path().string(), getpid());
  std::filesystem::create_directory(folder);
  auto store = SnapshotStore::open(posix_disk(), folder, "bench");
  for (auto step : state) {
    if (!store || !(*store)->write("", filled().saved)) state.SkipWithError("cannot be written");
  }
  std::filesystem::remove_all(folder);
  describe(state);
}

BENCHMARK(save)->Name("snapshot/save/1M_keys")->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(load)->Name("snapshot/load/1M_keys")->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(reload_rules)->Name("snapshot/reload_rules/1M_keys")->Unit(benchmark::kMillisecond)->Iterations(2);
BENCHMARK(write_out)->Name("snapshot/write/1M_keys")->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();
BENCHMARK(restart)->Name("snapshot/read_and_load/1M_keys")->Unit(benchmark::kMillisecond)->Iterations(2)->UseRealTime();

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  if (!kubevigil::bench::check()) return 1;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
