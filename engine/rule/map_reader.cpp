#include "engine/rule/map_reader.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {

MapReader::MapReader(const YamlNode& node, std::string what, Diagnostics& diagnostics)
    : node_(node), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!node.is_map()) diagnostics_.error("bad-value", "expected a mapping under " + what_, node.span);
}

const YamlNode* MapReader::get(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return node_.find(key);
}

std::string MapReader::text(std::string_view key) {
  const YamlNode* value = get(key);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_scalar()) return value->text;
  diagnostics_.error("bad-value", "\"" + std::string(key) + "\" is one value, not a list or a mapping", value->span);
  return "";
}

bool MapReader::flag(std::string_view key, bool otherwise) {
  const YamlNode* value = get(key);
  if (value == nullptr) return otherwise;
  const std::optional<bool> b = value->boolean();
  if (!b) {
    const std::string name(key);
    diagnostics_.error("bad-value", "\"" + name + "\" is true or false", value->span,
                       "write `" + name + ": true` or `" + name + ": false`");
  }
  return b.value_or(otherwise);
}

std::optional<Duration> MapReader::duration(std::string_view key) {
  const YamlNode* value = get(key);
  if (value == nullptr) return std::nullopt;
  const std::optional<Duration> d = value->is_scalar() ? parse_duration(value->text) : std::nullopt;
  if (!d || d->micros < 0) {
    diagnostics_.error("bad-value", "\"" + printable(value->text) + "\" is no time span", value->span,
                       "write a number and one of s, m, h, d: 90m");
    return std::nullopt;
  }
  return d;
}

std::vector<NameAt> MapReader::names(std::string_view key) {
  std::vector<NameAt> out;
  const YamlNode* value = get(key);
  if (value == nullptr || value->is_null()) return out;
  if (value->is_scalar()) return {{value->text, value->span}};
  for (const YamlNode& item : value->items) {
    if (item.is_scalar()) {
      out.push_back({item.text, item.span});
    } else {
      diagnostics_.error("bad-value", "\"" + std::string(key) + "\" is a list of plain values", item.span);
    }
  }
  if (value->is_map()) diagnostics_.error("bad-value", "\"" + std::string(key) + "\" is a list", value->span);
  return out;
}

std::vector<std::string> MapReader::texts(std::string_view key) {
  std::vector<std::string> out;
  for (NameAt& name : names(key)) out.push_back(std::move(name.text));
  return out;
}

void MapReader::finish(Severity severity) {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const YamlEntry& entry : node_.entries) {
    if (std::find(known.begin(), known.end(), entry.key.text) != known.end()) continue;
    const std::string_view close = nearest(entry.key.text, known);
    Diagnostic d{severity, "unknown-key",  "\"" + printable(entry.key.text) + "\" is no key of " + what_,
                 {},       entry.key.span, {}};
    if (!close.empty()) {
      d.hint = "did you mean \"" + std::string(close) + "\"?";
    } else {
      d.hint = "known keys:";
      for (const std::string_view k : known) d.hint += " " + std::string(k);
    }
    diagnostics_.add(std::move(d));
  }
}

}  // namespace kubevigil
