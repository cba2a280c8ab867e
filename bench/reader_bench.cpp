// The event reader against bare simdjson extraction of the same fields, on the four generated logs.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <deque>
#include <string>

#include "bench/bare_extraction.h"
#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/event/event_reader.h"

namespace kubevigil::bench {
namespace {

struct Log {
  std::string name;
  std::string text;  // with padding behind it
  size_t size;
  Extraction expected;
  std::string_view view() const { return {text.data(), size}; }
};

void add_all(FieldSum& sum, const Event& event) {
  static constexpr std::pair<Extracted, FieldId> kScalars[] = {{Extracted::Level, FieldId::Level},
                                                               {Extracted::AuditId, FieldId::AuditId},
                                                               {Extracted::Stage, FieldId::Stage},
                                                               {Extracted::RequestUri, FieldId::RequestUri},
                                                               {Extracted::Verb, FieldId::Verb},
                                                               {Extracted::Username, FieldId::UserUsername},
                                                               {Extracted::UserAgent, FieldId::UserAgent},
                                                               {Extracted::Resource, FieldId::ObjectResource},
                                                               {Extracted::Namespace, FieldId::ObjectNamespace},
                                                               {Extracted::Name, FieldId::ObjectName},
                                                               {Extracted::ApiGroup, FieldId::ObjectApiGroup},
                                                               {Extracted::Subresource, FieldId::ObjectSubresource},
                                                               {Extracted::Received, FieldId::RequestReceivedTimestamp},
                                                               {Extracted::Finished, FieldId::StageTimestamp},
                                                               {Extracted::SourceIp, FieldId::SourceIps}};
  for (const auto& [what, field] : kScalars) {
    if (const auto values = event.values(field); !values.empty()) sum.add(what, values.front().text);
  }
  for (const Value& group : event.values(FieldId::UserGroups)) sum.add(Extracted::Group, group.text);
  if (const auto code = event.values(FieldId::ResponseCode); !code.empty()) {
    sum.add(Extracted::Code, static_cast<uint64_t>(code.front().number));
  }
  for (const MapEntry& entry : event.entries(FieldId::Annotations)) {
    if (entry.key == "authorization.k8s.io/decision") sum.add(Extracted::Decision, entry.value.text);
  }
}

Extraction extract_with_reader(std::string_view log) {
  EventReader reader;
  Event event;
  FieldSum sum;
  Extraction result;
  for (size_t at = 0; at < log.size(); ++result.events) {
    const size_t end = log.find('\n', at);
    if (reader.read(log.substr(at, end - at), RecordOrigin{}, event)) {
      add_all(sum, event);
    } else {
      ++result.failed;
    }
    at = end + 1;
  }
  result.sum = sum.value();
  return result;
}

std::deque<Log> make_logs() {
  std::deque<Log> logs;
  const auto add = [&](const char* name, std::string text) {
    const size_t size = text.size();
    text.append(kRecordPadding, ' ');
    logs.push_back({name, std::move(text), size, {}});
  };
  add("mix", generate_mix(128u << 20));
  add("meta", generate_meta(64u << 20));
  add("sorted_keys", generate({.events = 10'000, .sorted_keys = true}));
  add("adversarial", generate({.events = 10'000, .adversarial = true}));
  return logs;
}

// The answer first: every event read, and the same values as bare extraction.
bool check(Log& log) {
  log.expected = extract_bare(log.view());
  const Extraction got = extract_with_reader(log.view());
  if (got == log.expected && got.failed == 0 && got.events == count_lines(log.view())) return true;
  std::fprintf(stderr, "%s: the reader gives %lu events, %lu failed, sum %lx; bare extraction %lu, %lu, %lx\n",
               log.name.c_str(), got.events, got.failed, got.sum, log.expected.events, log.expected.failed,
               log.expected.sum);
  return false;
}

void add_benchmark(const Log& log) {
  benchmark::RegisterBenchmark(("reader/" + log.name).c_str(),
                               [&log](benchmark::State& state) {
                                 interleave(
                                     state, log.size, log.expected.events,
                                     [&] { benchmark::DoNotOptimize(extract_bare(log.view())); },
                                     [&] { benchmark::DoNotOptimize(extract_with_reader(log.view())); });
                               })
      ->Iterations(kPairs)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil;
  const std::string kernel = simdjson_kernel();
  std::fprintf(stderr, "simdjson kernel: %s\n", kernel.c_str());
  if (kernel == "fallback") {
    std::fprintf(stderr, "this machine's own simdjson kernel is not in this binary: the numbers would mean nothing\n");
    return 1;
  }
  static std::deque<bench::Log> logs = bench::make_logs();
  for (bench::Log& log : logs) {
    if (!bench::check(log)) return 1;
    bench::add_benchmark(log);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
