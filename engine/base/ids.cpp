#include "engine/base/ids.h"

#include "engine/base/hash.h"

namespace kubevigil {

std::string length_prefixed(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) {
    out += std::to_string(part.size());
    out += ':';
    out += part;
  }
  return out;
}

std::string uuid_v8(std::string_view bytes) {
  std::string hex = sha256_hex(bytes).substr(0, 32);
  hex[12] = '8';                                                                // version 8: our own scheme
  hex[16] = "89ab"[(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10) & 3];  // variant 10
  for (size_t at : {8, 13, 18, 23}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace kubevigil
