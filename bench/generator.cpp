#include "bench/generator.h"

#include <algorithm>
#include <array>

#include "bench/day.h"
#include "bench/hostile_body.h"
#include "bench/request.h"
#include "bench/sorted_keys.h"
#include "bench/suspicious.h"
#include "bench/traffic.h"

namespace kubevigil::bench {
namespace {

constexpr int64_t kStart = 1'767'571'200'000'000;  // 2026-01-05T00:00:00Z
constexpr size_t kMicrosecondsBetween = 1'400;     // at most; about 1,400 events a second for 500 nodes

// Of the mean rate, in percent, by hour: people and their pipelines work by day.
constexpr std::array<size_t, 24> kByHour = {80,  80,  80,  80,  80,  80,  85,  95, 110, 120, 120, 120,
                                            115, 120, 120, 120, 120, 115, 105, 95, 90,  90,  80,  80};

void append_sorted(std::string& out, std::string& line) {
  line.pop_back();
  out += with_sorted_keys(line);
  out += '\n';
}

std::string generate_bytes(GeneratorOptions options, size_t bytes) {
  options.events = UINT64_MAX;
  std::string out;
  out.reserve(bytes + 64 * 1024);
  Generator generator(options);
  while (out.size() < bytes) generator.append(out);
  return out;
}

}  // namespace

Generator::Generator(GeneratorOptions options)
    : options_(options), random_(options.seed), now_(start(options.day_number)) {}

int64_t Generator::start(uint32_t day_number) { return kStart + day_number * kDay; }

void Generator::pass_time() {
  if (!options_.day) {
    now_ += static_cast<int64_t>(random_.below(kMicrosecondsBetween));
    return;
  }
  const auto mean = static_cast<size_t>(kDay) / std::max<uint64_t>(options_.events, 1);
  const size_t rate = kByHour[static_cast<size_t>((now_ - start(options_.day_number)) / (kDay / 24)) % kByHour.size()];
  now_ += static_cast<int64_t>(random_.below(2 * mean * 100 / rate + 1));
}

void Generator::append(std::string& out) {
  ++made_;
  pass_time();
  const bool suspicious = random_.per_million(options_.suspicious_per_million);
  const bool with_body = random_.per_million(options_.bodies_per_million);
  Request request = suspicious ? draw_suspicious(cluster_, random_, now_)
                               : draw_request(cluster_, random_, {with_body, !options_.day}, now_);
  if (options_.adversarial && !request.response_object.empty() && random_.below(2) == 0) {
    request.request_object = hostile_body(random_);
  }
  const int64_t latency = static_cast<int64_t>(random_.between(900, 25'000));
  const std::string audit_id = make_uuid(random_.next());
  if (!options_.sorted_keys) return append_event(out, request, audit_id, now_ - latency, now_);
  std::string line;
  append_event(line, request, audit_id, now_ - latency, now_);
  append_sorted(out, line);
}

std::string generate(const GeneratorOptions& options) {
  std::string out;
  for (Generator generator(options); !generator.done();) generator.append(out);
  return out;
}

std::string generate_mix(size_t bytes) { return generate_bytes({.seed = 1}, bytes); }
std::string generate_meta(size_t bytes) { return generate_bytes({.seed = 2, .bodies_per_million = 0}, bytes); }

}  // namespace kubevigil::bench
