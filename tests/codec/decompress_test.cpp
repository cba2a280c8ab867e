#include "engine/codec/decompress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/compress.h"

namespace kubevigil {
namespace {

using test::gzip;
using test::zstd;

// Gives at most `step` bytes a read, to show that piece borders mean nothing.
class SlowStream final : public ByteStream {
 public:
  SlowStream(std::string_view bytes, size_t step) : inner_(bytes), step_(step) {}
  size_t read(std::span<char> out) override { return inner_.read(out.first(std::min(step_, out.size()))); }
  const StreamStatus& status() const override { return inner_.status(); }
  uint64_t raw_bytes() const override { return inner_.raw_bytes(); }

 private:
  MemoryStream inner_;
  size_t step_;
};

struct Outcome {
  std::string bytes;
  StreamEnd end;
  std::string message;
};

Outcome run(std::string_view input, size_t in_step = 1 << 20, size_t out_step = 4096, DecompressLimits limits = {}) {
  const auto stream = decompressed(std::make_unique<SlowStream>(input, in_step), limits);
  Outcome outcome;
  std::string piece(out_step, '\0');
  while (const size_t n = stream->read(piece)) outcome.bytes.append(piece, 0, n);
  outcome.end = stream->status().end;
  outcome.message = stream->status().message;
  return outcome;
}

std::string lines(size_t count, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "{\"n\":" + std::to_string(random()) + ",\"text\":\"the same again\"}\n";
  return out;
}

TEST(Decompress, ContentIsKnownByItsFirstBytes) {
  const std::string text = lines(3000);
  const struct {
    const char* name;
    std::string input;
    std::string output;
  } cases[] = {
      {"plain", text, text},
      {"empty", "", ""},
      {"one byte", "x", "x"},
      {"gzip", gzip(text), text},
      {"zstd", zstd(text), text},
      {"gzip members", gzip(text) + gzip("more") + gzip("") + gzip(text), text + "more" + text},
      {"zstd frames", zstd(text) + zstd("more"), text + "more"},
      {"mixed members", gzip("a") + zstd("b") + gzip("c"), "abc"},
      {"gzip in gzip", gzip(gzip(text) + gzip(text)), text + text},
      {"zstd in gzip", gzip(zstd(text)), text},
      {"skippable frame first", std::string("\x50\x2A\x4D\x18\x03\x00\x00\x00", 8) + "abc" + zstd(text), text},
  };
  for (const auto& c : cases) {
    for (const size_t in_step : {1, 2, 3, 7, 64, 1 << 20}) {
      for (const size_t out_step : {1, 13, 4096, 1 << 20}) {
        const Outcome got = run(c.input, in_step, out_step);
        ASSERT_EQ(got.bytes, c.output) << c.name << " in " << in_step << " out " << out_step << " " << got.message;
        ASSERT_EQ(got.end, StreamEnd::Complete) << c.name << got.message;
      }
    }
  }
}

TEST(Decompress, CutFileGivesAllBeforeTheCut) {
  const std::string text = lines(20'000);
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    const std::string two = packed + packed;
    const Outcome got = run(std::string_view(two).substr(0, packed.size() + packed.size() / 2));
    EXPECT_EQ(got.end, StreamEnd::CutOff);
    EXPECT_GT(got.bytes.size(), text.size());
    EXPECT_EQ(got.bytes, (text + text).substr(0, got.bytes.size()));
    EXPECT_NE(got.message.find("member 2"), std::string::npos) << got.message;
  }
  const std::string packed = gzip(text);
  for (const size_t cut : {3, 9, 12, 100})
    EXPECT_EQ(run(std::string_view(packed).substr(0, cut)).end, StreamEnd::CutOff);
  EXPECT_EQ(run(std::string_view(packed).substr(0, packed.size() - 4)).bytes, text);  // cut in the trailer
  EXPECT_EQ(run(std::string_view(packed).substr(0, packed.size() - 4)).end, StreamEnd::CutOff);
}

TEST(Decompress, WhatFollowsTheLastMember) {
  const std::string packed = gzip("text");
  const Outcome padded = run(packed + std::string(70'000, '\0'));
  EXPECT_EQ(padded.end, StreamEnd::Complete);
  EXPECT_EQ(padded.bytes, "text");
  EXPECT_NE(padded.message.find("70000 zero bytes"), std::string::npos) << padded.message;
  EXPECT_EQ(run(packed + std::string(5, '\0') + gzip("more"), 1).bytes, "textmore");
  const Outcome garbage = run(packed + "and so on");
  EXPECT_EQ(garbage.end, StreamEnd::Garbage);
  EXPECT_EQ(garbage.bytes, "text");
}

TEST(Decompress, CorruptData) {
  const std::string text = lines(5000);
  for (std::string packed : {gzip(text), zstd(text)}) {
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    const Outcome got = run(packed);
    EXPECT_TRUE(got.end == StreamEnd::Corrupt || got.bytes != text);
    EXPECT_NE(got.end, StreamEnd::Complete);
  }
  std::string wrong_sum = gzip(text);
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  EXPECT_EQ(run(wrong_sum).end, StreamEnd::Corrupt);
}

TEST(Decompress, RatioIsBounded) {
  const std::string bomb = zstd(std::string(4 << 20, '\0'));
  DecompressLimits limits;
  limits.ratio = 100;
  limits.free_output = 1 << 20;
  const Outcome got = run(bomb, 1 << 20, 4096, limits);
  EXPECT_EQ(got.end, StreamEnd::Ratio);
  EXPECT_LT(got.bytes.size(), (1u << 20) + 8192);
  limits.free_output = 8 << 20;
  EXPECT_EQ(run(bomb, 1 << 20, 4096, limits).end, StreamEnd::Complete);
}

TEST(Decompress, GunzipInMemory) {
  EXPECT_EQ(gunzip(gzip("payload"), 100).value(), "payload");
  EXPECT_FALSE(gunzip(gzip("payload"), 6).has_value());
  EXPECT_FALSE(gunzip(gzip("payload").substr(0, 12), 100).has_value());
  EXPECT_EQ(gunzip("plain", 100).value(), "plain");
}

}  // namespace
}  // namespace kubevigil
