// YAML documents as plain nodes that know where they stand in the file. yaml_events.h reads the text.
//
// Merge keys are expanded (yaml_merge.h). A file that is neither UTF-8 nor marked as UTF-16 is not read.
// Bounded: limits::kRuleFileBytes, limits::kYamlNodes (aliases counted as what they expand to) and a nesting of
// kYamlDepth; a file beyond a bound gives an error and the documents before it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostics.h"

namespace kubevigil {

inline constexpr size_t kYamlDepth = 100;

struct YamlEntry;

struct YamlNode {
  enum class Kind : uint8_t { Null, Scalar, Sequence, Map };
  Kind kind = Kind::Null;
  std::string text;     // Scalar: its value
  bool quoted = false;  // Scalar: written with quotes or as a block, so it is a string whatever it looks like
  SourceSpan span;
  std::vector<YamlNode> items;     // Sequence
  std::vector<YamlEntry> entries;  // Map, in the order of the file; of a repeated key only the first

  bool is_null() const { return kind == Kind::Null; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_sequence() const { return kind == Kind::Sequence; }
  bool is_map() const { return kind == Kind::Map; }
  // Value of a map's key, or nullptr.
  const YamlNode* find(std::string_view key) const;
  // Plain scalars of YAML 1.2's core schema: 10, -1.5, 1e3, 0x1f; true, false.
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
};

struct YamlEntry {
  YamlNode key;  // a scalar
  YamlNode value;
};

struct YamlDocument {
  YamlNode root;
  bool damaged = false;  // an error was reported inside it (a repeated key, a bound)
};

// Codes reported: yaml-syntax, yaml-limit, duplicate-key, yaml-key.
std::vector<YamlDocument> parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace kubevigil
