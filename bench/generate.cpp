// kubevigil-generate: writes a generated audit log to a file or to stdout.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "bench/generator.h"

namespace {

int write_log(const kubevigil::bench::GeneratorOptions& options, std::FILE* file) {
  constexpr size_t kChunk = 1 << 20;
  std::string chunk;
  for (kubevigil::bench::Generator generator(options); !generator.done();) {
    generator.append(chunk);
    if (chunk.size() < kChunk && !generator.done()) continue;
    if (std::fwrite(chunk.data(), 1, chunk.size(), file) != chunk.size()) {
      std::perror("kubevigil-generate: write");
      return 1;
    }
    chunk.clear();
  }
  return std::fflush(file) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  kubevigil::bench::GeneratorOptions options;
  double bodies = 13, suspicious = 0.1;
  std::string path = "-";
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
  app.add_option("--out", path, "file to write, - for stdout")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.bodies_per_million = static_cast<uint32_t>(bodies * 10'000 + 0.5);
  options.suspicious_per_million = static_cast<uint32_t>(suspicious * 10'000 + 0.5);
  if (path == "-") return write_log(options, stdout);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    std::perror(("kubevigil-generate: " + path).c_str());
    return 2;
  }
  const int status = write_log(options, file);
  return std::fclose(file) == 0 ? status : 1;
}
