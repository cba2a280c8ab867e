// --strict over real files: what comes out ends at the first bad line, whatever the threads have read behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <vector>

#include "tests/e2e/program.h"
#include "tests/support/compress.h"
#include "tests/support/sanitized.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;

// The demo's events dealt out to four files of three API servers.
std::array<std::string, 4> dealt_events() {
  std::array<std::string, 4> files;
  const std::string events = demo_events();
  const size_t half = events.size() / 2;
  size_t i = 0;
  for (size_t begin = 0; begin < events.size(); ++i) {
    const size_t end = events.find('\n', begin) + 1;
    const size_t file = i % 3 == 2 && begin > half ? 3 : i % 3;
    files[file].append(events, begin, end - begin);
    begin = end;
  }
  return files;
}

// Breaks the line that stands at this share of the text, by what the table says.
std::string broken_at(std::string text, double share, const std::string& how) {
  const size_t begin = text.find('\n', static_cast<size_t>(static_cast<double>(text.size()) * share)) + 1;
  const size_t end = text.find('\n', begin);
  if (how == "junk") return text.insert(begin, "no event at all\n");
  if (how == "torn") return text.erase((begin + end) / 2, end - (begin + end) / 2);
  if (how == "glued") return text.insert(begin, text.substr(begin, (end - begin) / 2));
  return text.substr(0, begin) + "[1,2]\n" + text.substr(begin);
}

// All of --stats-json but what the clock and the machine say.
std::string steady(const std::string& stats) {
  static const std::regex kUnsteady(
      R"re("command_line":\[[^\]]*\],|"(started|finished)":"[^"]*"|"(seconds|peak_memory_bytes)":[0-9.e-]+)re");
  return std::regex_replace(stats, kUnsteady, "");
}

#ifdef KUBEVIGIL_SANITIZED  // each start takes a second and more
const std::vector<const char*> kThreads = {"1", "3"}, kBatches = {"1", "1024"};
#else
const std::vector<const char*> kThreads = {"1", "2", "3", "8"}, kBatches = {"1", "37", "1024"};
#endif

TEST(Strict, SameAlertsAndStatisticsForAnyThreadsAndBatches) {
  const auto whole = dealt_events();
  for (const char* how : {"junk", "torn", "glued", "array", "cut"}) {
    const Folder folder, aside;
    auto files = whole;
    if (how != std::string("cut")) files[1] = broken_at(files[1], 0.6, how);
    files[0] = broken_at(files[0], 0.9, "junk");
    const std::string packed = test::gzip(files[1]);
    folder.write("a.log", files[0]);
    folder.write("b.log.gz", how == std::string("cut") ? packed.substr(0, packed.size() * 2 / 3) : packed);
    folder.write("c.log.1", files[2]);
    folder.write("c.log", files[3]);
    std::string expected;
    for (const char* threads : kThreads) {
      for (const char* batch : kBatches) {
        const Result result = run({"replay", folder.path(), "--strict", "-o", "jsonl", "--threads", threads,
                                   "--batch-kib", batch, "--stats-json", aside.path("stats")});
        ASSERT_EQ(result.code, 3) << result.err;
        EXPECT_THAT(result.err, HasSubstr("--strict: stopped at the first bad line, " + folder.path("b.log.gz") + ":"));
        const std::string got = result.out + steady(read_file(aside.path("stats")));
        if (expected.empty()) expected = got;
        ASSERT_EQ(got, expected) << how << ", " << threads << " threads, " << batch << " KiB";
      }
    }
    EXPECT_THAT(expected, HasSubstr("kubevigil.alert/v1")) << "the part before the bad line has alerts";
  }
}

TEST(Strict, StandardInputEndsAtTheSamePlace) {
  const std::string log = broken_at(demo_events(), 0.7, "torn");
  std::string expected;
  for (const char* batch : {"1", "100", "4096"}) {
    const Folder folder;
    const Result result =
        run({"replay", "-", "--strict", "-o", "jsonl", "--batch-kib", batch, "--stats-json", folder.path("s")}, log);
    EXPECT_EQ(result.code, 3);
    const std::string got = result.out + steady(read_file(folder.path("s")));
    if (expected.empty()) expected = got;
    EXPECT_EQ(got, expected) << batch;
  }
}

}  // namespace
}  // namespace kubevigil::e2e
