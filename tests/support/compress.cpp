#include "tests/support/compress.h"

#include <zstd.h>

#include "engine/codec/gzip_block.h"

namespace kubevigil::test {

std::string gzip(std::string_view bytes) { return gzip_compress_block(bytes); }

std::string zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

}  // namespace kubevigil::test
