#include "engine/codec/gzip_block.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/codec/decompress.h"

namespace kubevigil {
namespace {

std::string unpacked(const std::string& bytes) {
  const auto whole = unpack(bytes, 2'000'000);
  EXPECT_TRUE(whole) << (whole ? "" : whole.error().message);
  return whole ? whole->bytes : "";
}

TEST(GzipBlock, ComesBack) {
  std::mt19937_64 random(7);
  for (const size_t size : {0u, 1u, 100u, 65'535u, 65'536u, 1'000'000u}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    EXPECT_EQ(unpacked(gzip_compress_block(noise)), noise) << size;
    EXPECT_EQ(unpacked(gzip_compress_block(std::string(size, 'a'))), std::string(size, 'a')) << size;
  }
  EXPECT_LT(gzip_compress_block(std::string(1'000'000, 'a')).size(), 20'000u);
}

}  // namespace
}  // namespace kubevigil
