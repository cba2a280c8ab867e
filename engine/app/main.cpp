#include <cstdio>

#include "engine/app/cli.h"
#include "engine/app/signals.h"

int main(int argc, char** argv) {
  kubevigil::guard_standard_streams();
  kubevigil::Context context{
      kubevigil::system_env(), kubevigil::Console(stdout, stderr), {argv, argv + argc}, "auto", 0};
  return kubevigil::run_command_line(argc, argv, context);
}
