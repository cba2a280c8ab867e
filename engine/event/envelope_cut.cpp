// What can be saved of an envelope that does not parse.
//
// What stands before a cut: CloudWatch, Azure (16 KiB) and container runtimes cut long messages in the middle; the API
// server writes who, what, where and outcome in front, bodies, times and annotations behind.
//
// All but the bodies: clients choose how deep and how wide these are, and must not hide the request by it.
#include <algorithm>
#include <array>
#include <optional>

#include "engine/event/envelope_parts.h"
#include "engine/event/json_text.h"

namespace kubevigil::envelope {
namespace {

// Index behind the value that begins at `at`, or nullopt when the text ends first.
std::optional<size_t> value_end(std::string_view text, size_t at) {
  size_t depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      at = closing_quote(text, at);
      if (at == std::string_view::npos) return std::nullopt;
      if (depth == 0) return at + 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && c == ',') {
      return at;
    }
  }
  return std::nullopt;
}

// The end of a string that is cut, without an escape that may be cut, and the backslashes before it.
size_t behind_last_escape(std::string_view text) {
  const size_t slash = text.rfind('\\');
  if (slash == std::string_view::npos || text.size() - slash > 6) return text.size();
  const size_t before = text.find_last_not_of('\\', slash);
  return before == std::string_view::npos ? 0 : before + 1;
}

size_t skip_space(std::string_view text, size_t at) {
  while (at < text.size() && is_json_space(text[at])) ++at;
  return at;
}

constexpr std::array<std::string_view, 4> kBodies = {"request", "response", "requestObject", "responseObject"};

}  // namespace

std::string without_bodies(std::string_view json) {
  std::string out;
  size_t copied = 0;
  for (size_t at = json.find('"'); at != std::string_view::npos; at = json.find('"', at)) {
    const size_t quote = closing_quote(json, at);
    if (quote == std::string_view::npos) break;
    const std::string_view key = json.substr(at + 1, quote - at - 1);
    at = skip_space(json, quote + 1);
    if (at >= json.size() || json[at] != ':') continue;
    if (std::find(kBodies.begin(), kBodies.end(), key) == kBodies.end()) continue;
    const auto end = value_end(json, skip_space(json, at + 1));
    if (!end) break;
    out.append(json.substr(copied, at + 1 - copied)).append("null");
    at = copied = *end;
  }
  out.append(json.substr(copied));
  return out;
}

std::string close_cut_document(std::string_view cut) {
  std::string closers;
  bool key = false;  // the next string is a key
  size_t safe = 0;   // behind the last bracket or whole value
  for (size_t at = 0; at < cut.size(); ++at) {
    const char c = cut[at];
    if (c == '"') {
      const size_t quote = closing_quote(cut, at);
      if (quote == std::string_view::npos) {
        if (key) break;
        const size_t end = behind_last_escape(cut);
        return std::string(cut.substr(0, end)) + '"' + std::string(closers.rbegin(), closers.rend());
      }
      at = quote;
      if (!key) safe = at + 1;
    } else if (c == '{' || c == '[') {
      closers += c == '{' ? '}' : ']';
      key = c == '{';
      safe = at + 1;
    } else if (c == '}' || c == ']') {
      if (closers.empty() || closers.back() != c) return std::string(cut);
      closers.pop_back();
      safe = at + 1;
    } else if (c == ',') {
      safe = at;
      key = !closers.empty() && closers.back() == '}';
    } else if (c == ':') {
      key = false;
    }
  }
  return std::string(cut.substr(0, safe)) + std::string(closers.rbegin(), closers.rend());
}

std::string mend_cut_event(std::string_view cut) {
  size_t at = skip_space(cut, 0);
  if (at >= cut.size() || cut[at] != '{') return {};
  bool id = false;
  bool stage = false;
  size_t whole = 0;  // behind the last whole member
  for (at = skip_space(cut, at + 1); at < cut.size() && cut[at] == '"';) {
    const size_t quote = closing_quote(cut, at);
    if (quote == std::string_view::npos) break;
    const std::string_view key = cut.substr(at + 1, quote - at - 1);
    at = skip_space(cut, quote + 1);
    if (at >= cut.size() || cut[at] != ':') break;
    at = skip_space(cut, at + 1);
    const auto end = value_end(cut, at);
    if (!end || *end == at) break;
    whole = *end;
    id = id || key == "auditID";
    stage = stage || key == "stage";
    at = skip_space(cut, whole);
    if (at >= cut.size() || cut[at] != ',') break;
    at = skip_space(cut, at + 1);
  }
  if (!id || !stage) return {};
  const std::string mended = std::string(cut.substr(0, whole)) + "}";
  JsonTree tree;
  return tree.parse(mended) ? mended : std::string{};
}

}  // namespace kubevigil::envelope
