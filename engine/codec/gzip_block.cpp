#include "engine/codec/gzip_block.h"

#include <isa-l/igzip_lib.h>

#include <cassert>
#include <cstdint>

namespace kubevigil {

std::string gzip_compress_block(std::string_view block) {
  constexpr size_t kStored = 65535, kAround = 64;  // what does not shrink is stored in blocks of kStored, 5 bytes each
  std::string out(block.size() + (block.size() / kStored + 1) * 5 + kAround, '\0');
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  // The library takes a non-const input pointer but only reads through it.
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(block.data()));
  stream.avail_in = static_cast<uint32_t>(block.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  const int done = isal_deflate_stateless(&stream);
  assert(done == COMP_OK);
  (void)done;
  out.resize(stream.total_out);
  return out;
}

}  // namespace kubevigil
