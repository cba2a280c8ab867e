#include <cctype>
#include <charconv>

#include "engine/rule/yaml.h"

namespace kubevigil {

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

std::optional<double> YamlNode::number() const {
  if (!is_scalar() || quoted || text.empty() || text.size() > 40) return std::nullopt;
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0o")) {
    uint64_t value = 0;
    const int base = digits[1] == 'x' ? 16 : 8;
    const auto [end, error] = std::from_chars(digits.data() + 2, digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return static_cast<double>(value);
  }
  if (digits[0] == '+') digits.remove_prefix(1);
  const bool starts_well = !digits.empty() && (digits[0] == '-' || digits[0] == '.' || isdigit(digits[0]) != 0);
  if (!starts_well || digits.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<bool> YamlNode::boolean() const {
  if (!is_scalar() || quoted) return std::nullopt;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

}  // namespace kubevigil
