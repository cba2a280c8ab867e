// The whole replay, from a file to alerts as JSON lines, with the rules of the benchmarks: against bare extraction of
// the same log from memory, two threads against one, a thousand detections against ten, with bodies against without.
// Also without rules: what the pipeline itself costs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/bare_extraction.h"
#include "bench/bench_rules.h"
#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/app/open_files.h"
#include "engine/event/event_reader.h"
#include "engine/rule/rule_loader.h"
#include "engine/run/replay.h"
#include "outputs/registry.h"

namespace kubevigil::bench {
namespace {

using ProgramPtr = std::shared_ptr<const Program>;

// A generated log, in memory for the yardstick and in a file for replay.
struct Log {
  std::string name, path, text;
  size_t size;
  uint64_t events;
  std::string_view view() const { return {text.data(), size}; }
};

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("kubevigil-bench-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Log write(const char* name, std::string text) const {
    Log log{name, (path_ / (std::string(name) + ".log")).string(), std::move(text), 0, 0};
    log.size = log.text.size();
    log.events = count_lines(log.text);
    std::ofstream(log.path, std::ios::binary) << log.text;
    log.text.append(kRecordPadding, ' ');
    return log;
  }

 private:
  std::filesystem::path path_;
};

struct Outcome {
  std::string alerts;  // JSON lines
  uint64_t count = 0, events = 0, bad = 0;
  uint64_t hits = 0, updates = 0;  // of detections but the one that every event matches; of the state of correlations
};

void count_work(const ReplayReport& report, const RuleSet& rules, Outcome& out) {
  for (size_t i = 0; i < rules.rules.size(); ++i) {
    if (rules.rules[i].meta.name != "any_request" && i < report.profile->rules.size())
      out.hits += report.profile->rules[i].hits;
    out.updates += report.rules[i].state.matches;
  }
}

Outcome run(const Log& log, const ProgramPtr& program, size_t threads, bool profile = false) {
  Outcome outcome;
  const auto encoding = make_encoding("jsonl", {});
  auto opened = open_files({log.path}, {});
  ReplayOptions options;
  options.threads = threads;
  options.profile = profile;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    encoding->record(alert, outcome.alerts);
    outcome.alerts += '\n';
    ++outcome.count;
  };
  const auto report = replay(opened.inputs, program, options, hooks, system_env());
  if (!report) {
    std::fprintf(stderr, "replay: %s\n", report.error().message.c_str());
    return outcome;
  }
  outcome.events = report->tally.events;
  outcome.bad = report->bad_total;
  if (profile) count_work(*report, program->rules(), outcome);
  return outcome;
}

// Ends the program when a rule is broken: what would be timed then is something else.
ProgramPtr compile(const std::optional<RuleTexts>& texts) {
  if (!texts) std::exit(2);
  const LoadedRules loaded = load_rules(texts->sources, texts->options);
  if (loaded.rules.rules.size() != texts->sources.size()) {
    std::fputs(render(loaded.diagnostics, loaded.sources).c_str(), stderr);
    std::exit(2);
  }
  return Program::compile(std::make_shared<const RuleSet>(loaded.rules));
}

struct Programs {
  ProgramPtr rules, without_bodies, ten, thousand, none;
};

Programs compile_all() {
  const std::string pack = KUBEVIGIL_SOURCE_DIR "/detections", bench = KUBEVIGIL_SOURCE_DIR "/bench/rules";
  return {compile(bench_rules(pack, bench)), compile(bench_rules(pack, bench, Bodies::Without)),
          compile(many_detections(pack, bench, 10)), compile(many_detections(pack, bench, 1000)),
          Program::compile(std::make_shared<const RuleSet>())};
}

// What the rules must have to do, so that a time means something: 3,600 hits on 680,000 events, five updates an event.
bool has_work(const Log& log, const Outcome& one) {
  if (one.hits * 680'000 >= 3'600 * one.events && one.updates >= 5 * one.events) return true;
  std::fprintf(stderr, "%s: too few hits or updates of state for a benchmark\n", log.name.c_str());
  return false;
}

// Every event is read, something is found, and the bytes do not depend on the number of threads.
bool check(const Log& log, const ProgramPtr& program) {
  const Outcome one = run(log, program, 1, true);
  std::fprintf(stderr, "%s: %lu events, %lu alerts, %lu hits, %.2f updates of state an event\n", log.name.c_str(),
               one.events, one.count, one.hits, static_cast<double>(one.updates) / static_cast<double>(one.events));
  if (!has_work(log, one)) return false;
  if (one.events != log.events || one.bad != 0 || one.count == 0) {
    std::fprintf(stderr, "%s: expected %lu events, no bad line, and alerts\n", log.name.c_str(), log.events);
    return false;
  }
  for (const size_t threads : {2, 3}) {
    if (run(log, program, threads).alerts == one.alerts) continue;
    std::fprintf(stderr, "%s: other alerts with %zu threads than with one\n", log.name.c_str(), threads);
    return false;
  }
  return true;
}

template <typename Yardstick, typename Candidate>
void add(const std::string& name, const Log& log, Yardstick yardstick, Candidate candidate) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [&log, yardstick, candidate](benchmark::State& state) {
                                 interleave(state, log.size, log.events, yardstick, candidate, Clock::Wall);
                               })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void add_benchmarks(const Log& log, const Programs& programs) {
  const auto bare = [&log] { benchmark::DoNotOptimize(extract_bare(log.view())); };
  const auto replayed = [&log](const ProgramPtr& program, size_t threads = 1) {
    return [&log, program, threads] { benchmark::DoNotOptimize(run(log, program, threads).count); };
  };
  add("replay/" + log.name + "/1_thread_to_bare", log, bare, replayed(programs.rules));
  add("replay_without_rules/" + log.name + "/1_thread_to_bare", log, bare, replayed(programs.none));
  add("replay/" + log.name + "/2_threads_to_1", log, replayed(programs.rules), replayed(programs.rules, 2));
  add("replay/" + log.name + "/1000_to_10_detections", log, replayed(programs.ten), replayed(programs.thousand));
  add("replay/" + log.name + "/bodies_to_none", log, replayed(programs.without_bodies), replayed(programs.rules));
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  static const Folder folder;
  static std::deque<Log> logs;
  logs.push_back(folder.write("mix", generate_mix(96u << 20)));
  logs.push_back(folder.write("meta", generate_meta(64u << 20)));
  GeneratorOptions sorted;
  sorted.events = 20'000;
  sorted.sorted_keys = true;
  logs.push_back(folder.write("sorted", generate(sorted)));
  const Programs programs = compile_all();
  for (const Log& log : logs) {
    if (!check(log, programs.rules)) return 1;
    add_benchmarks(log, programs);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
