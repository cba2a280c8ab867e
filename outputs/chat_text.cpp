#include "outputs/chat_text.h"

#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kNothingWide = "\xE2\x80\x8B";  // U+200B
constexpr std::array<std::string_view, 4> kMentions = {"channel", "here", "everyone", "all"};

bool is_mention(std::string_view behind_at) {
  for (const std::string_view word : kMentions) {
    if (behind_at.size() >= word.size() && equals_folded(behind_at.substr(0, word.size()), word)) return true;
  }
  return false;
}

}  // namespace

std::string chat_safe(std::string_view text) {
  const std::string shown = printable(text);
  const std::string_view view = shown;
  std::string out;
  out.reserve(shown.size());
  for (size_t i = 0; i < view.size(); ++i) {
    if (view[i] == '<') {
      out += "\xE2\x80\xB9";
    } else if (view[i] == '>') {
      out += "\xE2\x80\xBA";
    } else {
      out += view[i];
    }
    const bool mention = view[i] == '@' && is_mention(view.substr(i + 1));
    const bool link = view[i] == ']' && i + 1 < view.size() && view[i + 1] == '(';
    if (mention || link) out += kNothingWide;
  }
  return out;
}

std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c == '`' ? '\'' : c;
    }
  }
  return out;
}

std::string slack_code(std::string_view text, size_t bytes) {
  const std::string out = slack_escaped(cut_to_bytes(text, bytes));
  return out.empty() ? "-" : "`" + out + "`";
}

std::string slack_code_within(std::string_view text, size_t bytes) {
  const std::string whole = slack_code(text, text.size());
  if (whole.size() <= bytes) return whole;
  size_t fits = 0, too_long = text.size();
  while (too_long - fits > 1) {
    const size_t kept = fits + (too_long - fits) / 2;
    (slack_code(text, kept).size() > bytes ? too_long : fits) = kept;
  }
  return slack_code(text, fits);
}

}  // namespace kubevigil
