// Taking numbers and texts off the front of a record's payload. What is missing is 0 or empty, and `bad` is set.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/run/segment_format.h"

namespace kubevigil {

struct RecordBytes {
  std::string_view rest;
  bool bad = false;

  std::string_view take(uint64_t n) {
    bad = bad || rest.size() < n;
    if (bad) return {};
    const std::string_view taken = rest.substr(0, n);
    rest.remove_prefix(n);
    return taken;
  }
  uint32_t u32() {
    const std::string_view bytes = take(4);
    return bad ? 0 : get_u32(bytes, 0);
  }
  uint64_t u64() {
    const std::string_view bytes = take(8);
    return bad ? 0 : get_u64(bytes, 0);
  }
  std::string text() { return std::string(take(u32())); }
};

// A u32 length and the bytes.
inline void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<uint32_t>(text.size()));
  out += text;
}

}  // namespace kubevigil
