#include "engine/rule/yaml_merge.h"

#include <algorithm>
#include <utility>

namespace kubevigil {
namespace {

bool is_merge_key(const YamlEntry& entry) { return entry.key.text == "<<" && !entry.key.quoted; }

}  // namespace

std::optional<YamlNode> expand_merge_key(YamlNode& map) {
  const auto at = std::find_if(map.entries.begin(), map.entries.end(), is_merge_key);
  if (at == map.entries.end()) return std::nullopt;
  YamlNode value = std::move(at->value);
  map.entries.erase(at);
  std::vector<YamlNode> merged;
  if (value.is_sequence()) {
    merged = std::move(value.items);
  } else {
    merged.push_back(std::move(value));
  }
  for (YamlNode& from : merged) {
    if (!from.is_map()) return std::move(from);
    for (YamlEntry& entry : from.entries) {
      if (map.find(entry.key.text) == nullptr) map.entries.push_back(std::move(entry));
    }
  }
  return std::nullopt;
}

}  // namespace kubevigil
