#include "engine/codec/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace kubevigil {

uint32_t crc32c(std::string_view bytes, uint32_t before) {
  constexpr size_t kPiece = 1u << 30;  // ISA-L takes an int
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), kPiece);
    auto* begin = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));  // it only reads
    state = crc32_iscsi(begin, static_cast<int>(n), state);
    bytes.remove_prefix(n);
  }
  return ~state;
}

}  // namespace kubevigil
