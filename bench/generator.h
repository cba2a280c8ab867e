// Generator: realistic audit logs, the same bytes for the same options on every machine. NDJSON, one event a line,
// in the order of stageTimestamp, as one API server's log backend writes them.
#pragma once

#include <cstdint>
#include <string>

#include "bench/cluster.h"
#include "bench/random.h"

namespace kubevigil::bench {

struct GeneratorOptions {
  uint64_t events = 10'000;
  uint64_t seed = 1;
  uint32_t bodies_per_million = 130'000;  // events of level RequestResponse
  uint32_t suspicious_per_million = 1'000;
  bool sorted_keys = false;  // members in the order of their keys, as after `jq -S`
  bool adversarial = false;  // half of the bodies are hostile_body()
  uint32_t day_number = 0;   // how many days later the log begins
  bool day = false;          // a day of 24 hours: no people in the background, they act in scenes (bench/day.h)
};

class Generator {
 public:
  explicit Generator(GeneratorOptions options);
  bool done() const { return made_ == options_.events; }
  // Appends the next event and a newline. REQUIRES: !done().
  void append(std::string& out);
  // Microseconds since 1970 of the event appended last.
  int64_t now() const { return now_; }
  static int64_t start(uint32_t day_number);

 private:
  void pass_time();

  GeneratorOptions options_;
  Cluster cluster_;
  Random random_;
  uint64_t made_ = 0;
  int64_t now_;
};

// A whole log in memory.
std::string generate(const GeneratorOptions& options);
// The two logs that goals name, about `bytes` long: mix has bodies (13 % of the events, most of the bytes), meta
// has next to none.
std::string generate_mix(size_t bytes);
std::string generate_meta(size_t bytes);

}  // namespace kubevigil::bench
