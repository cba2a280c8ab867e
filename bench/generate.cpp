// kubevigil-generate: writes a generated audit log to a file or to stdout.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>

#include "bench/day.h"
#include "bench/generator.h"

namespace {

using namespace kubevigil;
using namespace kubevigil::bench;

// The scenes of a day in between, each record at its time.
class Scenes {
 public:
  explicit Scenes(std::vector<CaseRecord> records) : records_(std::move(records)) {}
  void append_until(int64_t time, std::string& out) {
    for (; next_ < records_.size() && records_[next_].time.micros <= time; ++next_) {
      out += records_[next_].json;
      out += '\n';
    }
  }

 private:
  std::vector<CaseRecord> records_;
  size_t next_ = 0;
};

int write_log(const GeneratorOptions& options, Scenes scenes, std::FILE* file) {
  constexpr size_t kChunk = 1 << 20;
  std::string chunk, event;
  for (Generator generator(options); !generator.done();) {
    event.clear();
    generator.append(event);
    scenes.append_until(generator.now(), chunk);
    chunk += event;
    if (generator.done()) scenes.append_until(INT64_MAX, chunk);
    if (chunk.size() < kChunk && !generator.done()) continue;
    if (std::fwrite(chunk.data(), 1, chunk.size(), file) != chunk.size()) {
      std::perror("kubevigil-generate: write");
      return 1;
    }
    chunk.clear();
  }
  return std::fflush(file) == 0 ? 0 : 1;
}

// Nothing after saying what is wrong with them.
std::optional<Scenes> read_scenes(const std::string& folder, const GeneratorOptions& options) {
  if (folder.empty()) return Scenes({});
  Diagnostics diagnostics;
  auto records = read_day(folder, Cluster(), options.seed, Generator::start(options.day_number), diagnostics);
  if (!diagnostics.has_errors()) return Scenes(std::move(records));
  std::fputs(render(diagnostics, {}).c_str(), stderr);
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  GeneratorOptions options;
  double bodies = 13, suspicious = 0.1;
  std::string path = "-", day;
  CLI::App app{"Writes a realistic Kubernetes audit log (NDJSON). The same options give the same bytes everywhere."};
  app.add_option("--events", options.events, "number of events")->capture_default_str();
  app.add_option("--seed", options.seed, "seed of the traffic")->capture_default_str();
  app.add_option("--rr", bodies, "percent of events with bodies (RequestResponse)")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  app.add_option("--suspicious", suspicious, "percent of suspicious events")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  app.add_flag("--sorted-keys", options.sorted_keys, "members in the order of their keys, as after jq -S");
  app.add_flag("--adversarial", options.adversarial, "half of the bodies are made to mislead readers");
  app.add_option("--day", day, "a normal day of 24 hours, with the scenes of this folder (bench/day)");
  app.add_option("--day-number", options.day_number, "so many days later than 2026-01-05")->capture_default_str();
  app.add_option("--out", path, "file to write, - for stdout")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.bodies_per_million = static_cast<uint32_t>(bodies * 10'000 + 0.5);
  options.suspicious_per_million = static_cast<uint32_t>(suspicious * 10'000 + 0.5);
  options.day = !day.empty();
  if (options.day) options.suspicious_per_million = 0;
  std::optional<Scenes> scenes = read_scenes(day, options);
  if (!scenes) return 2;
  if (path == "-") return write_log(options, std::move(*scenes), stdout);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    std::perror(("kubevigil-generate: " + path).c_str());
    return 2;
  }
  const int status = write_log(options, std::move(*scenes), file);
  return std::fclose(file) == 0 ? status : 1;
}
