// FieldRef: a field name after parsing: a row of the field table, and a path below it for maps and trees.
//
// Grammar of names (design/rules.md 2; `\.`, `\[` and `\\` are those characters inside a key, anywhere):
//   name    = table-name [ "[" number "]" ] { "." segment }
//   segment = key { "[" number "]" }
// Segments without key and number are passed over ("a..b" is "a.b"); a number that stands alone belongs to the key in
// front of it ("a.[0]" is "a[0]").
// After `annotations.`, `user.extra.`, `uri.query.` and inside trees `labels.` and `annotations.`, the rest is one
// key. Array quantifiers ([any], [all], ...) are not part of a FieldRef: the rule parser turns them into Expr
// nodes. A key segment crosses arrays (any element).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/field_table.h"

namespace kubevigil {

struct PathSegment {
  std::string key;              // empty: only the index
  std::optional<size_t> index;  // [N] after the key
  bool operator==(const PathSegment&) const = default;
};

struct FieldRef {
  FieldId id = FieldId::Keywords;
  std::vector<PathSegment> path;  // Map: exactly one key. Tree: any number. Scalar/List: empty, or one [N]
  bool operator==(const FieldRef&) const = default;
};

// Resolves a name at the top level of an event. nullopt: no such field (use field_suggestion for the hint).
std::optional<FieldRef> parse_field(std::string_view name);
// Resolves a name inside an array block, relative to the element; "." or "" is the element itself.
FieldRef parse_element_field(std::string_view name);
// The canonical name; parse_field(to_text(f)) == f, and parse_element_field(to_text(f)) == f for Element.
std::string to_text(const FieldRef& field);
// The nearest known name, or "".
std::string field_suggestion(std::string_view name);

}  // namespace kubevigil
