#include "tests/e2e/program.h"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

#include "tests/support/source_file.h"

namespace kubevigil::e2e {

TEST(Program, VersionRuns) {
  const Result result = run({"version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.out.starts_with("kubevigil "));
  EXPECT_EQ(run({"--version"}).out, result.out);
  const std::string json = run({"version", "-o", "json"}).out;
  for (const char* name : {"version", "rules_hash", "json_kernel", "block_kernel", "compiler", "alert_schema"}) {
    EXPECT_NE(json.find("\"" + std::string(name) + "\":\""), std::string::npos) << json;
  }
}

// Rules and subcommands that the README names are there.
TEST(Readme, ItsCommandsAreUnderstood) {
  const std::string readme = read_file(test::source_file("README.md"));
  const std::string program = "build/release/kubevigil ";
  size_t commands = 0;
  for (size_t at = readme.find(program); at != std::string::npos; at = readme.find(program, at + 1), ++commands) {
    std::istringstream line(readme.substr(at + program.size(), readme.find('\n', at) - at - program.size()));
    std::vector<std::string> words{std::istream_iterator<std::string>(line), {}};
    if (words.size() > 2 && words[0] == "rules" && (words[1] == "show" || words[1] == "explain")) {
      EXPECT_EQ(run({"rules", "show", words[2]}).code, 0) << words[2];
    }
    words.push_back("--help");
    EXPECT_EQ(run(words).code, 0) << testing::PrintToString(words);
  }
  EXPECT_GE(commands, 10u);
}

}  // namespace kubevigil::e2e
