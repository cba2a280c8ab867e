// The state operators: matches per second and bytes per key, for few and for very many keys. First each operator's
// answers on a sample are held against a plain count over everything that came; a wrong operator is not timed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/state/operator.h"

namespace kubevigil::bench {
namespace {

constexpr double kThreshold = 10;
constexpr uint32_t kSteps = 3;
constexpr Duration kWindow = Duration::minutes(10);

struct Workload {
  const char* name;
  CorrelationType type;
};
constexpr Workload kWorkloads[] = {{"count", CorrelationType::EventCount},
                                   {"distinct", CorrelationType::ValueCount},
                                   {"temporal", CorrelationType::Temporal},
                                   {"ordered", CorrelationType::TemporalOrdered},
                                   {"new_value", CorrelationType::NewValue}};

Rule rule_of(CorrelationType type) {
  const bool steps = type == CorrelationType::Temporal || type == CorrelationType::TemporalOrdered;
  Correlation correlation;
  correlation.type = type;
  correlation.timespan = kWindow;
  correlation.condition.bounds = {{CountCondition::Op::Gte, steps ? kSteps : kThreshold}};
  correlation.inputs.resize(steps ? kSteps : 1);
  Rule rule;
  rule.body = correlation;
  return rule;
}

// What the operators read; texts are made once so that only the operators are timed.
struct Stream {
  std::vector<std::string> keys, values;
  std::vector<Match> matches;
};

Stream make_stream(size_t keys, size_t matches, uint64_t seed) {
  std::mt19937_64 random(seed);
  Stream stream;
  for (size_t k = 0; k < keys; ++k) stream.keys.push_back("s\x10" + std::to_string(1'000'000'000'000'000 + k));
  for (size_t v = 0; v < 30; ++v) stream.values.push_back("s\x04v" + std::to_string(100 + v));
  int64_t now = 1'700'000'000'000'000;
  for (size_t i = 0; i < matches; ++i) {
    // A few microseconds apart, so that a key of the middle of the road has some ten matches in a window.
    now += static_cast<int64_t>(random() % 2) * (kWindow.micros / static_cast<int64_t>(keys * 5));
    Match match;
    match.time = Timestamp{now};
    match.sequence = i;
    match.input = static_cast<uint32_t>(random() % kSteps);
    const std::string& key = stream.keys[random() % keys];
    const std::string& value = stream.values[random() % stream.values.size()];
    match.key = siphash(key);
    match.key_bytes = key;
    match.value = siphash(value);
    match.value_bytes = value;
    match.event.time = match.time;
    stream.matches.push_back(match);
  }
  return stream;
}

Match adapted(const Match& match, CorrelationType type) {
  Match m = match;
  if (type != CorrelationType::Temporal && type != CorrelationType::TemporalOrdered) m.input = 0;
  return m;
}

// In order, so that the window that ends with the match is the one that counts; it may reach back over everything.
bool expected(CorrelationType type, const std::vector<const Match*>& of_key) {
  const Match& now = *of_key.back();
  size_t count = 0, chain = 0;
  std::set<std::string_view> values;
  std::set<uint32_t> steps;
  bool known = false;
  for (const Match* m : of_key) {
    if (m->time <= now.time - kWindow) continue;
    known = known || (m != &now && m->value_bytes == now.value_bytes);
    ++count;
    values.insert(m->value_bytes);
    steps.insert(m->input);
    if (m->input == chain) ++chain;
  }
  switch (type) {
    case CorrelationType::EventCount:
      return static_cast<double>(count) >= kThreshold;
    case CorrelationType::ValueCount:
      return static_cast<double>(values.size()) >= kThreshold;
    case CorrelationType::Temporal:
      return steps.size() == kSteps;
    case CorrelationType::TemporalOrdered:
      return chain >= kSteps;
    default:
      return !known;
  }
}

bool check(const Workload& workload) {
  const Rule rule = rule_of(workload.type);
  const auto op = make_operator(rule, {size_t{1} << 30, limits::kKeysPerRule});
  const Stream stream = make_stream(50, 20'000, 7);
  std::map<std::string_view, std::vector<const Match*>> arrived;
  size_t fired = 0;
  for (const Match& match : stream.matches) {
    std::vector<Firing> out;
    op->on_watermark(match.time - Duration::seconds(2), out);
    op->on_match(adapted(match, workload.type), out);
    auto& of_key = arrived[match.key_bytes];
    of_key.push_back(&match);
    if (of_key.size() > 400) of_key.erase(of_key.begin(), of_key.begin() + 200);
    fired += out.size();
    if (out.empty() != expected(workload.type, of_key)) continue;
    std::fprintf(stderr, "%s: wrong answer for match %lu\n", workload.name, match.sequence);
    return false;
  }
  if (fired > 0 && fired < stream.matches.size()) return true;
  std::fprintf(stderr, "%s: the sample fires %lu times of %lu and proves nothing\n", workload.name, fired,
               stream.matches.size());
  return false;
}

void run(benchmark::State& state, const Workload& workload, const Stream& stream) {
  const Rule rule = rule_of(workload.type);
  OperatorStats stats;
  std::vector<Firing> out;
  for (auto _ : state) {
    const auto op = make_operator(rule, {size_t{4} << 30, 4'000'000});
    for (const Match& match : stream.matches) {
      op->on_watermark(match.time - Duration::seconds(2), out);
      op->on_match(adapted(match, workload.type), out);
      out.clear();
    }
    stats = op->stats();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * stream.matches.size()));
  state.counters["keys"] = static_cast<double>(stats.keys);
  state.counters["bytes/key"] = static_cast<double>(stats.bytes) / static_cast<double>(stats.keys);
  state.counters["fired"] = static_cast<double>(stats.firings) / static_cast<double>(stats.matches);
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  for (const Workload& workload : kWorkloads) {
    if (!check(workload)) return 1;
  }
  static const Stream kFew = make_stream(16'000, 2'000'000, 1), kMany = make_stream(1'000'000, 4'000'000, 2);
  for (const Workload& workload : kWorkloads) {
    for (const auto& [size, stream] : {std::pair("16k_keys", &kFew), std::pair("1M_keys", &kMany)}) {
      const std::string name = std::string("operators/") + workload.name + "/" + size;
      benchmark::RegisterBenchmark(name.c_str(),
                                   [&workload, s = stream](benchmark::State& state) { run(state, workload, *s); })
          ->Unit(benchmark::kMillisecond)
          ->Iterations(1);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
