// Compression for tests: one gzip member or zstd frame around the given bytes.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil::test {

std::string gzip(std::string_view bytes);
std::string zstd(std::string_view bytes);

}  // namespace kubevigil::test
