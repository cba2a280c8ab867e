#include "engine/codec/zstd_block.h"

#include <fmt/format.h>
#include <zstd.h>

#include <memory>

namespace kubevigil {
namespace {

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

Result<void> zstd_compress_block(std::string_view block, std::string& out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  const size_t before = out.size();
  out.resize(before + ZSTD_compressBound(block.size()));
  const size_t n =
      ZSTD_compressCCtx(context.get(), out.data() + before, out.size() - before, block.data(), block.size(), 1);
  out.resize(before + (ZSTD_isError(n) ? 0 : n));
  if (ZSTD_isError(n)) return fail(std::string("cannot compress: ") + ZSTD_getErrorName(n));
  return {};
}

Result<void> zstd_decompress_block(std::string_view frame, size_t size, std::string& out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  out.resize(size);
  const size_t n = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(n)) return fail(std::string("invalid zstd block: ") + ZSTD_getErrorName(n));
  if (n != size) return fail(fmt::format("zstd block of {} bytes, {} were expected", n, size));
  return {};
}

}  // namespace kubevigil
