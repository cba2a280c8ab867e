#include "engine/event/part_joiner.h"

#include <gtest/gtest.h>

#include <vector>

namespace kubevigil {
namespace {

class Collected final : public RecordSink {
 public:
  void record(const Piece& piece) override {
    records.push_back(std::to_string(piece.position.line) + " " + std::string(piece.text));
  }
  void bad(BadRecord) override {}
  std::vector<std::string> records;
};

std::vector<std::string> join(const std::vector<std::string>& lines, size_t record_bytes = limits::kRecordBytes) {
  Collected out;
  PartJoiner joiner(out, record_bytes);
  uint64_t number = 0;
  for (const std::string& line : lines) joiner.record({line, {0, 0, ++number}});
  joiner.finish();
  return out.records;
}

using Lines = std::vector<std::string>;

TEST(PartJoiner, CriPartsOfTwoStreams) {
  EXPECT_EQ(join({"2024-05-01T10:00:00.1Z stdout P {\"a\":", "2024-05-01T10:00:00.2Z stderr F noise",
                  "2024-05-01T10:00:00.3Z stderr P x", "2024-05-01T10:00:00.4Z stdout P  1",
                  "2024-05-01T10:00:00.5Z stdout F }", "2024-05-01T10:00:00.6Z stderr F y",
                  "2024-05-01T10:00:00.7Z stdout F whole"}),
            (Lines{"2 2024-05-01T10:00:00.2Z stderr F noise", "1 2024-05-01T10:00:00.1Z stdout F {\"a\": 1}",
                   "3 2024-05-01T10:00:00.3Z stderr F xy", "7 2024-05-01T10:00:00.7Z stdout F whole"}));
}

TEST(PartJoiner, PartsWithoutAnEndAndOtherLines) {
  EXPECT_EQ(join({"2024-05-01T10:00:00Z stdout P {\"a\"", "{\"b\":1}", "2024 text"}),
            (Lines{"2 {\"b\":1}", "3 2024 text", "1 2024-05-01T10:00:00Z stdout F {\"a\""}));
  EXPECT_EQ(
      join({"2024-05-01T10:00:00Z stdout", "2024-05-01T10:00:00Z stdout ", "2024-05-01T10:00:00Z stdout X y"}).size(),
      3u);
  EXPECT_EQ(join({"2024-05-01T10:00:00Z stdout F"}), (Lines{"1 2024-05-01T10:00:00Z stdout F"}));
}

TEST(PartJoiner, DockerPartsAreLongAndUnfinished) {
  const std::string part(16 << 10, 'x');
  const std::string tail = R"(","stream":"stdout","time":"2024-05-01T10:00:00Z"})";
  EXPECT_EQ(join({"{\"log\":\"" + part + tail, "{\"log\":\"end\\n" + tail}),
            (Lines{"1 {\"log\":\"" + part + "end\\n" + tail}));
  // Short lines without a line feed come from shippers that trim it.
  EXPECT_EQ(join({"{\"log\":\"a" + tail, "{\"log\":\"b\\n" + tail}).size(), 2u);
}

TEST(PartJoiner, JoinedLinesAreBounded) {
  const Lines got = join({"2024-05-01T10:00:00Z stdout P " + std::string(80, 'a'),
                          "2024-05-01T10:00:00Z stdout P " + std::string(80, 'b'), "2024-05-01T10:00:00Z stdout F c"},
                         100);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_LE(got[0].size(), 110u);
}

}  // namespace
}  // namespace kubevigil
