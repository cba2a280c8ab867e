// The whole replay with the whole pack (detections/ on disk, all presets) against the same without its first-seen
// rules, and against the same without the rules that read bodies: what each of the two costs. In processor time of the
// whole process, because the machine is shared; once with one thread and once with two.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "bench/generator.h"
#include "bench/interleaved.h"
#include "bench/thinned_pack.h"
#include "engine/app/open_files.h"
#include "engine/rule/rule_loader.h"
#include "engine/run/replay.h"
#include "outputs/registry.h"

namespace kubevigil::bench {
namespace {

using ProgramPtr = std::shared_ptr<const Program>;

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("kubevigil-pack-bench-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = (path_ / (name + ".log")).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

 private:
  std::filesystem::path path_;
};

struct Log {
  std::string name, path;
  size_t size = 0;
  uint64_t events = 0;
};

struct Outcome {
  std::map<std::string, std::string> alerts;  // JSON lines, by rule
  uint64_t count = 0, events = 0;
};

Outcome run(const Log& log, const ProgramPtr& program, size_t threads) {
  Outcome outcome;
  const auto encoding = make_encoding("jsonl", {});
  auto opened = open_files({log.path}, {});
  ReplayOptions options;
  options.threads = threads;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    std::string& lines = outcome.alerts[alert.rule_name];
    encoding->record(alert, lines);
    lines += '\n';
    ++outcome.count;
  };
  const auto report = replay(opened.inputs, program, options, hooks, system_env());
  if (report) outcome.events = report->tally.events;
  return outcome;
}

RuleSet load_pack(const std::string& folder) {
  Diagnostics diagnostics;
  std::vector<RuleSource> sources = find_rule_files({folder}, diagnostics);
  for (RuleSource& source : sources) source.builtin = true;
  LoadOptions options;
  options.lists = find_rule_lists({folder}, diagnostics);
  options.preset = Preset::All;
  return load_rules(sources, options).rules;
}

ProgramPtr compile(const RuleSet& rules) { return Program::compile(std::make_shared<const RuleSet>(rules)); }

struct Candidate {
  std::string name;
  ThinnedPack pack;
  ProgramPtr program;
};

// Rules that both have, unchanged, alert in the same way; and the bytes do not depend on the number of threads.
bool check(const Log& log, const ProgramPtr& whole, const std::deque<Candidate>& candidates) {
  const Outcome one = run(log, whole, 1);
  std::fprintf(stderr, "%s: %lu events, %lu alerts\n", log.name.c_str(), one.events, one.count);
  if (one.events != log.events || one.count == 0 || run(log, whole, 2).alerts != one.alerts) {
    std::fprintf(stderr, "%s: expected %lu events, alerts, and the same ones with two threads\n", log.name.c_str(),
                 log.events);
    return false;
  }
  for (const Candidate& candidate : candidates) {
    const Outcome less = run(log, candidate.program, 1);
    for (const Rule& rule : candidate.pack.rules.rules) {
      const std::string& name = rule.meta.name;
      if (candidate.pack.changed.contains(name)) continue;
      const auto a = one.alerts.find(name), b = less.alerts.find(name);
      const bool same =
          a == one.alerts.end() ? b == less.alerts.end() : b != less.alerts.end() && a->second == b->second;
      if (same) continue;
      std::fprintf(stderr, "%s: rule %s alerts differently %s\n", log.name.c_str(), name.c_str(),
                   candidate.name.c_str());
      return false;
    }
  }
  return true;
}

void add(const Log& log, const Candidate& less, const ProgramPtr& whole, size_t threads) {
  const std::string name = "pack/" + log.name + "/" + std::to_string(threads) + "_to_pack_" + less.name;
  const auto replayed = [&log, threads](const ProgramPtr& program) {
    return [&log, program, threads] { benchmark::DoNotOptimize(run(log, program, threads).count); };
  };
  benchmark::RegisterBenchmark(
      name.c_str(),
      [&log, yardstick = replayed(less.program), candidate = replayed(whole)](benchmark::State& state) {
        interleave(state, log.size, log.events, yardstick, candidate, Clock::Process);
      })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void add_log(std::deque<Log>& logs, const Folder& folder, const std::string& name, const std::string& text) {
  logs.push_back(
      {name, folder.write(name, text), text.size(), static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'))});
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil;
  using namespace kubevigil::bench;
  benchmark::Initialize(&argc, argv);
  const RuleSet rules = load_pack(argc > 1 ? argv[1] : KUBEVIGIL_SOURCE_DIR "/detections");
  const ProgramPtr whole = compile(rules);
  static std::deque<Candidate> candidates;
  candidates.push_back({"without_first_seen", without(rules, first_seen_rules()), {}});
  candidates.push_back({"without_bodies", without(rules, body_rules()), {}});
  std::fprintf(stderr, "%zu rules\n", rules.rules.size());
  for (Candidate& candidate : candidates) {
    candidate.program = compile(candidate.pack.rules);
    std::fprintf(stderr, "%s: %zu rules taken out, %zu left\n", candidate.name.c_str(), candidate.pack.out,
                 candidate.pack.rules.rules.size());
  }
  static const Folder folder;
  static std::deque<Log> logs;
  add_log(logs, folder, "mix", generate_mix(64u << 20));
  add_log(logs, folder, "meta", generate_meta(32u << 20));
  for (const Log& log : logs) {
    if (!check(log, whole, candidates)) return 1;
    for (const Candidate& candidate : candidates) {
      for (const size_t threads : {1, 2}) add(log, candidate, whole, threads);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
