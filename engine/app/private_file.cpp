#include "engine/app/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kubevigil {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  return fail(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

Result<void> write_all(const std::string& path, int mode, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0600);
  if (file < 0) return failed("cannot write", path);
  struct stat info {};
  // It may have been there with other rights; but never those of a device: /dev/null belongs to all.
  if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode)) ::fchmod(file, 0600);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto error = failed("cannot write", path);
      ::close(file);
      return error;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::close(file) != 0) return failed("cannot write", path);
  return {};
}

}  // namespace

Result<void> make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return failed("cannot create folder", path);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return failed("cannot look at the folder", path);
  if (!S_ISDIR(info.st_mode)) return fail(fmt::format("cannot create folder {}: there is a file of this name", path));
  if (::chmod(path.c_str(), 0700) != 0) return failed("cannot make private the folder", path);
  return {};
}

Result<void> check_private_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode)) {  // opened and closed, it would end its reader
    if (::access(path.c_str(), W_OK) != 0) return failed("cannot write", path);
    return {};
  }
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed("cannot write", path);
  ::close(file);
  return {};
}

Result<void> write_private_file(const std::string& path, std::string_view text) {
  return write_all(path, O_TRUNC, text);
}

Result<void> append_private_file(const std::string& path, std::string_view text) {
  return write_all(path, O_APPEND, text);
}

Result<std::string> read_whole_file(const std::string& path, size_t at_most) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("cannot read", path);
  std::string out;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const auto error = failed("cannot read", path);
      ::close(file);
      return error;
    }
    if (got == 0) break;
    out.append(buffer, static_cast<size_t>(got));
    if (out.size() <= at_most) continue;
    ::close(file);
    return fail(fmt::format("cannot read {}: it is larger than {} bytes, which no such file is", path, at_most));
  }
  ::close(file);
  return out;
}

}  // namespace kubevigil
