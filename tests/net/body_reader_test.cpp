// Bodies out of bytes in pieces of every size, and chunked encodings that are refused.
#include "engine/net/body_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kubevigil {
namespace {

struct Outcome {
  std::string body, rest;
  bool done = false, failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome read_in_pieces(BodyReader reader, const std::string& bytes, size_t piece_size) {
  Outcome out;
  for (size_t at = 0; at < bytes.size(); at += piece_size) {
    std::string_view input = std::string_view(bytes).substr(at, piece_size);
    while (!input.empty() && !reader.done()) {
      const auto piece = reader.next(input);
      if (!piece) {
        out.failed = true;
        return out;
      }
      out.body.append(*piece);
    }
    out.rest.append(input);
  }
  out.done = reader.done();
  EXPECT_EQ(reader.received(), out.body.size());
  return out;
}

void expect_outcome(const BodyReader& reader, const std::string& bytes, const Outcome& expected) {
  for (size_t size = 1; size <= bytes.size(); ++size) {
    const Outcome got = read_in_pieces(reader, bytes, size);
    EXPECT_EQ(got, expected) << "pieces of " << size << " of: " << bytes << "\nbody: " << got.body;
  }
}

TEST(BodyReader, ContentLength) {
  expect_outcome(BodyReader(5), "helloGET /", {"hello", "GET /", true});
  expect_outcome(BodyReader(5), "hell", {"hell", "", false});
  expect_outcome(BodyReader(0), "x", {"", "x", true});
  EXPECT_TRUE(BodyReader().done());
}

TEST(BodyReader, Chunked) {
  const std::string many_zeros(15, '0');
  const std::pair<std::string, Outcome> rows[] = {
      {"5\r\nhello\r\n0\r\n\r\nNEXT", {"hello", "NEXT", true}},
      {"1\r\na\r\n00B\r\nbcdefghijkl\r\n0\r\n\r\n", {"abcdefghijkl", "", true}},
      {"a\r\n0123456789\r\n0\r\n\r\n", {"0123456789", "", true}},
      {"2;name=\"v\"\r\n\r\n\r\n0;end\r\nTrailer: x\r\nOther:\r\n\r\nZ", {"\r\n", "Z", true}},
      {"0\r\n\r\n", {"", "", true}},
      {many_zeros + "\r\n\r\n", {"", "", true}},
      {"5\r\nhel", {"hel", "", false}},
      {"5\r\nhello\r\n0\r\n", {"hello", "", false}},
  };
  for (const auto& [bytes, expected] : rows) expect_outcome(BodyReader::chunked(), bytes, expected);
}

TEST(BodyReader, BrokenChunks) {
  const std::string rows[] = {
      "\r\n",
      "g\r\n",
      "-1\r\n",
      "+1\r\n",
      " 1\r\n",
      "0x1\r\n",
      "1 \r\n",
      "1\n",
      "1\ra",
      "\n",
      ";x\r\n",
      "1;x\ny\r\n",
      "1;x\x01\r\n",
      "1\r\nab\r\n",
      "1\r\na\n",
      "1\r\na\rb",
      "1\r\na0\r\n\r\n",
      "0\r\nX\n",
      "0\r\n folded\r\n",
      "0\r\nA: b\r\n folded\r\n",
      "0\r\n\ra",
      "0\r\nX: \x02\r\n\r\n",
      "0\r\nA\rb",
      "1000000000000000\r\n",
      "ffffffffffffffffff\r\n",
      "1;" + std::string(256, 'x') + "\r\n",
      "0\r\nX: " + std::string(8200, 'x') + "\r\n",
  };
  for (const std::string& bytes : rows) {
    for (size_t size : {size_t{1}, size_t{2}, bytes.size()}) {
      EXPECT_TRUE(read_in_pieces(BodyReader::chunked(), bytes, size).failed) << bytes << " in pieces of " << size;
    }
  }
}

}  // namespace
}  // namespace kubevigil
