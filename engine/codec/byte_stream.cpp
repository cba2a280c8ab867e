#include "engine/codec/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/base/text.h"

namespace kubevigil {

std::string_view to_text(StreamEnd end) {
  switch (end) {
    case StreamEnd::Complete:
      return "complete";
    case StreamEnd::CutOff:
      return "cut-off";
    case StreamEnd::Corrupt:
      return "corrupt";
    case StreamEnd::Garbage:
      return "trailing-garbage";
    case StreamEnd::Ratio:
      return "ratio";
    case StreamEnd::ReadError:
      return "read-error";
    case StreamEnd::Foreign:
      return "foreign";
  }
  return "";
}

size_t MemoryStream::read(std::span<char> out) {
  const size_t n = std::min(out.size(), bytes_.size() - at_);
  if (n > 0) std::memcpy(out.data(), bytes_.data() + at_, n);
  at_ += n;
  return n;
}

FileStream::FileStream(int fd, bool owned, bool hashed, const std::atomic<int>* stop)
    : fd_(fd), owned_(owned), stop_(stop), hash_(hashed ? std::make_unique<Sha256>() : nullptr) {}

FileStream::~FileStream() {
  if (owned_) ::close(fd_);
}

Result<std::unique_ptr<FileStream>> FileStream::open(const std::string& path, bool hashed,
                                                     const std::atomic<int>* stop) {
  if (path == "-") return std::unique_ptr<FileStream>(new FileStream(STDIN_FILENO, false, hashed, stop));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(fmt::format("cannot open {}: {}", printable(path), std::strerror(errno)));
#ifdef POSIX_FADV_SEQUENTIAL
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
  return std::unique_ptr<FileStream>(new FileStream(fd, true, hashed, stop));
}

// A pipe may stay silent for ever; a regular file is always ready.
bool FileStream::wait() {
  constexpr int kCheckEvery = 100;  // milliseconds
  if (stop_ == nullptr) return true;
  for (;;) {
    if (stop_->load() != 0) return false;
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, kCheckEvery) > 0) return true;
  }
}

size_t FileStream::read(std::span<char> out) {
  if (out.empty() || status_.end != StreamEnd::Complete) return 0;
  if (!wait()) {
    status_ = {StreamEnd::ReadError, fmt::format("interrupted after {} bytes", raw_bytes_)};
    return 0;
  }
  ssize_t n = 0;
  do {
    n = ::read(fd_, out.data(), out.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    status_ = {StreamEnd::ReadError, fmt::format("read failed after {} bytes: {}", raw_bytes_, std::strerror(errno))};
    return 0;
  }
  raw_bytes_ += static_cast<uint64_t>(n);
  if (hash_) hash_->update({out.data(), static_cast<size_t>(n)});
  return static_cast<size_t>(n);
}

std::string FileStream::drain_and_hash() {
  if (!hash_) return {};
  std::vector<char> rest(256 << 10);
  while (read(rest) > 0) {
  }
  return status_.end == StreamEnd::Complete ? hash_->hex() : std::string();
}

}  // namespace kubevigil
