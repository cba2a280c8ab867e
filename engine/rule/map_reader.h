// MapReader: a YAML mapping with known keys, read with its types; what is left over at finish() is a spelling mistake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

class MapReader {
 public:
  // `what` names the mapping in messages. A node that is no mapping is reported (bad-value) and reads as empty.
  MapReader(const YamlNode& node, std::string what, Diagnostics& diagnostics);

  // Each getter makes its key known. Values of the wrong type are reported as bad-value and read as absent.
  const YamlNode* get(std::string_view key);
  std::string text(std::string_view key);
  bool flag(std::string_view key, bool otherwise);
  std::optional<Duration> duration(std::string_view key);
  std::vector<NameAt> names(std::string_view key);  // one value or a list of values
  std::vector<std::string> texts(std::string_view key);

  // Reports keys that nobody asked for: unknown-key, with the nearest known one.
  void finish(Severity severity = Severity::Error);

 private:
  const YamlNode& node_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
};

}  // namespace kubevigil
