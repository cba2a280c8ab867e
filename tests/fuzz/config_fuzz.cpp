// Any bytes as a configuration: loading and checking must end, throw nothing, and what is accepted must be shown as a
// configuration that is accepted again. The first line, when it begins with '#', is the value of an environment
// variable. Seeds: seeds/config.
#include <cstdint>
#include <cstdlib>

#include "engine/app/config_check.h"
#include "engine/app/config_show.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kubevigil;
  const std::string text(reinterpret_cast<const char*>(data), size);
  ConfigSurroundings around{.folder = "/etc/kubevigil", .variables = {}};
  if (text.starts_with('#')) around.variables["KUBEVIGIL_STATE__MEMORY"] = text.substr(1, text.find('\n'));
  LoadedConfig loaded = load_config_text(text, "fuzz.yaml", around);
  check_config(loaded);
  render(loaded.diagnostics, loaded.sources);
  config_as_json(loaded);
  const std::string shown = config_as_yaml(loaded);
  if (loaded.diagnostics.has_errors()) return 0;
  LoadedConfig again = load_config_text(shown, "shown.yaml", {.folder = "/", .variables = {}});
  check_config(again);
  if (again.diagnostics.has_errors()) std::abort();
  return 0;
}
