#include "engine/base/overlay_disk.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;

std::string content(Disk& disk, const std::string& path) {
  auto file = disk.open(path);
  if (!file) return file.error().fault == DiskFault::Missing ? "missing" : file.error().message;
  std::string out((*file)->size(), '\0');
  out.resize((*file)->read_at(0, out).value_or(0));
  return out;
}

// Random operations on an overlay and on a disk of the same content: they say the same, and what is below stays.
TEST(OverlayDisk, BehavesAsADiskAndChangesNothingBelow) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    SimulatedDisk below, model;
    for (const char* name : {"/d/a", "/d/b", "/e/c"}) {
      below.set_content(name, std::string(name) + " from below");
      model.set_content(name, std::string(name) + " from below");
    }
    OverlayDisk overlay(below);
    const std::string names[] = {"/d/a", "/d/b", "/d/x", "/e/c", "/e/y"};
    const auto change = [&](Disk& disk, size_t what, const std::string& path, const std::string& other, size_t n) {
      switch (what) {
        case 0:
          return disk.remove(path).has_value();
        case 1:
          return disk.rename(path, other).has_value();
        case 2:
          return disk.create(path).has_value();
        default:
          auto file = disk.open(path);
          if (!file) return false;
          if (what == 3) return (*file)->truncate(n % ((*file)->size() + 1)).has_value();
          return (*file)->append(std::string(n, static_cast<char>('a' + n))) && (*file)->sync();
      }
    };
    for (int step = 0; step < 40; ++step) {
      const size_t what = random() % 6, n = random() % 20;
      const std::string &path = names[random() % 5], &other = names[random() % 5];
      if (what == 1 && path == other) continue;
      ASSERT_EQ(change(overlay, what, path, other, n), change(model, what, path, other, n)) << "seed " << seed;
    }
    for (const std::string& name : names) ASSERT_EQ(content(overlay, name), content(model, name)) << "seed " << seed;
    for (const char* folder : {"/d", "/e"}) ASSERT_EQ(*overlay.list(folder), *model.list(folder)) << "seed " << seed;
    ASSERT_EQ(below.paths().size(), 3u);
    for (const std::string& name : below.paths()) ASSERT_EQ(below.content(name), name + " from below");
  }
}

TEST(ReadingDisk, ReadsAndChangesNothing) {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "kubevigil-reading-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const std::string path = folder + "/one", lock = folder + "/lock";
  ASSERT_TRUE((*posix_disk().create(path))->append("hello"));
  Disk& disk = reading_disk();
  EXPECT_EQ(content(disk, path), "hello");
  EXPECT_EQ(disk.list(folder)->size(), 1u);
  EXPECT_TRUE(disk.make_folder(folder));
  EXPECT_FALSE(disk.make_folder(folder + "/new"));
  EXPECT_FALSE(disk.create(folder + "/new"));
  EXPECT_FALSE(disk.remove(path));
  EXPECT_FALSE(disk.rename(path, folder + "/two"));
  EXPECT_FALSE((*disk.open(path))->append("x"));
  EXPECT_TRUE(disk.lock(lock)) << "nobody has ever run here";
  EXPECT_FALSE(fs::exists(lock));
  {
    const auto writer = posix_disk().lock(lock);
    ASSERT_TRUE(writer);
    const auto refused = disk.lock(lock);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, DiskFault::Locked);
  }
  const auto one = disk.lock(lock), two = disk.lock(lock);
  EXPECT_TRUE(one && two) << "readers do not disturb each other";
  EXPECT_EQ(content(disk, path), "hello");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace kubevigil
