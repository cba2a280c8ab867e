#include "inputs/tailed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/base/text.h"
#include "engine/codec/decompress.h"

namespace kubevigil {
namespace {

ssize_t read_some(int fd, std::span<char> out, uint64_t offset) {
  ssize_t n = 0;
  do {
    n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  return n;
}

// The bytes on disk, through a descriptor that stays the file's.
class DescriptorStream final : public ByteStream {
 public:
  explicit DescriptorStream(int fd) : fd_(fd) {}
  size_t read(std::span<char> out) override {
    const ssize_t n = read_some(fd_, out, at_);
    if (n < 0) status_ = {StreamEnd::ReadError, fmt::format("read failed after {} bytes: {}", at_, strerror(errno))};
    at_ += n > 0 ? static_cast<uint64_t>(n) : 0;
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  const StreamStatus& status() const override { return status_; }
  uint64_t raw_bytes() const override { return at_; }

 private:
  int fd_;
  uint64_t at_ = 0;
  StreamStatus status_;
};

}  // namespace

Result<std::unique_ptr<TailedFile>> TailedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return fail(fmt::format("cannot open {}: {}", printable(path), std::strerror(errno)));
  std::unique_ptr<TailedFile> file(new TailedFile(fd, path));
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(fmt::format("{} is not a regular file: a log that is followed has to be one", printable(path)));
  }
  file->device_ = status.st_dev;
  file->inode_ = status.st_ino;
  file->head_ = file->read_at(0, kHeadBytes);
  if (!is_gzip(file->head_) && !is_zstd(file->head_)) return file;
  file->plain_ = decompressed(std::make_unique<DescriptorStream>(fd));
  std::string head(kHeadBytes, '\0');
  size_t got = 0;
  for (size_t n = 1; n > 0 && got < head.size(); got += n)
    n = file->plain_->read({head.data() + got, head.size() - got});
  head.resize(got);
  file->head_ = std::move(head);
  return file;
}

TailedFile::~TailedFile() { ::close(fd_); }

size_t TailedFile::read(std::span<char> out) {
  size_t n = 0;
  if (plain_ == nullptr) {
    const ssize_t got = read_some(fd_, out, at_);
    problem_ =
        got < 0 ? fmt::format("{}: read failed at byte {}: {}", printable(path_), at_, std::strerror(errno)) : "";
    // Looked at behind the read: then these bytes do belong to those before.
    if (got <= 0 || truncated()) return 0;
    n = static_cast<size_t>(got);
  } else if (at_ < head_.size()) {
    n = std::min(out.size(), head_.size() - at_);
    std::memcpy(out.data(), head_.data() + at_, n);
  } else {
    n = plain_->read(out);
  }
  passed({out.data(), n});
  return n;
}

void TailedFile::passed(std::string_view bytes) {
  if (plain_ == nullptr && at_ == head_.size() && at_ < kHeadBytes) head_ += bytes.substr(0, kHeadBytes - at_);
  if (plain_ == nullptr && head_.size() < std::min<uint64_t>(kHeadBytes, at_ + bytes.size())) {
    head_ = read_at(0, kHeadBytes);
  }
  at_ += bytes.size();
  if (bytes.size() >= kTailBytes) last_.clear();
  last_ += bytes.substr(bytes.size() - std::min(bytes.size(), kTailBytes));
  if (last_.size() > kTailBytes) last_.erase(0, last_.size() - kTailBytes);
}

bool TailedFile::seek(uint64_t offset) {
  if (plain_ == nullptr) {
    if (size() < offset) return false;
    at_ = offset;
    const size_t known = static_cast<size_t>(std::min<uint64_t>(kTailBytes, offset));
    last_ = read_at(offset - known, known);
    return last_.size() == known;
  }
  std::vector<char> skipped(256 << 10);
  while (at_ < offset) {
    const size_t n = read({skipped.data(), static_cast<size_t>(std::min<uint64_t>(skipped.size(), offset - at_))});
    if (n == 0) return false;
  }
  return at_ == offset;
}

FileIdentity TailedFile::identity() const {
  const bool tells = head_.size() >= kHeadBytes || head_.find('\n') != std::string::npos;
  return {device_, inode_, tells ? fingerprint(head_) : Fingerprint{}};
}

void TailedFile::restart() {
  at_ = 0;
  last_.clear();
  head_ = read_at(0, kHeadBytes);
}

bool TailedFile::truncated() {
  if (plain_ != nullptr) return false;
  return size() < at_ || read_at(at_ - last_.size(), last_.size()) != last_ || read_at(0, head_.size()) != head_;
}

std::string TailedFile::read_at(uint64_t offset, size_t size) const {
  std::string out(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t n = read_some(fd_, {out.data() + got, size - got}, offset + got);
    if (n <= 0) break;
    got += static_cast<size_t>(n);
  }
  out.resize(got);
  return out;
}

uint64_t TailedFile::size() const {
  struct stat status {};
  return ::fstat(fd_, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

uint64_t TailedFile::unread() const {
  const uint64_t taken = plain_ == nullptr ? at_ : plain_->raw_bytes();
  const uint64_t all = size();
  return all - std::min(all, taken);
}

std::string TailedFile::problem() const {
  if (plain_ == nullptr) return problem_;
  const StreamStatus& status = plain_->status();
  return status.end == StreamEnd::Complete ? "" : fmt::format("{}: {}", printable(path_), status.message);
}

}  // namespace kubevigil
