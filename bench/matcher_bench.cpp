// The matcher with 100 rules, on events of the generated logs. Two yardsticks in the same run: reading the same events
// without matching (what the rules cost on top), and every rule evaluated as written, one after the other (what the
// index buys).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <string>

#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/event/event_reader.h"
#include "engine/match/evaluator.h"
#include "engine/match/program.h"
#include "engine/rule/rule_loader.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kRules = 100;

// Ten shapes of rules as real packs have them; {0} makes each one different.
constexpr const char* kShapes[] = {
    "sel: {{verb: [create, update, patch], objectRef.resource: secrets, objectRef.namespace|endswith: '-{0}'}}\n"
    "  condition: sel",
    "sel: {{user.username|re: '^system:serviceaccount:[a-z-]+{0}:'}}\n  condition: sel",
    "sel: {{userAgent|startswith: ['curl/', 'python-requests/', 'wget-{0}'], responseStatus.code|gte: 400}}\n"
    "  condition: sel",
    "sel: {{resource: [pods/exec, pods/attach], objectRef.namespace: kube-system}}\n"
    "  known: {{user.username: [system:admin, admin-{0}]}}\n  condition: sel and not known",
    "sel: {{verb: get, objectRef.resource: [secrets, configmaps], objectRef.name|contains: 'token-{0}'}}\n  condition: "
    "sel",
    "sel: {{annotations.authorization.k8s.io/decision: forbid, objectRef.resource: roles-{0}}}\n  condition: sel",
    "sel: {{verb: create, objectRef.resource: pods, requestObject.spec.containers.image|contains: 'xmrig-{0}'}}\n"
    "  condition: sel",
    "sel: {{user.groups: 'system:masters', verb: [delete, deletecollection], objectRef.namespace: 'team-{0}'}}\n"
    "  condition: sel",
    "sel: {{sourceIPs|cidr: '203.0.{0}.0/24'}}\n  condition: sel",
    "sel: {{requestURI|contains: '/proxy-{0}/', userAgent|re: '(?i)nmap|nikto|kube-?hunter|peirates'}}\n  condition: "
    "sel",
};

std::shared_ptr<const RuleSet> make_rules() {
  std::vector<RuleSource> sources;
  for (size_t i = 0; i < kRules; ++i) {
    const std::string detection = fmt::format(fmt::runtime(kShapes[i % std::size(kShapes)]), i / std::size(kShapes));
    sources.push_back(
        {fmt::format("rule-{}", i),
         fmt::format("title: rule {0}\nname: rule-{0}\nid: 00000000-0000-4000-8000-{1}\n"
                     "logsource: {{product: kubernetes, service: audit}}\nlevel: low\ndetection:\n  {2}\n",
                     i, 100'000'000'000 + i, detection),
         false});
  }
  LoadedRules loaded = load_rules(sources, {});
  if (loaded.rules.rules.size() != kRules) {
    std::fputs(render(loaded.diagnostics, loaded.sources).c_str(), stderr);
    return nullptr;
  }
  return std::make_shared<const RuleSet>(std::move(loaded.rules));
}

struct Log {
  std::string name;
  std::string text;  // with padding behind it
  size_t size = 0;
  uint64_t events = 0;
  std::string_view view() const { return {text.data(), size}; }
};

// Reads all events of a log; `visit` sees each of them.
template <typename Visit>
uint64_t for_each_event(const Log& log, Visit&& visit) {
  EventReader reader;
  Event event;
  uint64_t events = 0;
  const std::string_view text = log.view();
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (reader.read(text.substr(at, end - at), RecordOrigin{}, event)) {
      visit(event);
      ++events;
    }
    at = end + 1;
  }
  return events;
}

// Every rule as written, compiled once, in the order of the rules: no index, no bodies-last.
class AsWritten {
 public:
  explicit AsWritten(const RuleSet& rules) : rules_(rules) {
    for (const Rule& rule : rules.rules) roots_.push_back(code_.add(rule.detection().condition));
    evaluator_.emplace(code_, fields_, counters_);
  }
  // Calls `hit` for each rule that matches.
  template <typename OnHit>
  void match(const Event& event, OnHit&& hit) {
    fields_.begin(event);
    evaluator_->begin_event();
    const bool counted = stage_role(event) != StageRole::None;
    for (uint32_t r = 0; r < roots_.size(); ++r) {
      if (!counted && !rules_.rules[r].detection().names_stage) continue;
      if (evaluator_->evaluate(roots_[r]) == Truth::True) hit(r);
    }
  }

