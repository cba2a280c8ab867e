// Golden files: tests/golden/rule/<name>.yaml is loaded; <name>.ir.txt holds the canonical text of its rules and what
// was skipped, <name>.diag.txt its diagnostics. KUBEVIGIL_UPDATE_GOLDEN=1 rewrites them. A first line `# options:
// strict` or `# options: today=2026-01-31` sets options; files in lists/ beside the rules are the lists.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/rule/rule_loader.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = test::source_file("tests/golden/rule");

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

LoadOptions options_of(const std::string& text) {
  LoadOptions options;
  const std::string line = text.substr(0, text.find('\n'));
  options.strict = line.find("strict") != std::string::npos;
  if (const size_t at = line.find("today="); at != std::string::npos) options.today = line.substr(at + 6, 10);
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder / "lists")) {
    options.lists["lists/" + entry.path().stem().string()] = read(entry.path());
  }
  return options;
}

void compare(const fs::path& path, const std::string& actual) {
  if (std::getenv("KUBEVIGIL_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(read(path), actual) << path << " differs; KUBEVIGIL_UPDATE_GOLDEN=1 rewrites it";
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, RulesAndDiagnostics) {
  const std::string name = GetParam();
  const std::string text = read(kFolder / (name + ".yaml"));
  const bool builtin = text.starts_with("# options: builtin");
  const LoadedRules loaded = load_rules({{name + ".yaml", text, builtin}}, options_of(text));
  std::string ir;
  for (const Rule& rule : loaded.rules.rules) ir += to_text(rule, loaded.rules) + "\n";
  for (const std::string& line : loaded.skipped) ir += "skipped: " + line + "\n";
  compare(kFolder / (name + ".ir.txt"), ir);
  compare(kFolder / (name + ".diag.txt"), render(loaded.diagnostics, loaded.sources));
  // Every condition survives its text form.
  for (const Rule& rule : loaded.rules.rules) {
    if (!rule.is_detection()) continue;
    const Result<Expr> back = parse_expr(to_text(rule.detection().condition));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, rule.detection().condition);
  }
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().stem().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(Folder, Golden, ::testing::ValuesIn(names()), [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace kubevigil
