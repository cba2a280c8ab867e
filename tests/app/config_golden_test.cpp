// Golden files in tests/golden/config: the JSON Schema, what check says about bad.yaml, what show makes of good.yaml;
// and the example that is published, deploy/kubevigil.yaml. KUBEVIGIL_UPDATE_GOLDEN=1 rewrites them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "engine/app/config_keys.h"
#include "engine/app/config_schema.h"
#include "engine/app/config_show.h"
#include "engine/run/yaml_json.h"
#include "tests/support/config_text.h"
#include "tests/support/json_schema.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const fs::path kRoot = test::source_file("");
const fs::path kFolder = kRoot / "tests/golden/config";

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void compare(const std::string& name, const std::string& actual) {
  if (std::getenv("KUBEVIGIL_UPDATE_GOLDEN") != nullptr) std::ofstream(kFolder / name, std::ios::binary) << actual;
  EXPECT_EQ(read(kFolder / name), actual) << name << " differs; KUBEVIGIL_UPDATE_GOLDEN=1 rewrites it";
}

std::string as_json(const std::string& yaml) {
  Diagnostics problems;
  const auto documents = parse_yaml(yaml, "x", problems);
  EXPECT_FALSE(problems.has_errors());
  return to_json(documents.at(0).root);
}

LoadedConfig load(const std::string& text, const Variables& variables = {}) {
  LoadedConfig loaded = load_config_text(text, "kubevigil.yaml", {"/etc/kubevigil", "node1", variables});
  check_config(loaded);
  return loaded;
}

TEST(ConfigGolden, Schema) { compare("schema.json", config_schema()); }

TEST(ConfigGolden, Check) {
  const LoadedConfig loaded = load(read(kFolder / "bad.yaml"), {{"KUBEVIGIL_STATE__MEMRY", "1GiB"}});
  compare("bad.check.txt", render(loaded.diagnostics, loaded.sources));
}

TEST(ConfigGolden, Show) {
  LoadedConfig loaded = load(read(kFolder / "good.yaml"), {{"KUBEVIGIL_THREADS", "4"}});
  ASSERT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  const std::string shown = config_as_yaml(loaded);
  compare("good.show.yaml", shown);
  // What is shown says the same again, but for what is redacted.
  LoadedConfig again = load(shown);
  ASSERT_FALSE(again.diagnostics.has_errors()) << render(again.diagnostics, again.sources);
  const std::regex origin(" +#.*");
  EXPECT_EQ(std::regex_replace(config_as_yaml(again), origin, ""), std::regex_replace(shown, origin, ""));
}

TEST(ConfigGolden, TheSchemaAgreesWithTheLoader) {
  const std::string schema = config_schema();
  EXPECT_THAT(test::schema_problems(schema, as_json(read(kFolder / "good.yaml"))), IsEmpty());
  for (const std::string more :
       {"thread: 2", "threads: 0", "redact: maybe", "state: {memory: 256M}", "state: {snapshot-every: 5x}", "state: 5",
        "rules: {paths: rules}", "admin: {listen: \"localhost:1\"}", "log: {level: warning}", "standby: {ttl: 5s}",
        "instance: a b", "outputs: [{name: a}]", "outputs: [{name: a, transport: http, http: {url: ftp}}]",
        "outputs: [{name: a, transport: http, http: {url: {file: a, env: b}}}]",
        "outputs: [{name: a, transport: http, http: {url: \"http://x/\", bearer: text}}]",
        "outputs: [{name: a, transport: syslog, syslog: {address: x}}]"}) {
    const std::string text = test::config_text(more);
    EXPECT_TRUE(load(text).diagnostics.has_errors()) << more;
    EXPECT_THAT(test::schema_problems(schema, as_json(text)), testing::Not(IsEmpty())) << more;
  }
}

void expect_keys(const ConfigSection& section, const std::string& example) {
  for (const ConfigKey& key : section.keys) {
    const std::regex line("(^|\\n|\\{|, )[ #-]*" + std::string(key.name) + ":[^\\n]*#");
    EXPECT_TRUE(std::regex_search(example, line)) << key.name << " is not in deploy/kubevigil.yaml with a comment";
    if (key.section != nullptr) expect_keys(*key.section, example);
  }
}

TEST(ConfigExample, IsValidAndHasEveryKey) {
  const std::string example = read(kRoot / "deploy/kubevigil.yaml");
  const LoadedConfig loaded = load(example);
  EXPECT_THAT(loaded.diagnostics.entries(), IsEmpty()) << render(loaded.diagnostics, loaded.sources);
  EXPECT_THAT(test::schema_problems(config_schema(), as_json(example)), IsEmpty());
  expect_keys(config_keys(), example);
}

// "name: value  # ..." in the example is the default, where it says so and where the table has one.
TEST(ConfigExample, ShowsDefaults) {
  LoadedConfig loaded = load(read(kRoot / "deploy/kubevigil.yaml"));
  EXPECT_EQ(loaded.config.outputs.at(1).dead_letter, loaded.config.data + "/dead-letter/soc.jsonl");
  const Config defaults =
      load(
          "data: x\ninputs: {webhook: {listen: [{address: \"127.0.0.1:1\"}], credentials: [{name: a, token-file: "
          "t, clusters: [c]}]}, tail: [{path: p, cluster: c}]}\noutputs: [{name: a, transport: file, file: {path: "
          "f}}]")
          .config;
  EXPECT_EQ(loaded.config.threads, defaults.threads);
  EXPECT_EQ(loaded.config.state.memory, defaults.state.memory);
  EXPECT_EQ(loaded.config.state.snapshot_every, defaults.state.snapshot_every);
  EXPECT_EQ(loaded.config.inputs.webhook->slack, defaults.inputs.webhook->slack);
  EXPECT_EQ(loaded.config.inputs.webhook->spool_budget, defaults.inputs.webhook->spool_budget);
  EXPECT_EQ(loaded.config.inputs.tail[0].idle_after, defaults.inputs.tail[0].idle_after);
  EXPECT_EQ(loaded.config.outputs[0].file->rotate, defaults.outputs[0].file->rotate);
  EXPECT_EQ(loaded.config.outputs[0].file->keep, defaults.outputs[0].file->keep);
  EXPECT_EQ(loaded.config.outputs[1].retry.most, defaults.outputs[0].retry.most);
  EXPECT_EQ(loaded.config.admin.listen, defaults.admin.listen);
}

}  // namespace
}  // namespace kubevigil
