// JsonWriter: JSON text in one pass, members in the order in which they are written. The caller balances begin and
// end; nothing else can go wrong. Texts are escaped, ill-formed UTF-8 becomes U+FFFD.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool b);
  JsonWriter& value(double number);  // whole numbers without a fraction; not finite: null
  template <std::integral T>
  JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  JsonWriter& raw(std::string_view json);  // already JSON

  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& member(std::string_view name, const std::vector<std::string>& texts);
  // Left out when empty.
  JsonWriter& optional(std::string_view name, std::string_view text);
  JsonWriter& optional(std::string_view name, const std::vector<std::string>& texts);

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
  bool comma_ = false;  // a value stands before the place where the next one goes
};

}  // namespace kubevigil
