#include "engine/net/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "engine/base/text.h"
#include "engine/net/descriptor.h"

namespace kubevigil {

Result<std::string> read_text_file(const std::string& path, size_t max_bytes) {
  // O_NONBLOCK: a FIFO in place of the file must not stop us.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail(fmt::format("{}: cannot be opened: {}", printable(path), strerror(errno)));
  std::string text;
  char piece[16384];
  for (;;) {
    const ssize_t count = read(file.get(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(fmt::format("{}: cannot be read: {}", printable(path), strerror(errno)));
    if (count == 0) return text;
    text.append(piece, static_cast<size_t>(count));
    if (text.size() > max_bytes) {
      return fail(fmt::format("{}: larger than {} bytes; is it the right file?", printable(path), max_bytes));
    }
  }
}

}  // namespace kubevigil
