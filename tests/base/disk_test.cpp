#include "engine/base/disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

class PosixDiskTest : public ::testing::Test {
 protected:
  PosixDiskTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kubevigil-disk-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(folder_); }

  static mode_t mode(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
  }
  static std::string read(const DiskFile& file, uint64_t offset, size_t size) {
    std::string out(size, '\0');
    const auto got = file.read_at(offset, out);
    EXPECT_TRUE(got.has_value());
    out.resize(got.value_or(0));
    return out;
  }

  Disk& disk_ = posix_disk();
  std::string folder_;
};

TEST_F(PosixDiskTest, FilesAreAppendedReadCutAndListed) {
  const std::string folder = folder_ + "/a/b";
  ASSERT_TRUE(disk_.make_folder(folder));
  ASSERT_TRUE(disk_.make_folder(folder));
  EXPECT_EQ(mode(folder), 0700u);
  auto file = disk_.create(folder + "/one");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(mode(folder + "/one"), 0600u);
  EXPECT_TRUE((*file)->append("hello "));
  EXPECT_TRUE((*file)->append("world"));
  EXPECT_TRUE((*file)->sync());
  (*file)->reread();
  EXPECT_EQ((*file)->size(), 11u);
  EXPECT_EQ(read(**file, 6, 100), "world");
  EXPECT_EQ(read(**file, 100, 5), "");
  EXPECT_TRUE((*file)->truncate(5));
  EXPECT_TRUE((*file)->append("!"));
  auto again = disk_.open(folder + "/one");
  ASSERT_TRUE(again);
  EXPECT_EQ(read(**again, 0, 100), "hello!");
  EXPECT_TRUE((*again)->append("?"));
  EXPECT_EQ(read(**file, 0, 100), "hello!?");
  ASSERT_TRUE(disk_.create(folder + "/another"));
  EXPECT_EQ(*disk_.list(folder), (std::vector<std::string>{"another", "one"}));
  EXPECT_EQ(*disk_.list(folder_), std::vector<std::string>{}) << "folders are no files";
  EXPECT_TRUE(disk_.rename(folder + "/one", folder + "/another"));
  EXPECT_TRUE(disk_.sync_folder(folder));
  EXPECT_EQ(*disk_.list(folder), std::vector<std::string>{"another"});
  EXPECT_TRUE(disk_.remove(folder + "/another"));
  EXPECT_GT(*disk_.free_bytes(folder), 0u);
}

TEST_F(PosixDiskTest, FaultsAreNamed) {
  EXPECT_EQ(disk_.open(folder_ + "/none").error().fault, DiskFault::Missing);
  ASSERT_TRUE(disk_.create(folder_ + "/taken"));
  EXPECT_EQ(disk_.create(folder_ + "/taken").error().fault, DiskFault::Exists);
  EXPECT_EQ(disk_.make_folder(folder_ + "/taken").error().fault, DiskFault::Exists);
  EXPECT_EQ(disk_.list(folder_ + "/none").error().fault, DiskFault::Missing);
  EXPECT_EQ(disk_.remove(folder_ + "/none").error().message,
            "cannot remove " + folder_ + "/none: No such file or directory");
  auto full = disk_.open("/dev/full");
  ASSERT_TRUE(full);
  EXPECT_EQ((*full)->append("x").error().fault, DiskFault::Full);
}

// Whoever may write to a folder could lay a link to another file in the way.
TEST_F(PosixDiskTest, LinksAreNotFollowed) {
  ASSERT_TRUE(disk_.create(folder_ + "/file"));
  std::filesystem::create_symlink("file", folder_ + "/link");
  const auto link = disk_.open(folder_ + "/link");
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().fault, DiskFault::Failed);
  EXPECT_NE(link.error().message.find("a symbolic link, which is not followed"), std::string::npos)
      << link.error().message;
}

TEST_F(PosixDiskTest, AFileKnowsWhetherItHasItsName) {
  const std::string path = folder_ + "/file", other = folder_ + "/other";
  auto made = disk_.create(path);
  ASSERT_TRUE(made);
  const auto file = std::move(*made);
  EXPECT_TRUE(file->has_name(path));
  ASSERT_TRUE(disk_.rename(path, other));
  EXPECT_FALSE(file->has_name(path));
  EXPECT_TRUE(file->has_name(other));
  ASSERT_TRUE(disk_.create(path));
  EXPECT_FALSE(file->has_name(path)) << "another file of that name";
  ASSERT_TRUE(disk_.remove(other));
  EXPECT_FALSE(file->has_name(other));
  std::filesystem::create_symlink("file", other);
  EXPECT_FALSE((*disk_.open(path))->has_name(other)) << "a link to it";
}

