// GoJson: appends JSON the way Go's encoding/json writes it for kube-apiserver: no white space, and `&`, `<`, `>`,
// U+2028, U+2029 as \u escapes. Apart from escaping it trusts its caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kubevigil::bench {

class GoJson {
 public:
  explicit GoJson(std::string& out) : out_(out) {}

  GoJson& open(char bracket) {  // '{' or '['
    separate();
    out_ += bracket;
    return *this;
  }
  GoJson& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  GoJson& key(std::string_view name);
  GoJson& text(std::string_view value);
  GoJson& number(uint64_t value);
  GoJson& raw(std::string_view json);

  GoJson& open(std::string_view name, char bracket) { return key(name).open(bracket); }
  GoJson& member(std::string_view name, std::string_view value) { return key(name).text(value); }
  GoJson& member(std::string_view name, uint64_t value) { return key(name).number(value); }
  GoJson& raw_member(std::string_view name, std::string_view json) { return key(name).raw(json); }

 private:
  // A comma is due unless a bracket, a key or a line has just begun; a text always ends with its quote.
  void separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
  }
  std::string& out_;
};

}  // namespace kubevigil::bench
