#include "bench/go_json.h"

#include <array>
#include <charconv>

namespace kubevigil::bench {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool plain(unsigned char c) {
  return c >= 0x20 && c != '"' && c != '\\' && c != '&' && c != '<' && c != '>' && c != 0xe2;
}

void append_escaped(std::string& out, std::string_view text) {
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (plain(c)) continue;
    if (c == 0xe2 && text.substr(i, 3) != "\xe2\x80\xa8" && text.substr(i, 3) != "\xe2\x80\xa9") continue;
    out.append(text, done, i - done);
    done = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case 0xe2:
        out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
        i += 2;
        done = i + 1;
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, done, text.size() - done);
}

}  // namespace

GoJson& GoJson::key(std::string_view name) {
  text(name);
  out_ += ':';
  return *this;
}

GoJson& GoJson::text(std::string_view value) {
  separate();
  out_ += '"';
  append_escaped(out_, value);
  out_ += '"';
  return *this;
}

GoJson& GoJson::number(uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return raw({digits.data(), static_cast<size_t>(end - digits.data())});
}

GoJson& GoJson::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace kubevigil::bench
