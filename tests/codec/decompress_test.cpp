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

TEST(Decompress, WhatIsNotReadIsNamed) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, const char*> cases[] = {{"\xFD"
                                                             "7zXZ\0rest"sv,
                                                             "xz -dc"},
                                                            {"BZh91AY&SY", "bzip2 -dc"},
                                                            {"\x04\x22\x4D\x18rest", "lz4 -dc"},
                                                            {"PK\x03\x04rest", "unzip -p"},
                                                            {"\xFF\xFE{\0\"\0"sv, "utf-16 "},
                                                            {"\xFE\xFF\0{\0\""sv, "utf-16 "},
                                                            {"{\0\"\0k\0"sv, "utf-16le"},
                                                            {"\0{\0\"\0k"sv, "utf-16be"}};
  for (const auto& [input, way_out] : cases) {
    for (const std::string& bytes : {std::string(input), gzip(input)}) {
      const Outcome outcome = run(bytes, 1);
      EXPECT_EQ(outcome.bytes, "") << way_out;
      EXPECT_EQ(outcome.end, StreamEnd::Foreign) << way_out;
      EXPECT_NE(outcome.message.find(way_out), std::string::npos) << outcome.message;
    }
  }
  // Text all the same: a hole in a file, a byte order mark of UTF-8, words that begin alike.
  for (const std::string_view text : {"\0\0\0\0{}"sv, "{\0\0\0}"sv, "\0{}\n\0"sv, "\xEF\xBB\xBF{}"sv, "PK"sv, "BZ"sv}) {
    EXPECT_EQ(run(text).bytes, text);
    EXPECT_EQ(run(text).end, StreamEnd::Complete);
  }
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

// All that a decoder can know of a file that ends at `size`: of zstd whole blocks, of gzip all but a few bytes.
TEST(Decompress, AnyCutGivesAllBeforeTheCut) {
  const std::string text = lines(20'000);
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    const std::string two = packed + packed;
    size_t most = 0;
    for (size_t size = 4; size < two.size(); size += size < 40 || two.size() - size < 40 ? 1 : 2999) {
      const Outcome got = run(std::string_view(two).substr(0, size), 1 << 20, size % 2 == 0 ? 4096 : 1 << 20);
      EXPECT_EQ(got.end, StreamEnd::CutOff) << size;
      EXPECT_TRUE(got.bytes == (text + text).substr(0, got.bytes.size())) << size;
      EXPECT_GT(got.bytes.size() + (200 << 10), size * (text.size() / packed.size())) << size;
      EXPECT_GE(got.bytes.size(), most) << size;
      most = got.bytes.size();
    }
    const Outcome last = run(std::string_view(two).substr(0, two.size() - 1));
    EXPECT_GT(last.bytes.size() + (128 << 10), 2 * text.size());
    EXPECT_NE(last.message.find("member 2"), std::string::npos) << last.message;
    EXPECT_EQ(run(packed).end, StreamEnd::Complete);
    for (size_t more = 1; more < 6; ++more) {  // part of the magic bytes, then part of a header
      const Outcome got = run(std::string_view(two).substr(0, packed.size() + more));
      EXPECT_NE(got.end, StreamEnd::Complete) << more;
      EXPECT_TRUE(got.bytes == text) << more;
    }
  }
}

TEST(Decompress, WhatStandsBetweenAndBehindMembers) {
  const std::string strange = "\x1F\x8B\x07no member\x28\xB5\x2F\x1F\x8B\x08\xFF";
  const struct {
    std::string input;
    std::string output;
    StreamEnd end;
    const char* message;
  } cases[] = {
      {gzip("text") + std::string(70'000, '\0'), "text", StreamEnd::Complete, "70000 zero bytes"},
      {zstd("text") + std::string(3, '\0'), "text", StreamEnd::Complete, "3 zero bytes"},
      {gzip("text") + std::string(5, '\0') + zstd("more"), "textmore", StreamEnd::Complete, "5 zero bytes"},
      {gzip("text") + "and so on", "text", StreamEnd::Garbage, "member 1, near byte 27"},
      {gzip("text") + "and so on", "text", StreamEnd::Garbage, "; 9 bytes were left out"},
      {gzip("text") + "x", "text", StreamEnd::Garbage, "; 1 bytes were left out"},
      {gzip("text") + strange + gzip("more"), "textmore", StreamEnd::Garbage, "; 19 bytes were left out"},
      {zstd("text") + strange + zstd("more") + "!", "textmore", StreamEnd::Garbage, "; 20 bytes were left out"},
      {gzip("text") + std::string(512, '\0') + "end", "text", StreamEnd::Garbage, "near byte 539"},
  };
  for (const auto& c : cases) {
    for (const size_t step : {1, 5, 1 << 20}) {
      const Outcome got = run(c.input, step);
      EXPECT_EQ(got.bytes, c.output) << got.message;
      EXPECT_EQ(got.end, c.end) << got.message;
      EXPECT_NE(got.message.find(c.message), std::string::npos) << got.message;
    }
  }
}

// A broken member costs itself from the break on; those behind it are read.
TEST(Decompress, CorruptData) {
  const std::string text = lines(20'000);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (const size_t broken : {whole.size() / 4, whole.size() / 2}) {
      std::string packed = whole;
      for (size_t i = 0; i < 8; ++i) packed[broken + i] = static_cast<char>(packed[broken + i] ^ 0x55);
      const Outcome got = run(packed + gzip("the next") + zstd("and the next"));
      EXPECT_EQ(got.end, StreamEnd::Corrupt) << broken;
      EXPECT_TRUE(got.bytes.ends_with("the nextand the next")) << broken << " " << got.message;
      const size_t before = broken > whole.size() / 3 ? text.size() / 4 : 0;
      EXPECT_TRUE(got.bytes.substr(0, before) == text.substr(0, before)) << broken;
    }
  }
  std::string wrong_sum = gzip(text);
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  const Outcome got = run(wrong_sum + gzip("more"));
  EXPECT_EQ(got.end, StreamEnd::Corrupt);
  EXPECT_TRUE(got.bytes == text + "more");
  EXPECT_NE(got.message.find("checksum in compressed member 1"), std::string::npos) << got.message;
}

TEST(Decompress, RatioIsBounded) {
  const std::string bomb = zstd(std::string(4 << 20, '\0'));
  DecompressLimits limits;
  limits.ratio = 100;
  limits.free_output = 1 << 20;
  const Outcome got = run(bomb, 1 << 20, 4096, limits);
  EXPECT_EQ(got.end, StreamEnd::Ratio);
  EXPECT_LE(got.bytes.size(), (1u << 20) + (128u << 10));
  limits.free_output = 8 << 20;
  EXPECT_EQ(run(bomb, 1 << 20, 4096, limits).end, StreamEnd::Complete);
}

TEST(Decompress, UnpackInMemory) {
  EXPECT_EQ(unpack(gzip("payload"), 100).value().bytes, "payload");
  EXPECT_EQ(unpack(gzip("payload"), 100).value().end.end, StreamEnd::Complete);
  EXPECT_FALSE(unpack(gzip("payload"), 6).has_value());
  const auto cut = unpack(gzip("payload").substr(0, 24), 100);
  EXPECT_EQ(cut.value().bytes, "payload");
  EXPECT_EQ(cut.value().end.end, StreamEnd::CutOff);
  EXPECT_EQ(unpack("plain", 100).value().bytes, "plain");
}

}  // namespace
}  // namespace kubevigil
