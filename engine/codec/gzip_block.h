// One block of bytes as a gzip file (RFC 1952), whole in memory: bodies of requests.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil {

// The fastest level: alerts become a fifth. The same bytes for the same block. Blocks below 4 GiB.
std::string gzip_compress_block(std::string_view block);

}  // namespace kubevigil
