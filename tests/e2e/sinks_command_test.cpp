// `kubevigil sinks` as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string config(const Folder& folder) {
  return folder.write("c.yaml",
                      "data: data\n"
                      "inputs: {tail: [{path: audit.log, cluster: prod}]}\n"
                      "outputs:\n"
                      "  - {name: console, transport: stdout, encoding: jsonl}\n"
                      "  - {name: archive, transport: file, file: {path: out/alerts.jsonl}}\n"
                      "  - {name: soc, transport: http, encoding: slack, filter: {min-level: high, rules: [pod_*]},\n"
                      "     http: {url: {env: KV_SOC_URL}}}\n");
}

TEST(SinksCommand, ListsOutputsWithoutReadingTheirSecrets) {
  const Folder folder;
  const Result result = run({"sinks", "list", "-c", config(folder)}, "", {"KV_SOC_URL=http://127.0.0.1:1/canary"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("soc      slack     http    URL in the environment variable KV_SOC_URL\n"));
  EXPECT_THAT(result.out, HasSubstr("high and above, rules pod_*"));
  EXPECT_THAT(result.out, Not(HasSubstr("canary")));
}

TEST(SinksCommand, TestsOneOutput) {
  const Folder folder;
  const std::string file = config(folder);
  const Result console = run({"sinks", "test", "console", "-c", file, "--level", "high"});
  EXPECT_EQ(console.code, 0) << console.err;
  EXPECT_THAT(console.out, HasSubstr("\"level\":\"high\""));
  EXPECT_THAT(console.out, HasSubstr("kubevigil_test_alert"));
  EXPECT_EQ(run({"sinks", "test", "archive", "-c", file}).code, 0);
  const Result soc = run({"sinks", "test", "soc", "-c", file}, "", {"KV_SOC_URL=http://127.0.0.1:1/canary"});
  EXPECT_EQ(soc.code, 1);
  EXPECT_THAT(soc.err, HasSubstr("Nobody listens there"));
  EXPECT_THAT(soc.err, Not(HasSubstr("canary")));
  EXPECT_EQ(run({"sinks", "test", "soc", "-c", file}).code, 1) << "its URL is not set";
  const Result nobody = run({"sinks", "test", "nobody", "-c", file});
  EXPECT_EQ(nobody.code, 2);
  EXPECT_THAT(nobody.err, HasSubstr("the configuration has: console, archive, soc"));
  EXPECT_EQ(run({"sinks", "test", "soc", "-c", folder.path("none.yaml")}).code, 2);
}

}  // namespace
}  // namespace kubevigil::e2e
