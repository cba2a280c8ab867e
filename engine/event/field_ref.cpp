#include "engine/event/field_ref.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kEscaped = ".[\\";

// Index of the first unescaped '.' at or behind `from`, or the size.
size_t segment_end(std::string_view path, size_t from) {
  for (size_t i = from; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '.') {
      return i;
    }
  }
  return path.size();
}

std::string unescaped(std::string_view key) {
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '\\' && i + 1 < key.size() && kEscaped.find(key[i + 1]) != std::string_view::npos) ++i;
    out += key[i];
  }
  return out;
}

std::string escaped(std::string_view key, std::string_view which = kEscaped) {
  std::string out;
  for (const char c : key) {
    if (which.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Whether an odd number of backslashes stands in front.
bool is_escaped(std::string_view key, size_t at) {
  size_t from = at;
  while (from > 0 && key[from - 1] == '\\') --from;
  return (at - from) % 2 == 1;
}

struct IndexedText {
  std::string_view key;
  std::vector<size_t> indices;
};

// Takes "[N]" groups off the end of a segment.
IndexedText split_indices(std::string_view segment) {
  IndexedText out{segment, {}};
  while (out.key.ends_with(']')) {
    const size_t open = out.key.rfind('[');
    if (open == std::string_view::npos || is_escaped(out.key, open)) break;
    const std::string_view digits = out.key.substr(open + 1, out.key.size() - open - 2);
    size_t number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || digits.size() > 9 || problem != std::errc{} || end != digits.data() + digits.size()) break;
    out.indices.insert(out.indices.begin(), number);
    out.key = out.key.substr(0, open);
  }
  return out;
}

// The first index belongs to the key in front of it, "a.[0]" is "a[0]".
void append_segment(std::vector<PathSegment>& path, std::string_view segment) {
  const IndexedText parts = split_indices(segment);
  if (!parts.key.empty()) path.push_back({unescaped(parts.key), std::nullopt});
  for (const size_t index : parts.indices) {
    if (path.empty() || path.back().index) path.push_back({"", std::nullopt});
    path.back().index = index;
  }
}

bool rest_is_one_key(const std::vector<PathSegment>& path) {
  return !path.empty() && !path.back().index && (path.back().key == "labels" || path.back().key == "annotations");
}

std::vector<PathSegment> parse_tree_path(std::string_view text) {
  std::vector<PathSegment> path;
  for (size_t at = 0; at < text.size();) {
    if (rest_is_one_key(path)) {
      path.push_back({unescaped(text.substr(at)), std::nullopt});
      break;
    }
    const size_t end = segment_end(text, at);
    append_segment(path, text.substr(at, end - at));
    at = end + 1;
  }
  return path;
}

std::string tree_path_text(const std::vector<PathSegment>& path) {
  std::string out;
  bool whole = false;  // the segment is the rest of the name
  for (const PathSegment& s : path) {
    if (!s.key.empty() || !s.index) {
      if (!out.empty()) out += '.';
      out += escaped(s.key, whole ? "\\" : kEscaped);
    }
    if (s.index) out += "[" + std::to_string(*s.index) + "]";
    whole = !s.index && (s.key == "labels" || s.key == "annotations");
  }
  return out;
}

// The part of `name` behind `known` when `known` is all of it or ends at a border; nullopt when it does not.
std::optional<std::string_view> rest_after(std::string_view name, std::string_view known) {
  if (!name.starts_with(known)) return std::nullopt;
  const std::string_view rest = name.substr(known.size());
  if (rest.empty() || rest.front() == '.' || rest.front() == '[') return rest;
  return std::nullopt;
}

struct TableMatch {
  const FieldInfo* info = nullptr;
  std::string_view known;  // the name or alias that matched
  std::string_view rest;
};

// The row with the longest name that begins `name`.
TableMatch find_row(std::string_view name) {
  TableMatch best;
  const auto consider = [&](const FieldInfo& info, std::string_view known) {
    const auto rest = rest_after(name, known);
    if (rest && known.size() > best.known.size()) best = {&info, known, *rest};
  };
  for (const FieldInfo& info : field_table()) {
    if (info.id == FieldId::Element) continue;
    consider(info, info.name);
    for (const std::string_view alias : info.aliases) consider(info, alias);
  }
  return best;
}

std::optional<FieldRef> with_path(const TableMatch& match) {
  FieldRef field{match.info->id, {}};
  const std::string_view rest = match.rest;
  switch (match.info->shape) {
    case FieldShape::Scalar:
      if (!rest.empty()) return std::nullopt;
      return field;
    case FieldShape::List: {
      if (rest.empty()) return field;
      const IndexedText parts = split_indices(rest);
      if (!parts.key.empty() || parts.indices.size() != 1) return std::nullopt;
      field.path.push_back({"", parts.indices[0]});
      return field;
    }
    case FieldShape::Map:
      if (rest.size() < 2 || rest.front() != '.') return std::nullopt;
      field.path.push_back({unescaped(rest.substr(1)), std::nullopt});
      return field;
    case FieldShape::Tree:
      field.path = parse_tree_path(rest);
      if (field.path.empty() && !rest.empty()) return std::nullopt;
      return field;
  }
  return std::nullopt;
}

// Names that people write for what stands deep in a pod spec.
struct Hint {
  std::string_view written, meant;
};
constexpr std::array kHints = {
    Hint{"capabilities", "podSpec.allContainers.securityContext.capabilities.add"},
    Hint{"privileged", "podSpec.allContainers.securityContext.privileged"},
    Hint{"image", "podSpec.allContainers.image"},
    Hint{"hostPath", "hostPaths"},
    Hint{"hostNetwork", "podSpec.hostNetwork"},
    Hint{"hostPID", "podSpec.hostPID"},
    Hint{"sourceIP", "sourceIPs"},
    Hint{"user", "user.username"},
};

std::string with_placeholder(const FieldInfo& info, std::string_view rest) {
  const bool map = info.shape == FieldShape::Map;
  std::string out(info.name);
  if (map && rest.size() < 2) return out + ".<key>";
  if (map || info.shape == FieldShape::Tree) out += rest;
  return out;
}

}  // namespace

std::optional<FieldRef> parse_field(std::string_view name) {
  const TableMatch match = find_row(name);
  return match.info == nullptr ? std::nullopt : with_path(match);
}

FieldRef parse_element_field(std::string_view name) { return {FieldId::Element, parse_tree_path(name)}; }

std::string to_text(const FieldRef& field) {
  const FieldInfo& info = field_info(field.id);
  if (field.id == FieldId::Element) return field.path.empty() ? "." : tree_path_text(field.path);
  std::string out(info.name);
  if (field.path.empty()) return out;
  if (info.shape == FieldShape::Map) return out + "." + escaped(field.path[0].key, "\\");
  const std::string path = tree_path_text(field.path);
  return path.starts_with('[') ? out + path : out + "." + path;
}

std::string field_suggestion(std::string_view name) {
  for (const Hint& hint : kHints) {
    if (equals_folded(hint.written, name)) return std::string(hint.meant);
  }
  for (const FieldInfo& info : field_table()) {  // "apiGroup" for objectRef.apiGroup
    const size_t dot = info.name.rfind('.');
    if (dot != std::string_view::npos && info.name.size() > 1 && equals_folded(info.name.substr(dot + 1), name)) {
      return with_placeholder(info, {});
    }
  }
  // Compare as many segments as the known name has, longest names first, so that below a map or tree the rest stays.
  for (size_t segments = 3; segments >= 1; --segments) {
    size_t end = 0;
    for (size_t i = 0; i < segments && end <= name.size(); ++i) end = segment_end(name, end + (i > 0 ? 1 : 0));
    const std::string_view head = name.substr(0, std::min(end, name.size()));
    std::vector<std::string_view> candidates;
    for (const FieldInfo& info : field_table()) {
      if (info.origin == FieldOrigin::Internal) continue;
      if (static_cast<size_t>(std::count(info.name.begin(), info.name.end(), '.')) + 1 == segments) {
        candidates.push_back(info.name);
      }
    }
    const std::string_view found = nearest(head, candidates);
    if (!found.empty()) return with_placeholder(*find_row(found).info, name.substr(head.size()));
  }
  return {};
}

}  // namespace kubevigil
