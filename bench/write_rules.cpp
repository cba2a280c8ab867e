// kubevigil-bench-rules: writes the rules of the benchmarks as a folder for `kubevigil replay --no-builtin --rules`.
#include <CLI/CLI.hpp>

#include "bench/bench_rules.h"

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  std::string folder, pack = KUBEVIGIL_SOURCE_DIR "/detections", bench = KUBEVIGIL_SOURCE_DIR "/bench/rules";
  size_t detections = 0;
  bool without_bodies = false;
  CLI::App app{"Writes the rules of the benchmarks into a folder"};
  app.add_option("FOLDER", folder, "where to")->required();
  app.add_flag("--without-bodies", without_bodies, "leave out the detections that read bodies");
  app.add_option("--detections", detections, "so many detections that read no bodies, and nothing else");
  CLI11_PARSE(app, argc, argv);
  const auto rules = detections > 0 ? many_detections(pack, bench, detections)
                                    : bench_rules(pack, bench, without_bodies ? Bodies::Without : Bodies::With);
  if (!rules) return 2;
  if (write_rules(*rules, folder)) return 0;
  std::fprintf(stderr, "kubevigil-bench-rules: %s: cannot be written\n", folder.c_str());
  return 2;
}
