#include "tests/support/oracle_json.h"

#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace kubevigil::oracle {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Json document() {
    Json value = this->value();
    space();
    if (at_ != text_.size()) bad("text behind the document");
    return value;
  }

 private:
  [[noreturn]] void bad(const std::string& what) { throw std::runtime_error(what + " at byte " + std::to_string(at_)); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad(std::string("expected ") + c);
  }

  Json value() {
    space();
    Json json;
    if (peek() == '{') return object();
    if (peek() == '[') return array();
    if (peek() == '"') {
      json.kind = Json::Kind::String;
      json.text = string();
    } else if (std::isalpha(static_cast<unsigned char>(peek()))) {
      while (std::isalpha(static_cast<unsigned char>(peek()))) json.text += text_[at_++];
      if (json.text != "null") json.kind = Json::Kind::Bool;
      if (json.text == "null") json.text.clear();
    } else {
      json.kind = Json::Kind::Number;
      while (peek() != '\0' && std::string_view("+-.0123456789eE").find(peek()) != std::string_view::npos) {
        json.text += text_[at_++];
      }
      if (json.text.empty()) bad("expected a value");
      json.number = std::strtod(json.text.c_str(), nullptr);
    }
    return json;
  }

  Json object() {
    Json json;
    json.kind = Json::Kind::Object;
    expect('{');
    if (take('}')) return json;
    do {
      space();
      std::string key = string();
      expect(':');
      json.members.emplace_back(std::move(key), value());
    } while (take(','));
    expect('}');
    return json;
  }

  Json array() {
    Json json;
    json.kind = Json::Kind::Array;
    expect('[');
    if (take(']')) return json;
    do {
      json.items.push_back(value());
    } while (take(','));
    expect(']');
    return json;
  }

  unsigned hex4() {
    const std::string digits(text_.substr(at_, 4));
    at_ += 4;
    return static_cast<unsigned>(std::strtoul(digits.c_str(), nullptr, 16));
  }

  void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0 | code >> 6);
      put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      put(0xe0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3f));
      put(0x80 | (code & 0x3f));
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
      put(0x80 | (code >> 6 & 0x3f));
      put(0x80 | (code & 0x3f));
    }
  }

  void escape(std::string& out) {
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        out += '\n';
        return;
      case 't':
        out += '\t';
        return;
      case 'r':
        out += '\r';
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case 'u':
        break;
      default:
        out += c;
        return;
    }
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      code = 0x10000 + ((code - 0xd800) << 10) + (hex4() - 0xdc00);
    }
    append_utf8(out, code);
  }

  std::string string() {
    expect('"');
    std::string out;
    while (peek() != '"') {
      if (at_ >= text_.size()) bad("unterminated string");
      if (peek() == '\\') {
        ++at_;
        escape(out);
      } else {
        out += text_[at_++];
      }
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Json parse_json(std::string_view text) { return Parser(text).document(); }

}  // namespace kubevigil::oracle
