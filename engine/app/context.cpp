#include "engine/app/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace kubevigil {

void Console::data(std::string_view text) {
  if (output_error_ != 0) return;
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), out_) < text.size()) output_error_ = errno == 0 ? EIO : errno;
}

void Console::say(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), err_);
  std::fputc('\n', err_);
}

void Console::error(std::string_view text) const { say("kubevigil: " + std::string(text)); }

void Console::flush() {
  if (output_error_ != 0) return;
  errno = 0;
  if (std::fflush(out_) != 0) output_error_ = errno == 0 ? EIO : errno;
}

bool Console::out_is_terminal() const { return ::isatty(::fileno(out_)) == 1; }
bool Console::err_is_terminal() const { return ::isatty(::fileno(err_)) == 1; }

size_t Console::width() const {
  for (std::FILE* file : {out_, err_}) {
    winsize size{};
    if (::isatty(::fileno(file)) == 1 && ::ioctl(::fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      return size.ws_col;
    }
  }
  return 0;
}

void Context::fail(int code, std::string_view message) {
  console.error(message);
  exit_code = code;
}

// https://no-color.org: set and not empty means no colour, unless it was asked for on the command line.
bool Context::colored(bool terminal) const {
  if (color != "auto") return color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return terminal && (term == nullptr || std::string_view(term) != "dumb");
}

std::string version_text() { return KUBEVIGIL_VERSION; }

}  // namespace kubevigil
