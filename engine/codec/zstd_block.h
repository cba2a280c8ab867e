// One block of bytes as one zstd frame and back, whole in memory: for blocks of known, small size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kubevigil {

// Appends the frame to `out`. Level 1: hundreds of MB a second, audit events become a tenth. Each thread keeps one
// compressor. Fails only for want of memory.
Result<void> zstd_compress_block(std::string_view block, std::string& out);

// Replaces `out` by the content. Fails unless it is exactly `size` bytes; takes no more memory than that, whatever the
// frame says.
Result<void> zstd_decompress_block(std::string_view frame, size_t size, std::string& out);

}  // namespace kubevigil
