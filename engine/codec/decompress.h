// Decompression by content: gzip (RFC 1952, many members one after another), zstd (RFC 8878, many frames,
// skippable frames) and everything else passed through as it is. What is known to be something else (xz, bzip2, lz4,
// zip, UTF-16) gives nothing and ends as StreamEnd::Foreign: as text it would be thousands of bad lines and no reason.
// Names and suffixes mean nothing here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/codec/byte_stream.h"

namespace kubevigil {

// How many layers of compression are taken off: CloudWatch data is gzip already and Firehose may gzip it again.
inline constexpr int kCompressionLayers = 3;

struct DecompressLimits {
  uint64_t ratio = limits::kDecompressRatio;  // output over input of the whole chain
  uint64_t free_output = 64u << 20;           // output below this is never held against the ratio
};

// Takes the stream and gives its content. Zero padding behind a member is accepted, and told in the message. Other
// bytes there (StreamEnd::Garbage) and members that are broken (StreamEnd::Corrupt) are left out and counted; reading
// goes on with the next member. `compression` becomes the name of the outermost layer: "", "gzip" or "zstd".
std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> source, DecompressLimits limits = {},
                                         std::string* compression = nullptr);

bool is_gzip(std::string_view bytes);
bool is_zstd(std::string_view bytes);

// A whole compressed payload in memory (CloudWatch, Pub/Sub, Firehose). Fails beyond `max_bytes` of output. Of a
// payload that is cut or broken: what there is, and `end` says so.
struct Unpacked {
  std::string bytes;
  StreamStatus end;
};
Result<Unpacked> unpack(std::string_view bytes, size_t max_bytes);

}  // namespace kubevigil
