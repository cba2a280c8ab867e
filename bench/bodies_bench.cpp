// Request and response bodies of a generated log: parsed into a JsonTree, and asked only whether anything is wrong with
// them, against simdjson's DOM with a walk over its values. First both must count the same values.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bench/bare_extraction.h"
#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/event/event_reader.h"
#include "engine/event/json_tree.h"

namespace kubevigil::bench {
namespace {

struct Bodies {
  std::string log;
  std::vector<std::string_view> texts;  // in the log, which has padding behind it
  size_t bytes = 0;
};

Bodies make_bodies() {
  Bodies bodies;
  bodies.log = generate_mix(96u << 20);
  const size_t size = bodies.log.size();
  bodies.log.append(kRecordPadding, ' ');
  EventReader reader;
  Event event;
  for (size_t at = 0; at < size;) {
    const size_t end = bodies.log.find('\n', at);
    if (reader.read(std::string_view(bodies.log).substr(at, end - at), {}, event)) {
      for (const FieldId field : {FieldId::RequestObject, FieldId::ResponseObject}) {
        if (event.raw(field).empty()) continue;
        bodies.texts.push_back(event.raw(field));
        bodies.bytes += event.raw(field).size();
      }
    }
    at = end + 1;
  }
  return bodies;
}

bool check(const Bodies& bodies) {
  JsonTree tree;
  for (const std::string_view text : bodies.texts) {
    const bool parsed = tree.parse(text).has_value();
    const auto facts = check_json(text);
    if (parsed && facts && facts->values == tree.size() && tree.size() == count_values_by_dom(text)) continue;
    std::fprintf(stderr, "a body of %zu bytes: %zu values, the DOM has %lu\n", text.size(), tree.size(),
                 count_values_by_dom(text));
    return false;
  }
  return !bodies.texts.empty();
}

void add(const char* name, const Bodies& bodies, uint64_t (*work)(std::string_view)) {
  const auto all = [&bodies](uint64_t (*one)(std::string_view)) {
    uint64_t values = 0;
    for (const std::string_view text : bodies.texts) values += one(text);
    benchmark::DoNotOptimize(values);
  };
  benchmark::RegisterBenchmark(name,
                               [&bodies, all, work](benchmark::State& state) {
                                 interleave(
                                     state, bodies.bytes, bodies.texts.size(), [&] { all(count_values_by_dom); },
                                     [&] { all(work); });
                               })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

uint64_t parse(std::string_view text) {
  static JsonTree tree;
  return tree.parse(text) ? tree.size() : 0;
}

uint64_t check_only(std::string_view text) {
  const auto facts = check_json(text);
  return facts ? facts->values : 0;
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  static const Bodies bodies = make_bodies();
  if (!check(bodies)) return 1;
  add("bodies/tree", bodies, parse);
  add("bodies/check", bodies, check_only);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
