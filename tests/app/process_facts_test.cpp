#include "engine/app/process_facts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

namespace kubevigil {
namespace {

TEST(ProcessFacts, ReadsTheKernelsLine) {
  const char* stat =
      "42 (a) R 1 (b)) S 1 42 42 0 -1 4194560 2150 0 3 0 250 150 0 0 20 0 4 0 5000 104857600 2560 18446744073709551615 "
      "1 1 0 0 0 0 0 4096 17642 0 0 0 17 1 0 0 0 0 0\n";
  const auto facts = parse_process_stat(stat, "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n", 100, 4096);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->cpu_seconds, 4.0);
  EXPECT_EQ(facts->virtual_bytes, 104857600u);
  EXPECT_EQ(facts->resident_bytes, 2560u * 4096);
  EXPECT_EQ(facts->start_seconds, 1700000050.0);
  for (const char* wrong :
       {"", "42", "42 (a", "42 (a) S 1 2", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x 12 13 14 15 16 17 18 19 20 21 22"})
    EXPECT_FALSE(parse_process_stat(wrong, "", 100, 4096)) << wrong;
}

TEST(ProcessFacts, OfThisProcess) {
  const auto before = process_facts();
  ASSERT_TRUE(before);
  EXPECT_GT(before->resident_bytes, 1u << 20);
  EXPECT_GT(before->virtual_bytes, before->resident_bytes);
  EXPECT_GT(before->max_fds, before->open_fds);
  EXPECT_LE(before->start_seconds, static_cast<double>(std::time(nullptr)) + 1);
  EXPECT_GT(before->start_seconds, static_cast<double>(std::time(nullptr)) - 86'400);
  const int made = ::open("/dev/null", O_RDONLY);
  EXPECT_EQ(process_facts()->open_fds, before->open_fds + 1);
  ::close(made);
  EXPECT_EQ(process_facts()->open_fds, before->open_fds);
}

}  // namespace
}  // namespace kubevigil
