// serve_soak PROGRAM [SECONDS [EVENTS/S]]: the real `serve` at half load with faults; see soak.h. Exit code 1:
// something is wrong, and the last lines say what. KUBEVIGIL_SEED repeats the moments of another run.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/soak/soak.h"

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "serve_soak PROGRAM [SECONDS [EVENTS/S]]\n");
    return 2;
  }
  kubevigil::test::SoakOptions options{.program = arguments[1]};
  if (count > 2) options.length = kubevigil::Duration::seconds(std::atoll(arguments[2]));
  if (count > 3) options.events_a_second = static_cast<size_t>(std::atoll(arguments[3]));
  const char* seed = std::getenv("KUBEVIGIL_SEED");
  options.seed = seed != nullptr ? std::strtoull(seed, nullptr, 10) : kubevigil::system_env().random();
  const auto problems = kubevigil::test::Soak(std::move(options)).run();
  fmt::print("serve_soak: {}\n", problems.empty() ? "passed" : fmt::format("FAILED, {} problems", problems.size()));
  for (const std::string& problem : problems) fmt::print("  {}\n", problem);
  return problems.empty() ? 0 : 1;
}
