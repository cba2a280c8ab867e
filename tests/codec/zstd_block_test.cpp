#include "engine/codec/zstd_block.h"

#include <gtest/gtest.h>

#include <random>

namespace kubevigil {
namespace {

TEST(ZstdBlock, ThereAndBack) {
  std::mt19937_64 random(1);
  for (const size_t size : {0, 1, 1000, 262'144}) {
    for (const bool noise : {false, true}) {
      std::string block(size, 'a');
      if (noise) {
        for (char& c : block) c = static_cast<char>(random());
      }
      std::string frame = "in front", back = "old";
      ASSERT_TRUE(zstd_compress_block(block, frame));
      ASSERT_TRUE(zstd_decompress_block(std::string_view(frame).substr(8), size, back));
      EXPECT_EQ(back, block);
      EXPECT_EQ(frame.substr(0, 8), "in front");
    }
  }
}

TEST(ZstdBlock, AnotherSizeOrOtherBytesFail) {
  std::string frame, back;
  ASSERT_TRUE(zstd_compress_block(std::string(1000, 'a'), frame));
  EXPECT_FALSE(zstd_decompress_block(frame, 999, back)) << "more than there is room for";
  EXPECT_FALSE(zstd_decompress_block(frame, 1001, back));
  EXPECT_FALSE(zstd_decompress_block(frame.substr(0, frame.size() - 1), 1000, back));
  EXPECT_FALSE(zstd_decompress_block("no zstd", 1000, back));
}

}  // namespace
}  // namespace kubevigil
