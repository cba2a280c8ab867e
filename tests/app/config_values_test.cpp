// The small values of a configuration: addresses with ports, places of secrets.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/app/config.h"
#include "engine/app/output_options.h"
#include "tests/support/config_text.h"

namespace kubevigil {
namespace {

TEST(ConfigValues, HostAndPort) {
  struct Case {
    std::string text;
    std::optional<HostPort> expected;
  };
  const Case cases[] = {
      {"127.0.0.1:9442", HostPort{"127.0.0.1", 9442}},
      {"[::1]:0", HostPort{"::1", 0}},
      {"collector.example:65535", HostPort{"collector.example", 65535}},
      {"collector:65536", std::nullopt},
      {"collector:", std::nullopt},
      {"collector", std::nullopt},
      {":9443", std::nullopt},
      {"::1:9443", std::nullopt},
      {"[]:9443", std::nullopt},
      {"a b:1", std::nullopt},
      {"user@host:1", std::nullopt},
      {"http://host:1", std::nullopt},
      {"host:-1", std::nullopt},
      {"host:+1", std::nullopt},
      {"host:1 ", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse_host_port(c.text), c.expected) << c.text;
    EXPECT_EQ(c.expected ? to_text(*c.expected) : c.text, c.text);
  }
}

TEST(ConfigValues, ThePathOfAUrlIsASecretWhereverItWasWritten) {
  setenv("KV_TEST_URL", "https://hooks.slack.com/services/hunter2", 1);
  for (const std::string url : {"\"https://hooks.slack.com/services/hunter2\"", "{env: KV_TEST_URL}"}) {
    const LoadedConfig loaded = test::checked(
        test::config_text("outputs: [{name: a, transport: http, encoding: slack, http: {url: " + url + "}}]\n"));
    ASSERT_EQ(loaded.config.outputs.size(), 1U);
    const auto options = output_options(loaded.config.outputs[0], "vigil");
    ASSERT_TRUE(options.has_value());
    EXPECT_TRUE(options->http.url_is_secret) << url;
  }
}

TEST(ConfigValues, SecretsComeFromWhereTheyAreSaidToBe) {
  const std::string path = testing::TempDir() + "/kv_secret";
  std::ofstream(path) << "  hunter2\n";
  const std::string empty = testing::TempDir() + "/kv_secret_empty";
  std::ofstream{empty} << "\n";
  setenv("KV_TEST_SECRET", "hunter3\n", 1);
  EXPECT_EQ(read_secret({.file = path})->reveal(), "hunter2");
  EXPECT_EQ(read_secret({.env = "KV_TEST_SECRET"})->reveal(), "hunter3");
  EXPECT_EQ(read_secret({.text = Secret("hunter4")})->reveal(), "hunter4");
  EXPECT_EQ(read_secret({.file = empty}).error().message, empty + ": is empty, expected a secret in it");
  EXPECT_EQ(read_secret({.file = "/nowhere"}).error().message, "/nowhere: cannot be opened: No such file or directory");
  EXPECT_EQ(read_secret({.env = "KV_TEST_NOT_SET"}).error().message,
            "the environment variable KV_TEST_NOT_SET is not set, expected a secret in it");
}

}  // namespace
}  // namespace kubevigil
