// Configurations of tests: a text that is whole but for what a test adds.
#pragma once

#include <string>

#include "engine/app/config_check.h"

namespace kubevigil::test {

// `more` is YAML text of further keys; a tail input is there unless it brings inputs of its own.
inline std::string config_text(const std::string& more) {
  std::string text = "data: data\n";
  if (more.find("inputs:") == std::string::npos) text += "inputs: {tail: [{path: audit.log, cluster: prod}]}\n";
  if (more.find("outputs:") == std::string::npos) text += "outputs: [{name: out, transport: stdout}]\n";
  return text + more;
}

// Loaded from the folder /etc/kubevigil of the host "node1", and checked for what needs no machine.
inline LoadedConfig checked(const std::string& text, const Variables& variables = {}) {
  LoadedConfig loaded = load_config_text(text, "kubevigil.yaml", {"/etc/kubevigil", "node1", variables});
  check_config(loaded);
  return loaded;
}

// "3:14 bad-value" for each report, errors and warnings.
inline std::vector<std::string> reports(const LoadedConfig& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    out.push_back(std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + " " + d.code);
  }
  return out;
}

}  // namespace kubevigil::test
