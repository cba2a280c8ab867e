#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/disk.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

DiskFault fault_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return DiskFault::Full;
    case ENOENT:
      return DiskFault::Missing;
    case EEXIST:
      return DiskFault::Exists;
    default:
      return DiskFault::Failed;
  }
}

tl::unexpected<DiskError> failed(std::string_view what, const std::string& path) {
  const int code = errno;
  return disk_fail(fault_of(code), fmt::format("cannot {} {}: {}", what, printable(path), std::strerror(code)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public DiskFile {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  uint64_t size() const override {
    struct stat facts {};
    return ::fstat(fd_.get(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
  }
  void reread() override { ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED); }
  bool has_name(const std::string& path) const override {
    struct stat ours {
    }, named{};
    return ::fstat(fd_.get(), &ours) == 0 && ::lstat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
  }

 protected:
  DiskResult<size_t> write_some(std::string_view bytes) override {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) return size_t{0};
    if (n < 0) return failed("write to", path_);
    return static_cast<size_t>(n);
  }
  DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const override {
    ssize_t n = 0;
    do {
      n = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    } while (n < 0 && errno == EINTR);
    if (n < 0) return failed("read", path_);
    return static_cast<size_t>(n);
  }
  DiskResult<void> sync_once(std::source_location) override {
    int result = 0;
    do {
      result = ::fdatasync(fd_.get());
    } while (result != 0 && errno == EINTR);
    if (result != 0) return failed("sync", path_);
    return {};
  }
  DiskResult<void> truncate_once(uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return failed("truncate", path_);
    return {};
  }
  DiskResult<void> allocate_once(uint64_t bytes) override {
    errno = ::posix_fallocate(fd_.get(), static_cast<off_t>(size()), static_cast<off_t>(bytes));
    if (errno != 0) return failed("make room in", path_);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixLock final : public DiskLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;
};

class PosixDisk : public Disk {
 public:
  DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("create", path);
    return std::make_unique<PosixFile>(fd, path);
  }
  DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ELOOP) {
      return disk_fail(DiskFault::Failed, fmt::format("cannot open {}: it is a symbolic link, which is not followed; "
                                                      "name the file itself",
                                                      printable(path)));
    }
    if (fd < 0) return failed("open", path);
    return std::make_unique<PosixFile>(fd, path);
  }
  DiskResult<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return {};
  }
  DiskResult<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("remove", path);
    return {};
  }
  DiskResult<std::vector<std::string>> list(const std::string& folder) override;
  DiskResult<void> make_folder(const std::string& folder) override;
  DiskResult<void> sync_folder(const std::string& folder, std::source_location) override {
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return failed("open folder", folder);
    int result = 0;
    do {
      result = ::fsync(fd.get());
    } while (result != 0 && errno == EINTR);
    if (result != 0) return failed("sync folder", folder);
    return {};
  }
  DiskResult<uint64_t> free_bytes(const std::string& folder) override {
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) != 0) return failed("ask for free space in", folder);
    return uint64_t{facts.f_bavail} * facts.f_frsize;
  }
  DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("open lock", path);
    auto held = std::make_unique<PosixLock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return held;
    if (errno != EWOULDBLOCK) return failed("lock", path);
    return disk_fail(DiskFault::Locked,
                     fmt::format("{} is locked: another kubevigil runs on this folder; stop it, or give this one a "
                                 "folder of its own",
                                 printable(path)));
  }
};

DiskResult<std::vector<std::string>> PosixDisk::list(const std::string& folder) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return failed("list", folder);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    struct stat facts {};
    const bool known = ::fstatat(::dirfd(dir), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    if (known && S_ISREG(facts.st_mode)) names.emplace_back(entry->d_name);
    errno = 0;
  }
  const int code = errno;
  ::closedir(dir);
  errno = code;
  if (code != 0) return failed("list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

DiskResult<void> PosixDisk::make_folder(const std::string& folder) {
  for (size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    const std::string part = folder.substr(0, end);
    if (::mkdir(part.c_str(), 0700) == 0) {
      const size_t slash = part.rfind('/');
      const std::string above = slash == std::string::npos ? "." : slash == 0 ? "/" : part.substr(0, slash);
      if (auto synced = sync_folder(above, {}); !synced) return synced;
    } else if (errno != EEXIST) {
      return failed("create folder", part);
    }
    if (end == std::string::npos) break;
  }
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) return failed("look at", folder);
  if (S_ISDIR(facts.st_mode)) return {};
  return disk_fail(DiskFault::Exists, fmt::format("{} is there, but it is no folder", printable(folder)));
}

tl::unexpected<DiskError> reading_only(std::string_view what, const std::string& path) {
  return disk_fail(DiskFault::Failed, fmt::format("will not {} {}: it is only read here", what, printable(path)));
}

class ReadingDisk final : public PosixDisk {
 public:
  DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) override {
    return reading_only("create", path);
  }
  DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed("open", path);
    return std::make_unique<PosixFile>(fd, path);
  }
  DiskResult<void> rename(const std::string& from, const std::string&) override { return reading_only("rename", from); }
  DiskResult<void> remove(const std::string& path) override { return reading_only("remove", path); }
  DiskResult<void> make_folder(const std::string& folder) override {
    struct stat facts {};
    if (::stat(folder.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return {};
    return reading_only("create folder", folder);
  }
  DiskResult<void> sync_folder(const std::string& folder, std::source_location) override {
    return reading_only("sync folder", folder);
  }
  DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    auto held = std::make_unique<PosixLock>(fd);
    if (fd < 0 && errno != ENOENT) return failed("open lock", path);
    if (fd < 0 || ::flock(fd, LOCK_SH | LOCK_NB) == 0) return held;
    if (errno != EWOULDBLOCK) return failed("lock", path);
    return disk_fail(DiskFault::Locked,
                     fmt::format("{} is locked: a kubevigil runs on this folder; stop it, or copy the folder and read "
                                 "the copy",
                                 printable(path)));
  }
};

}  // namespace

Disk& posix_disk() {
  static PosixDisk disk;
  return disk;
}

Disk& reading_disk() {
  static ReadingDisk disk;
  return disk;
}

}  // namespace kubevigil
