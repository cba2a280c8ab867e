// kill -9 on the real `kubevigil serve` at random moments, while the log that it follows is written, renamed, packed
// and copied and cut: each event is in the alerts, none counts twice, and nothing is called lost.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/e2e/object_alerts.h"
#include "tests/support/daemon.h"
#include "tests/support/log_writer.h"
#include "tests/support/seed_of_run.h"

namespace kubevigil::e2e {
namespace {

using test::becomes;
using test::Daemon;

class ServeTailKill : public testing::Test {
 protected:
  ServeTailKill() {
    config = folder.write("kubevigil.yaml", fmt::format(R"(data: {0}
instance: test
rules: {{builtin: false, paths: [{1}]}}
inputs:
  tail: [{{path: {2}, cluster: lab}}]
state: {{snapshot-every: 1s}}
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {3}, sync: always}}}}]
admin: {{listen: "127.0.0.1:{4}"}}
)",
                                                        folder.path("data"), folder.write("rules.yaml", kRules),
                                                        log.path(), alerts, test::free_port()));
  }
  void start() {
    process = std::make_unique<Daemon>(std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", config},
                                       folder.path(fmt::format("log-{}", ++lives)));
  }
  std::string said() const {
    return read_file(folder.path(fmt::format("log-{}", lives - 1))) +
           read_file(folder.path(fmt::format("log-{}", lives)));
  }
  // Some lines, the last of them perhaps not whole yet, and now and then another file.
  void step(std::mt19937_64& random) {
    std::string lines = std::move(rest);
    for (size_t n = 1 + random() % 20; n > 0; --n) lines += object_event(written++) + "\n";
    const size_t now = random() % 3 == 0 ? lines.size() - random() % 300 : lines.size();
    log.append(std::string_view(lines).substr(0, now));
    rest = lines.substr(now);
    if (!rest.empty()) return;
    switch (random() % 6) {
      case 0:
        log.rotate();
        ++rotations;
        break;
      case 1:
        log.truncate(true);
        ++rotations;
        break;
      case 2:
        packed += log.compress() ? 1 : 0;
        break;
      default:
        break;
    }
  }
  // Not read_alerts: to read the whole file in every life takes longer than the lives.
  uintmax_t bytes_said() const { return std::filesystem::exists(alerts) ? std::filesystem::file_size(alerts) : 0; }
  bool all_arrived() {
    return becomes([&] {
      got = read_alerts(alerts);
      return got.alerts_of_object.size() >= written;
    });
  }

  const Folder folder;
  test::LogWriter log;
  const std::string alerts = folder.path("alerts.jsonl");
  std::string config, rest;
  std::unique_ptr<Daemon> process;
  int lives = 0;
  size_t written = 0, rotations = 0, packed = 0;
  Delivered got;
};

TEST_F(ServeTailKill, EveryLineOfEveryFileCountsOnce) {
  const uint64_t seed = test::seed_of_run();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 100 : 8;

  log.append("");
  for (int i = 0; i < kills; ++i) {
    start();
    const auto before = bytes_said();
    for (size_t n = 3 + random() % 6; n > 0; --n) {
      step(random);
      ::poll(nullptr, 0, static_cast<int>(random() % 40));  // the moment is what is random here
    }
    if (random() % 3 != 0) {  // else perhaps before it is ready
      ASSERT_TRUE(becomes([&] { return bytes_said() > before; })) << said();
    }
    process.reset();
    for (size_t n = random() % 6; n > 0; --n) step(random);  // while it is away
  }
  log.append(rest);
  start();
  EXPECT_TRUE(all_arrived()) << said();
  EXPECT_EQ(process->stop(), 0) << said();

  got = read_alerts(alerts);
  EXPECT_THAT(got.problems, testing::IsEmpty());
  for (size_t n = 0; n < written; ++n) EXPECT_EQ(got.alerts_of_object[object_name(n)].size(), 1u) << object_name(n);
  for (const auto& [id, revisions] : got.revisions) {
    EXPECT_EQ(revisions.front(), 1) << id;
    EXPECT_TRUE(std::adjacent_find(revisions.begin(), revisions.end(), std::greater_equal<>()) == revisions.end())
        << id;
  }
  // And nothing that the program says about itself: no gap, no damage, no mismatch.
  EXPECT_THAT(got.alerts_of_rule, testing::ElementsAre(testing::Pair("many_objects_created", kUsers),
                                                       testing::Pair("object_created", written)))
      << said();
  EXPECT_GT(rotations, 0u);
  fmt::print("{} kills, {} events, {} rotations, {} files packed\n", kills, written, rotations, packed);
}

}  // namespace
}  // namespace kubevigil::e2e
