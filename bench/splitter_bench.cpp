// The splitter, which cuts a log into records, against the memory limit: memchr for newlines over the same bytes.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <deque>
#include <string>

#include "bench/bare_extraction.h"
#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/event/batch_builder.h"
#include "engine/event/splitter.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kFeed = 256 * 1024;  // as inputs read files

struct Log {
  std::string name;
  std::string text;
  uint64_t events;
};

// Counts records and their bytes, keeps nothing.
class CountingSink final : public RecordSink {
 public:
  void record(const Piece& piece) override {
    ++records;
    bytes += piece.text.size();
    benchmark::DoNotOptimize(piece.text.data());
  }
  void bad(BadRecord) override { ++bad_records; }
  uint64_t records = 0, bytes = 0, bad_records = 0;
};

void split(std::string_view log, RecordSink& sink) {
  Splitter splitter(sink);
  for (size_t at = 0; at < log.size(); at += kFeed) splitter.feed(log.substr(at, kFeed));
  splitter.finish(false);
}

// Into batches, as replay does: one copy of every record.
uint64_t split_into_batches(std::string_view log) {
  uint64_t records = 0;
  for (size_t at = 0; at < log.size();) {
    const size_t end = std::min(log.find('\n', std::min(at + (1u << 20), log.size() - 1)) + 1, log.size());
    Batch batch;
    BatchBuilder builder(batch);
    split(log.substr(at, end - at), builder);
    builder.finish();
    records += batch.records.size();
    at = end;
  }
  return records;
}

// An EventList: what `kubectl get --raw`-like tools and webhooks deliver; no line ends inside.
std::string as_list(const std::string& lines) {
  std::string list = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + lines;
  std::ranges::replace(list, '\n', ',');
  list.back() = ']';
  return list + "}\n";
}

bool check(const Log& log) {
  CountingSink sink;
  split(log.text, sink);
  const bool same = sink.records == log.events && sink.bad_records == 0;
  if (!same) {
    std::fprintf(stderr, "%s: %lu records and %lu bad ones of %lu events\n", log.name.c_str(), sink.records,
                 sink.bad_records, log.events);
  }
  return same;
}

void add_benchmark(const std::string& name, const Log& log, void (*work)(std::string_view)) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [&log, work](benchmark::State& state) {
                                 interleave(
                                     state, log.text.size(), log.events,
                                     [&] { benchmark::DoNotOptimize(count_lines(log.text)); }, [&] { work(log.text); });
                               })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  static std::deque<Log> logs;
  for (const bool bodies : {true, false}) {
    std::string text = bodies ? generate_mix(64u << 20) : generate_meta(64u << 20);
    const uint64_t events = count_lines(text);
    logs.push_back({bodies ? "mix" : "meta", std::move(text), events});
  }
  logs.push_back({"list", as_list(logs[0].text), logs[0].events});
  std::string hostile = generate({.events = 10'000, .adversarial = true});
  logs.push_back({"adversarial_list", as_list(hostile), 10'000});
  for (const Log& log : logs) {
    if (!check(log)) return 1;
    add_benchmark("splitter/" + log.name, log, [](std::string_view text) {
      CountingSink sink;
      split(text, sink);
    });
  }
  for (size_t i = 0; i < 2; ++i) {
    if (split_into_batches(logs[i].text) != logs[i].events) return 1;
    add_benchmark("splitter_and_batch/" + logs[i].name, logs[i],
                  [](std::string_view text) { benchmark::DoNotOptimize(split_into_batches(text)); });
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
