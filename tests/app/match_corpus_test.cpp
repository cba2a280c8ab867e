// The built-in rules over real logs, by events and by match records.
#include <filesystem>
#include <fstream>

#include "engine/app/pack.h"
#include "tests/run/match_stages.h"
#include "tests/support/corpus.h"

namespace kubevigil {
namespace {

TEST(MatchCorpus, RecordsAloneGiveTheSameEpisodesAndAlerts) {
  SKIP_WITHOUT_CORPUS("real");
  LoadOptions options;
  options.lists = builtin_lists();
  const auto program = Program::compile(std::make_shared<const RuleSet>(load_rules(builtin_rules(), options).rules));
  Stages stages(program);
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"real/falco-traces", "real/kubeadm-csv"}) {
    for (const auto& entry : std::filesystem::directory_iterator(test::corpus() / folder))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    if (file.extension() != ".json" && file.extension() != ".ndjson") continue;
    std::ifstream in(file, std::ios::binary);
    std::vector<std::string> records;
    for (std::string line; std::getline(in, line);) records.push_back(line);
    stages.batch(live_batch(file.stem().string(), records));
  }
  stages.finish();
  expect_same(stages.direct(), stages.shard().lines());
  EXPECT_GT(stages.events, 16'000u);
  EXPECT_GE(stages.direct().size(), 20u);
  RecordProperty("match_records", static_cast<int>(stages.records));
  RecordProperty("bytes", static_cast<int>(stages.bytes));
}

}  // namespace
}  // namespace kubevigil