TEST_F(PosixDiskTest, OneHoldsTheLock) {
  auto first = disk_.lock(folder_ + "/lock");
  ASSERT_TRUE(first);
  const auto second = disk_.lock(folder_ + "/lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, DiskFault::Locked);
  EXPECT_NE(second.error().message.find("another kubevigil"), std::string::npos);
  first->reset();
  EXPECT_TRUE(disk_.lock(folder_ + "/lock"));
}

TEST_F(PosixDiskTest, RoomIsTakenAtOnce) {
  auto file = disk_.create(folder_ + "/reserve");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->allocate(1 << 20));
  EXPECT_EQ((*file)->size(), 1u << 20);
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ + "/reserve").c_str(), &facts), 0);
  EXPECT_GE(facts.st_blocks * 512, 1 << 20);
}

TEST(DiskFile, GoesOnAfterShortWritesAndInterruptions) {
  test::SimulatedDisk disk;
  auto file = disk.create("/f");
  disk.fault_at(1, test::Fault::Short);
  disk.fault_at(2, test::Fault::Interrupt);
  disk.fault_at(3, test::Fault::Short);
  EXPECT_TRUE((*file)->append("0123456789"));
  EXPECT_EQ(disk.content("/f"), "0123456789");
  EXPECT_EQ(disk.operations(), 5u);
}

TEST(DiskFile, IsDeadAfterAFailedSync) {
  test::SimulatedDisk disk;
  auto file = disk.create("/f");
  ASSERT_TRUE((*file)->append("x"));
  disk.fault_at(1, test::Fault::Broken);
  EXPECT_EQ((*file)->sync().error().fault, DiskFault::Failed);
  const uint64_t operations = disk.operations();
  EXPECT_FALSE((*file)->sync());
  EXPECT_FALSE((*file)->append("y"));
  EXPECT_FALSE((*file)->truncate(0));
  EXPECT_EQ(disk.operations(), operations) << "the disk must not be asked again";
}

// The simulated disk has to be as bad as it says.
TEST(SimulatedDisk, LosesOnlyWhatWasNotSynced) {
  size_t lost = 0, kept = 0, torn = 0, unnamed = 0;
  const std::string safe(6000, 's'), more(9000, 'm');
  for (uint64_t seed = 0; seed < 200; ++seed) {
    test::SimulatedDisk disk;
    auto file = disk.create("/d/f");
    ASSERT_TRUE((*file)->append(safe));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(disk.sync_folder("/d"));
    ASSERT_TRUE((*file)->append(more));
    ASSERT_TRUE(disk.create("/d/unsynced"));
    disk.lose_power(seed);
    EXPECT_FALSE((*file)->append("x")) << "a file of before the crash";
    const std::string now = disk.content("/d/f");
    ASSERT_EQ(now.substr(0, safe.size()), safe);
    const size_t good = std::min(now.find_first_not_of('m', safe.size()), now.size()) - safe.size();
    lost += now == safe;
    kept += now == safe + more;
    torn += good > 0 && good < more.size();
    unnamed += disk.paths().size() == 1;
  }
  EXPECT_GT(lost, 10u);
  EXPECT_GT(kept, 10u);
  EXPECT_GT(torn, 10u);
  EXPECT_GT(unnamed, 10u);
}

TEST(SimulatedDisk, AFailedSyncKeepsThePagesInMemoryOnly) {
  test::SimulatedDisk disk;
  auto file = disk.create("/d/f");
  ASSERT_TRUE(disk.sync_folder("/d"));
  ASSERT_TRUE((*file)->append("data"));
  disk.fault_at(1, test::Fault::Broken);
  ASSERT_FALSE((*file)->sync());
  disk.kill_process();
  auto again = disk.open("/d/f");
  EXPECT_EQ(disk.content("/d/f"), "data");
  ASSERT_TRUE((*again)->sync());
  (*again)->reread();
  EXPECT_EQ(disk.content("/d/f"), std::string(4, '\0')) << "the second sync lied";
}

}  // namespace
}  // namespace kubevigil
