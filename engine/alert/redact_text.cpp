// Secrets by their shape in free text. A left-to-right scan; at each place the first form that fits is taken:
//
//   private key   -----BEGIN ... PRIVATE KEY----- up to its END line, or the end of the text
//   web token     eyJ<base64url>.<base64url>.<base64url>
//   credentials   ("Bearer" | "Basic") " "+ word
//   url password  "://" user ":" PASSWORD "@"
//   member        NAME quote? " "* (":" | "=") " "* (quoted | word)    NAME as in is_secret_name
//   flag          "-"+ NAME " "+ word
//   data member   ("data" | "stringData" | "binaryData") quote ":" "{" ... "}"   every string value in it
//
// A word ends at white space, quotes, and , ; & ) ] }.
#include <array>

#include "engine/alert/redaction.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kWordEnd = " \t\r\n\"'`,;&)]}";

constexpr std::array<bool, 256> kNameChars = [] {
  std::array<bool, 256> out{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")) {
    out[static_cast<uint8_t>(c)] = true;
  }
  return out;
}();
bool is_name_char(char c) { return kNameChars[static_cast<uint8_t>(c)]; }
bool is_base64url(char c) { return is_name_char(c); }
bool is_space(char c) { return c == ' ' || c == '\t'; }

size_t skip_spaces(std::string_view text, size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// A secret found in the text: [begin, end).
struct Span {
  size_t begin = 0, end = 0;
  bool found() const { return end > begin; }
};

constexpr std::string_view kKeyBegins = "-----BEGIN ";

Span private_key(std::string_view text, size_t at) {
  if (text[at] != '-' || !text.substr(at).starts_with(kKeyBegins)) return {};
  const size_t title_end = text.find("-----", at + 11);
  if (title_end == std::string_view::npos || !text.substr(at, title_end - at).ends_with("PRIVATE KEY")) return {};
  const size_t end = text.find("-----END", title_end + 5);
  if (end == std::string_view::npos) return {at, text.size()};
  const size_t close = text.find("-----", end + 8);
  return {at, close == std::string_view::npos ? text.size() : close + 5};
}

Span web_token(std::string_view text, size_t at) {
  if (!text.substr(at).starts_with("eyJ")) return {};
  size_t end = at, dots = 0;
  while (end < text.size() && (is_base64url(text[end]) || (text[end] == '.' && dots < 2))) dots += text[end++] == '.';
  return dots >= 1 && end - at >= 20 ? Span{at, end} : Span{};
}

Span word_at(std::string_view text, size_t at) { return {at, std::min(text.find_first_of(kWordEnd, at), text.size())}; }

// A quoted string (without its quotes; backslash escapes) or a word.
Span quoted_or_word(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  // In JSON inside JSON the quote itself is escaped.
  const bool escaped = text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"';
  if (escaped) {
    const size_t end = text.find("\\\"", at + 2);
    return {at + 2, end == std::string_view::npos ? text.size() : end};
  }
  if (text[at] != '"' && text[at] != '\'') return word_at(text, at);
  size_t end = at + 1;
  while (end < text.size() && text[end] != text[at]) end += text[end] == '\\' ? 2 : 1;
  return {at + 1, std::min(end, text.size())};
}

Span credentials(std::string_view text, size_t at) {
  for (const std::string_view scheme : {std::string_view("bearer"), std::string_view("basic")}) {
    if (!equals_folded(text.substr(at, scheme.size()), scheme)) continue;
    const size_t begin = skip_spaces(text, at + scheme.size());
    const Span word = word_at(text, begin);
    if (begin > at + scheme.size() && word.end - word.begin >= 6) return word;
  }
  return {};
}

Span url_password(std::string_view text, size_t at) {
  if (text[at] != ':' || !text.substr(at).starts_with("://")) return {};
  const size_t end = std::min(text.find_first_of(" \t\r\n\"'/?#", at + 3), text.size());
  const std::string_view authority = text.substr(at + 3, end - at - 3);
  const size_t host = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (host == std::string_view::npos || colon == std::string_view::npos || colon >= host) return {};
  return {at + 3 + colon + 1, at + 3 + host};
}

// At the first character of a name: the value of a password-like member or flag.
Span member(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_name_char(text[end])) ++end;
  const std::string_view name = text.substr(at, end - at);
  if (!is_secret_name(name)) return {};
  size_t next = end;
  if (next < text.size() && text[next] == '\\') ++next;
  const bool closed_quote = next < text.size() && (text[next] == '"' || text[next] == '\'');
  if (closed_quote) ++next;
  const size_t sign = skip_spaces(text, next);
  if (sign < text.size() && (text[sign] == '=' || text[sign] == ':')) {
    const size_t value = skip_spaces(text, sign + 1);
    // `system:token:reader` is a name, not a member: a bare colon needs a quote or a space somewhere.
    if (text[sign] == ':' && !closed_quote && value == sign + 1 && quoted_or_word(text, value).begin == value)
      return {};
    return quoted_or_word(text, value);
  }
  const bool flag = name.starts_with('-') && sign > next;
  if (flag && sign < text.size() && text[sign] != '-') return quoted_or_word(text, sign);
  return {};
}

