#include "engine/app/quarantine.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPath = "/data/bad-records.jsonl";
constexpr uint64_t kBytes = 100'000;

BadRecord bad(const std::string& text, uint64_t offset = 12) {
  return {BadReason::NotJson, {0, offset, 3}, "why", text, 0};
}

std::vector<BadRecord> many(size_t count, const std::string& text) {
  std::vector<BadRecord> out;
  for (size_t i = 0; i < count; ++i) out.push_back(bad(text, i));
  return out;
}

class QuarantineTest : public testing::Test {
 protected:
  QuarantineTest() { EXPECT_TRUE(disk.make_folder("/data")); }
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    for (const std::string& file : disk.paths()) {
      std::string text = disk.content(file);
      for (size_t end = text.find('\n'); end != text.npos; text.erase(0, end + 1), end = text.find('\n')) {
        out.push_back(text.substr(0, end));
      }
    }
    return out;
  }
  test::SimulatedDisk disk;
};

TEST_F(QuarantineTest, KeepsBeginningsWithoutSecrets) {
  Quarantine quarantine(disk, kPath, Redactor());
  quarantine.add("webhook/x", std::vector{bad("token=abcdef123 \n\x1b[2J")}, Timestamp{});
  ASSERT_EQ(lines().size(), 1u);
  const std::string line = lines().front();
  EXPECT_THAT(line, Not(HasSubstr("abcdef123")));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, HasSubstr(R"("stream":"webhook/x","reason":"not-json","message":"why","offset":12,"line":3)"));
}

TEST_F(QuarantineTest, EveryMessageOfKafkaIsToldWithItsPlace) {
  constexpr size_t kMessages = 5000;
  Quarantine quarantine(disk, kPath, Redactor());
  quarantine.add("kafka/main/audit-prod/7", many(kMessages, "x"), Timestamp{});
  const std::vector<std::string> all = lines();
  ASSERT_EQ(all.size(), kMessages);
  for (size_t i = 0; i < kMessages; ++i) {
    const std::string place = R"("topic":"audit-prod","partition":7,"reason":"not-json","message":"why","offset":)";
    ASSERT_THAT(all[i], HasSubstr(place + std::to_string(i) + ","));
    ASSERT_EQ(all[i].find(R"("text":"x")") != std::string::npos, i < kQuarantinedTexts) << all[i];
  }
  EXPECT_EQ(quarantine.counts().texts_left_out, kMessages - kQuarantinedTexts);
  EXPECT_EQ(quarantine.counts().rotated, 0u);
  EXPECT_EQ(quarantine.counts().unwritten, 0u);
}

TEST_F(QuarantineTest, IsBoundedAndCountsWhatIsGone) {
  constexpr size_t kEach = 50;
  size_t added = 0;
  uint64_t gone = 0;
  for (int life = 0; life < 3; ++life) {
    Quarantine quarantine(disk, kPath, Redactor(), kBytes);
    for (int i = 0; i < 30; ++i, added += kEach) quarantine.add("s", many(kEach, std::string(1000, 'x')), Timestamp{});
    gone += quarantine.counts().rotated;
  }
  uint64_t bytes = 0;
  for (const std::string& file : disk.paths()) bytes += disk.content(file).size();
  EXPECT_GT(bytes, kBytes);
  EXPECT_LT(bytes, 2 * kBytes + 60'000);
  EXPECT_GT(gone, 0u);
  EXPECT_EQ(lines().size() + gone, added);
}

TEST_F(QuarantineTest, AFullDiskCostsLinesOnly) {
  Quarantine quarantine(disk, kPath, Redactor());
  quarantine.add("s", std::vector{bad("one")}, Timestamp{});
  const std::string whole = disk.content(kPath);
  disk.set_capacity(whole.size() + 10);
  quarantine.add("s", std::vector{bad("two"), bad("two")}, Timestamp{});
  EXPECT_EQ(disk.content(kPath), whole);
  EXPECT_EQ(quarantine.counts().unwritten, 2u);
  disk.set_capacity(1u << 20);
  quarantine.add("s", std::vector{bad("three")}, Timestamp{});
  EXPECT_THAT(disk.content(kPath), HasSubstr("three"));
}

}  // namespace
}  // namespace kubevigil
