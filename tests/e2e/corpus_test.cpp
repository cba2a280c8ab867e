// What the public corpus of real logs holds, as `replay` says it. The files are not part of the repository.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/corpus.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;

TEST(RealLogs, AreReadWholeAndAccountedFor) {
  SKIP_WITHOUT_CORPUS("real");
  const std::string corpus = test::corpus() / "real";
  const Folder folder;
  std::string alerts;
  for (const char* threads : {"1", "2", "8"}) {
    const std::string stats = folder.path(std::string("stats-") + threads);
    const Result result = run({"replay", corpus, "-o", "jsonl", "--threads", threads, "--stats-json", stats});
    EXPECT_EQ(result.code, 0) << result.err;
    if (alerts.empty()) alerts = result.out;
    EXPECT_EQ(result.out, alerts);
    // 757 + 37, 16,563, 51 and a malformed one, 24 of AKS, 3 and a native one of GKE
    for (const char* member : {"\"total\":17436", "\"duplicates\":38", "\"bad_lines\":1", "fal_01_003.json"}) {
      EXPECT_THAT(read_file(stats), HasSubstr(member));
    }
    EXPECT_THAT(result.err, HasSubstr("38 duplicates"));
  }
}

}  // namespace
}  // namespace kubevigil::e2e
