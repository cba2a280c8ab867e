#include <malloc.h>

#include <cstdio>

#include "engine/app/cli.h"
#include "engine/app/signals.h"

namespace {

// Large blocks go back to the system when they are freed. Without this glibc raises the bound with each that is freed,
// and the threads' heaps keep holes of a few large records: 500 MB where 100 are in use.
constexpr int kLargeBlock = 1 << 20;

}  // namespace

int main(int argc, char** argv) {
  kubevigil::guard_standard_streams();
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  kubevigil::Context context{
      kubevigil::system_env(), kubevigil::Console(stdout, stderr), {argv, argv + argc}, "auto", 0};
  return kubevigil::run_command_line(argc, argv, context);
}
