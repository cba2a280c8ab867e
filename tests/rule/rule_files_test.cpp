// Finding rules, lists and data on the disk: folders, globs, links, config maps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/rule/rule_loader.h"

namespace kubevigil {
namespace {

class RuleFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("kubevigil_rule_files_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "sub" / "lists");
    for (const char* name : {"b.yml", "a.yaml", "a.test.yaml", "notes.txt", "sub/c.yaml", "sub/lists/names.yaml"}) {
      std::ofstream(folder_ / name) << "x";
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::vector<std::string> found(const std::vector<std::string>& paths) {
    std::vector<std::string> names;
    for (const RuleSource& s : find_rule_files(paths, diagnostics_)) {
      names.push_back(std::filesystem::path(s.name).lexically_relative(folder_).string());
    }
    return names;
  }
  std::filesystem::path folder_;
  Diagnostics diagnostics_;
};

TEST_F(RuleFiles, DataAmongThemIsPassedOver) {
  std::ofstream(folder_ / "a.yaml") << "# kubevigil data: no rules\nideas: []\n";
  EXPECT_THAT(found({folder_.string()}), testing::ElementsAre("b.yml", "sub/c.yaml"));
}

TEST_F(RuleFiles, DirectoriesFilesAndGlobsInAFixedOrder) {
  using ::testing::ElementsAre;
  EXPECT_THAT(found({folder_.string()}), ElementsAre("a.yaml", "b.yml", "sub/c.yaml"));
  EXPECT_THAT(found({(folder_ / "*.yaml").string()}), ElementsAre("a.yaml"));
  EXPECT_THAT(found({(folder_ / "notes.txt").string()}), ElementsAre("notes.txt"));
  EXPECT_THAT(found({folder_.string(), (folder_ / "a.yaml").string()}), ElementsAre("a.yaml", "b.yml", "sub/c.yaml"));
  EXPECT_THAT(found({(folder_ / "*").string()}), ElementsAre("a.yaml", "b.yml", "sub/c.yaml")) << "lists/ is no rule";
  std::filesystem::create_directory_symlink(folder_, folder_ / "sub" / "again");
  EXPECT_EQ(found({folder_.string(), (folder_ / "sub" / "again" / "a.yaml").string()}).size(), 3u) << "each file once";
  EXPECT_TRUE(diagnostics_.empty());
  EXPECT_THAT(found({(folder_ / "none.yaml").string(), (folder_ / "no*").string() + "x"}), ElementsAre());
  EXPECT_EQ(diagnostics_.entries().size(), 2u);
}

TEST_F(RuleFiles, ListsAreFoundBelowDirectoriesAndBesideFiles) {
  for (const std::filesystem::path& path : {folder_, folder_ / "sub" / "c.yaml"}) {
    const std::map<std::string, std::string> lists = find_rule_lists({path.string()}, diagnostics_);
    ASSERT_EQ(lists.size(), 1u) << path;
    EXPECT_EQ(lists.begin()->first, "lists/names");
  }
  EXPECT_TRUE(find_rule_lists({(folder_ / "a.yaml").string()}, diagnostics_).empty());
}

// As Kubernetes mounts one: a folder of a date, a link ..data to it, and a link through ..data for each name in it.
TEST_F(RuleFiles, OfAMountedConfigMapAreFoundOnceByTheirPlainNames) {
  namespace fs = std::filesystem;
  const fs::path map = folder_ / "map";
  fs::create_directories(map / "..2026_01_31" / "lists");
  std::ofstream(map / "..2026_01_31" / "z.yaml") << "z";
  std::ofstream(map / "..2026_01_31" / "lists" / "names.yaml") << "n";
  fs::create_directory_symlink("..2026_01_31", map / "..data");
  fs::create_symlink("..data/z.yaml", map / "z.yaml");
  fs::create_directory_symlink("..data/lists", map / "lists");
  fs::create_directories(map / ".git");
  std::ofstream(map / ".git" / "hook.yaml") << "x";
  fs::create_symlink("gone.yaml", map / ".#z.yaml");
  EXPECT_THAT(found({map.string()}), ::testing::ElementsAre("map/z.yaml"));
  EXPECT_EQ(find_rule_lists({map.string()}, diagnostics_).count("lists/names"), 1u);
  EXPECT_TRUE(diagnostics_.empty());
}

}  // namespace
}  // namespace kubevigil
