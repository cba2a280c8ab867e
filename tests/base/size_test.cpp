#include "engine/base/size.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(Size, WhatPeopleWrite) {
  struct Case {
    std::string_view text;
    std::optional<uint64_t> bytes;
  };
  const Case cases[] = {
      {"0", 0},
      {"500", 500},
      {"500B", 500},
      {"10GB", 10'000'000'000},
      {"256MiB", 256u << 20},
      {"256mib", 256u << 20},
      {"1KB", 1000},
      {"1TiB", 1ull << 40},
      {"9223372036854775807", 9223372036854775807ull},
      {"9223372036854775808", std::nullopt},
      {"8388607TiB", 8388607ull << 40},
      {"8388608TiB", std::nullopt},
      {"10G", std::nullopt},
      {"10 GB", std::nullopt},
      {"1.5GB", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"GB", std::nullopt},
      {"", std::nullopt},
      {"99999999999999999999", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_size(c.text), c.bytes) << c.text;
}

TEST(Size, TheShortestExactSpellingReadsBack) {
  const std::pair<uint64_t, std::string> cases[] = {
      {0, "0"},
      {1, "1"},
      {1000, "1kB"},
      {1024, "1KiB"},
      {1025, "1025"},
      {256u << 20, "256MiB"},
      {10'000'000'000, "10GB"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(format_size(bytes), text);
    EXPECT_EQ(parse_size(text), bytes);
  }
}

}  // namespace
}  // namespace kubevigil
