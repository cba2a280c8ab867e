// A whole replay with the built-in rules, from a file on disk to alert lines, on the two generated logs and several
// numbers of threads; beside it the bare simdjson extraction of the same log, in memory and on one thread. Before
// anything is timed: every event was read, and the alerts are the same bytes for all numbers of threads.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "bench/bare_extraction.h"
#include "bench/generator.h"
#include "engine/app/open_files.h"
#include "engine/app/pack.h"
#include "engine/run/replay.h"

namespace kubevigil::bench {
namespace {

struct Log {
  std::string path;
  std::string text;  // with padding behind it
  size_t size = 0;
  uint64_t events = 0;
};

std::shared_ptr<const Program> built_in_program() {
  LoadOptions options;
  options.lists = builtin_lists();
  LoadedRules loaded = load_rules(builtin_rules(), options);
  return Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
}

struct Answer {
  uint64_t events = 0;
  std::string alerts;
};

Answer replay_file(const std::string& path, size_t threads, const std::shared_ptr<const Program>& program) {
  OpenedFiles opened = open_files({path}, {});
  ReplayOptions options;
  options.threads = threads;
  Answer answer;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) { (answer.alerts += to_json(alert)) += '\n'; };
  const auto report = replay(opened.inputs, program, options, hooks, system_env());
  if (report) answer.events = report->tally.events;
  return answer;
}

bool answers_agree(const std::map<std::string, Log>& logs, const std::shared_ptr<const Program>& program) {
  for (const auto& [name, log] : logs) {
    const Answer first = replay_file(log.path, 1, program);
    for (const size_t threads : {2, 4}) {
      const Answer other = replay_file(log.path, threads, program);
      if (other.events == log.events && other.alerts == first.alerts) continue;
      std::fprintf(stderr, "%s: %zu threads give another answer\n", name.c_str(), threads);
      return false;
    }
    if (first.events != log.events) return false;
  }
  return true;
}

void add_benchmarks(const std::map<std::string, Log>& logs, const std::shared_ptr<const Program>& program) {
  for (const auto& [name, log] : logs) {
    const auto counted = [&log](benchmark::State& state, auto&& work) {
      for (auto _ : state) work();
      state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * log.size));
      state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * log.events));
    };
    benchmark::RegisterBenchmark(("bare/" + name).c_str(), [&log, counted](benchmark::State& state) {
      counted(state, [&] { benchmark::DoNotOptimize(extract_bare({log.text.data(), log.size})); });
    })->UseRealTime();
    for (const size_t threads : {1, 2, 4}) {
      benchmark::RegisterBenchmark(("replay/" + name + "/threads:" + std::to_string(threads)).c_str(),
                                   [&log, &program, threads, counted](benchmark::State& state) {
                                     counted(state, [&] { replay_file(log.path, threads, program); });
                                   })
          ->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("kubevigil-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::map<std::string, Log> logs;
  for (const auto& [name, text] :
       {std::pair("mix", generate_mix(256u << 20)), std::pair("meta", generate_meta(128u << 20))}) {
    Log log{(folder / name).string(), text + std::string(64, ' '), text.size(), count_lines(text)};
    std::ofstream(log.path, std::ios::binary) << text;
    logs.emplace(name, std::move(log));
  }
  const auto program = built_in_program();
  const bool agree = answers_agree(logs, program);
  if (agree) {
    benchmark::Initialize(&argc, argv);
    add_benchmarks(logs, program);
    benchmark::RunSpecifiedBenchmarks();
  }
  std::filesystem::remove_all(folder);
  return agree ? 0 : 1;
}