 private:
  const RuleSet& rules_;
  ConditionCode code_;
  std::vector<uint32_t> roots_;
  FieldLookup fields_;
  MatchCounters counters_;
  std::optional<Evaluator> evaluator_;
};

uint64_t hits_of_matcher(const Log& log, const std::shared_ptr<const Program>& program) {
  Matcher matcher(program);
  MatchResult result;
  uint64_t hits = 0;
  for_each_event(log, [&](const Event& event) {
    matcher.match(event, 0, 0, result);
    if (result.events.size() < 1000) return;  // a batch
    hits += result.hits.size();
    result = {};
  });
  return hits + result.hits.size();
}

uint64_t hits_as_written(const Log& log, const RuleSet& rules) {
  AsWritten as_written(rules);
  uint64_t hits = 0;
  for_each_event(log, [&](const Event& event) { as_written.match(event, [&](uint32_t) { ++hits; }); });
  return hits;
}

// The answer first: for every event the same rules as evaluated as written.
bool check(Log& log, const std::shared_ptr<const Program>& program) {
  Matcher matcher(program);
  AsWritten as_written(program->rules());
  uint64_t hits = 0, wrong = 0;
  log.events = for_each_event(log, [&](const Event& event) {
    MatchResult result;
    matcher.match(event, 0, 0, result);
    std::vector<uint32_t> expected, got;
    as_written.match(event, [&](uint32_t rule) { expected.push_back(rule); });
    for (const Hit& hit : result.hits) got.push_back(hit.rule);
    wrong += expected != got ? 1 : 0;
    hits += got.size();
  });
  const MatchCounters& c = matcher.counters();
  std::fprintf(stderr, "%s: %lu events, %lu hits, %.3f candidates an event, %.3f with a body\n", log.name.c_str(),
               log.events, hits, static_cast<double>(c.candidates) / static_cast<double>(c.events),
               static_cast<double>(c.body_candidates) / static_cast<double>(c.events));
  if (wrong == 0 && hits > 0) return true;
  std::fprintf(stderr, "%s: the matcher is wrong about %lu events\n", log.name.c_str(), wrong);
  return false;
}

std::deque<Log> make_logs() {
  std::deque<Log> logs;
  const auto add = [&](const char* name, std::string text) {
    const size_t size = text.size();
    text.append(kRecordPadding, ' ');
    logs.push_back({name, std::move(text), size, 0});
  };
  add("mix", generate_mix(96u << 20));
  add("meta", generate_meta(48u << 20));
  return logs;
}

template <typename Yardstick, typename Candidate>
void add_benchmark(const std::string& name, const Log& log, Yardstick yardstick, Candidate candidate) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [&log, yardstick, candidate](benchmark::State& state) {
                                 interleave(state, log.size, log.events, yardstick, candidate);
                                 const double bytes = static_cast<double>(log.size);
                                 const double added = bytes / state.counters["GBps"].value -
                                                      bytes / state.counters["yardstick_GBps"].value;
                                 state.counters["added_ns"] = added / static_cast<double>(log.events);
                               })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void add_benchmarks(const Log& log, const std::shared_ptr<const Program>& program) {
  const auto match = [&log, program] { benchmark::DoNotOptimize(hits_of_matcher(log, program)); };
  add_benchmark(
      "matcher/" + log.name + "/against_reading", log,
      [&log] {
        benchmark::DoNotOptimize(for_each_event(log, [](const Event& e) { benchmark::DoNotOptimize(e.time); }));
      },
      match);
  add_benchmark(
      "matcher/" + log.name + "/against_as_written", log,
      [&log, program] { benchmark::DoNotOptimize(hits_as_written(log, program->rules())); }, match);
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil;
  const auto rules = bench::make_rules();
  if (!rules) return 1;
  const auto program = Program::compile(rules);
  static std::deque<bench::Log> logs = bench::make_logs();
  for (bench::Log& log : logs) {
    if (!bench::check(log, program)) return 1;
    bench::add_benchmarks(log, program);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
