// `kubevigil config`, as a user calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;

const std::string kGood =
    "data: data\ninputs: {tail: [{path: audit.log, cluster: prod}]}\n"
    "outputs: [{name: out, transport: stdout}]\n";

TEST(ConfigCommand, CheckSaysEverythingAndExitsByIt) {
  const Folder folder;
  folder.write("audit.log", "");
  const Result good = run({"config", "check", folder.write("good.yaml", kGood)});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, "0 errors, 0 warnings\n");

  const std::string bad = folder.write("bad.yaml", kGood + "thread: 2\nrules: {paths: [nowhere]}\n");
  const Result wrong = run({"config", "check", "-c", bad});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.out, HasSubstr("did you mean threads?"));
  EXPECT_THAT(wrong.out, HasSubstr("rules.paths: " + folder.path("nowhere")));
  EXPECT_THAT(wrong.out, HasSubstr("2 errors, 0 warnings\n"));
  EXPECT_THAT(run({"config", "check", "--text-only", bad}).out, HasSubstr("1 error, 0 warnings\n"));

  EXPECT_EQ(run({"config", "check", folder.path("none.yaml")}).code, 2);
  EXPECT_EQ(run({"config", "check"}).code, 2);
}

TEST(ConfigCommand, ShowSaysWhereValuesComeFrom) {
  const Folder folder;
  const std::string file = folder.write("kv.yaml", kGood);
  const Result shown = run({"config", "show", "-c", file}, "", {"KUBEVIGIL_STATE__MEMORY=1GiB"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, HasSubstr("data: " + folder.path("data")));
  EXPECT_THAT(shown.out, testing::ContainsRegex("memory: 1GiB +# KUBEVIGIL_STATE__MEMORY\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("snapshot-every: 30s +# default\n"));
  EXPECT_THAT(
      run({"config", "show", file, "-o", "json"}).out,
      HasSubstr(R"({"path":"inputs.tail[0].cluster","value":"prod","from":"file","file":")" + file + R"(","line":2})"));
  EXPECT_EQ(run({"config", "show", folder.write("bad.yaml", "a: b\n")}).code, 2);
}

TEST(ConfigCommand, SchemaIsJson) {
  const Result schema = run({"config", "schema"});
  EXPECT_EQ(schema.code, 0);
  EXPECT_THAT(schema.out, HasSubstr("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""));
}

}  // namespace
}  // namespace kubevigil::e2e
