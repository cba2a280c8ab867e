#include "engine/match/intern_table.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

TEST(InternTable, FindsWhatWasAdded) {
  InternTable table(2, {});
  EXPECT_TRUE(table.find("").empty());
  for (uint64_t i = 0; i < 5000; ++i) {
    const auto bits = table.add("value-" + std::to_string(i));
    EXPECT_EQ(bits[0] | bits[1], 0u);
    bits[0] = i;
    bits[1] = ~i;
  }
  table.add("")[0] = 77;
  for (uint64_t i = 0; i < 5000; ++i) {
    const auto bits = table.find("value-" + std::to_string(i));
    ASSERT_EQ(bits.size(), 2u);
    EXPECT_EQ(bits[0], i);
    EXPECT_EQ(bits[1], ~i);
  }
  EXPECT_EQ(table.find("")[0], 77u);
  EXPECT_TRUE(table.find("value-5000").empty());
  EXPECT_TRUE(table.find("value-").empty());
}

TEST(InternTable, StaysBounded) {
  InternTable table(1, {});
  for (size_t i = 0; i < 2 * limits::kInternedValues + 10; ++i) table.add(std::to_string(i))[0] = i;
  EXPECT_EQ(table.clears(), 2u);
  EXPECT_EQ(table.size(), 10u);
  EXPECT_TRUE(table.find("0").empty());
  EXPECT_EQ(table.find(std::to_string(2 * limits::kInternedValues))[0], 2 * limits::kInternedValues);
}

// With this key the hash of 16 bytes is that of their halves' exclusive or.
TEST(InternTable, CollidingValuesAreBounded) {
  InternTable table(1, HashKey{0, 0});
  const auto colliding = [](size_t i) {
    std::string value = std::to_string(10'000'000 + i);
    for (size_t k = 0; k < 8; ++k) value += static_cast<char>(value[k] ^ 0x5a);
    return value;
  };
  constexpr size_t kValues = 20'000;
  for (size_t i = 0; i < kValues; ++i) {
    table.add(colliding(i))[0] = i + 1;
    ASSERT_FALSE(table.find(colliding(i)).empty());
    EXPECT_EQ(table.find(colliding(i))[0], i + 1);
  }
  EXPECT_LE(table.size(), 200u);
  EXPECT_GE(table.clears(), kValues / 200);
}

TEST(InternTable, LongValuesAreBoundedByBytes) {
  InternTable table(1, {}, 64 << 10);
  for (size_t i = 0; i < 1000; ++i) table.add(std::to_string(i) + std::string(500, 'x'));
  EXPECT_GE(table.clears(), 6u);
  EXPECT_LE(table.size(), 128u);
  EXPECT_FALSE(table.find("999" + std::string(500, 'x')).empty());
}

}  // namespace
}  // namespace kubevigil