// The object behind a data member: from its brace to the matching one.
Span data_object(std::string_view text, size_t at) {
  for (const std::string_view name : {"data", "stringData", "binaryData"}) {
    if (!text.substr(at).starts_with(name)) continue;
    size_t next = at + name.size();
    if (next < text.size() && text[next] == '\\') ++next;
    if (next >= text.size() || text[next] != '"') continue;
    next = skip_spaces(text, next + 1);
    if (next >= text.size() || text[next] != ':') continue;
    next = skip_spaces(text, next + 1);
    if (next >= text.size() || text[next] != '{') continue;
    return {next + 1, std::min(text.find('}', next), text.size())};
  }
  return {};
}

class Scan {
 public:
  Scan(const Redactor& redactor, std::string_view text) : redactor_(redactor), text_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void replace(Span secret) {
    out_ += text_.substr(at_, secret.begin - at_);
    out_ += redactor_.mark(text_.substr(secret.begin, secret.end - secret.begin));
    at_ = secret.end;
  }

  bool at_name_start() const { return at_ == 0 || !is_name_char(text_[at_ - 1]); }

  void step() {
    if (const Span key = private_key(text_, at_); key.found()) return replace(key);
    if (const Span url = url_password(text_, at_); url.found()) return replace(url);
    if (is_name_char(text_[at_]) && at_name_start()) {
      if (text_.substr(at_).starts_with("redacted(")) return copy(text_.find(')', at_));
      if (const Span token = web_token(text_, at_); token.found()) return replace(token);
      if (const Span word = credentials(text_, at_); word.found()) return replace(word);
      if (const Span data = data_object(text_, at_); data.found()) return replace(data);
      if (const Span value = member(text_, at_); value.found()) {
        // `Authorization: Bearer x`: the scheme is no secret.
        const Span inner = credentials(text_, value.begin);
        return replace(inner.found() ? inner : value);
      }
    }
    copy(next_place() - 1);
  }

  // Where the next form may begin: at the next name, a colon, or a key's begin within this name.
  size_t next_place() const {
    size_t at = at_ + 1;
    if (is_name_char(text_[at_])) {
      while (at < text_.size() && is_name_char(text_[at]) && !text_.substr(at).starts_with(kKeyBegins)) ++at;
    } else {
      while (at < text_.size() && !is_name_char(text_[at]) && text_[at] != ':') ++at;
    }
    return at;
  }

  // Takes the text up to and with `last` as it is.
  void copy(size_t last) {
    const size_t end = last >= text_.size() ? text_.size() : last + 1;
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  const Redactor& redactor_;
  std::string_view text_;
  std::string out_;
  size_t at_ = 0;
};

}  // namespace

std::string Redactor::text(std::string_view text) const {
  if (!enabled_) return std::string(text);
  return Scan(*this, text).run();
}

}  // namespace kubevigil
