#include "engine/app/quarantine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

BadRecord bad(const std::string& text) { return {BadReason::NotJson, {0, 12, 3}, "why", text, 0}; }

TEST(Quarantine, KeepsBeginningsWithoutSecretsAndIsBounded) {
  test::SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folder("/data"));
  const std::string path = "/data/bad-records.jsonl";
  constexpr uint64_t kBytes = 100'000;
  Quarantine quarantine(disk, path, Redactor(), kBytes);
  quarantine.add("webhook/x", std::vector{bad("token=abcdef123 \n\x1b[2J")}, Timestamp{});
  const std::string first = disk.content(path);
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 1);
  EXPECT_EQ(first.find("abcdef123"), std::string::npos);
  EXPECT_EQ(first.find('\x1b'), std::string::npos);
  EXPECT_NE(first.find(R"("stream":"webhook/x","reason":"not-json","message":"why","offset":12,"line":3)"),
            std::string::npos)
      << first;
  quarantine.add("s", std::vector<BadRecord>(500, bad("x")), Timestamp{});
  const std::string second = disk.content(path);
  EXPECT_EQ(static_cast<size_t>(std::count(second.begin(), second.end(), '\n')), 1 + kQuarantined);
  const std::vector<BadRecord> large(kQuarantined, bad(std::string(1000, 'x')));
  for (int i = 0; i < 30; ++i) quarantine.add("s", large, Timestamp{});
  uint64_t bytes = 0;
  for (const std::string& file : disk.paths()) bytes += disk.content(file).size();
  EXPECT_GT(bytes, kBytes);
  EXPECT_LT(bytes, 2 * kBytes + 50'000);
}

TEST(Quarantine, AFullDiskCostsLinesOnly) {
  test::SimulatedDisk disk;
  ASSERT_TRUE(disk.make_folder("/data"));
  Quarantine quarantine(disk, "/data/q", Redactor());
  quarantine.add("s", std::vector{bad("one")}, Timestamp{});
  const std::string whole = disk.content("/data/q");
  disk.set_capacity(whole.size() + 10);
  quarantine.add("s", std::vector{bad("two")}, Timestamp{});
  EXPECT_EQ(disk.content("/data/q"), whole);
  disk.set_capacity(1u << 20);
  quarantine.add("s", std::vector{bad("three")}, Timestamp{});
  EXPECT_NE(disk.content("/data/q").find("three"), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
