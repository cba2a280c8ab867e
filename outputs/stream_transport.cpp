#include "outputs/stream_transport.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace kubevigil {
namespace {

constexpr size_t kPiece = PIPE_BUF;  // as much as a descriptor that polls writable takes without blocking

std::string with_newline(std::string_view body) {
  std::string out(body);
  if (out.empty() || out.back() != '\n') out += '\n';
  return out;
}

}  // namespace

Delivery StreamTransport::send(const Message& message) {
  std::string text = with_newline(message.body);
  const bool torn = written_ > 0 && written_ < current_.size();
  if (torn) {
    Delivery rest = write_rest();
    if (rest.kind != Delivery::Kind::Delivered || text == current_) return rest;
  }
  current_ = std::move(text);
  written_ = 0;
  return write_rest();
}

Delivery StreamTransport::write_rest() {
  const Duration deadline{env_.monotonic().micros + wait_.micros};
  while (written_ < current_.size()) {
    const int64_t left = (deadline - env_.monotonic()).micros / 1000;
    // Not wait_for: a terminal is readable, too, and that is none of our business.
    pollfd ready[2] = {{descriptor_, POLLOUT, 0}, {cancellation_.descriptor(), POLLIN, 0}};
    const int polled = ::poll(ready, 2, static_cast<int>(std::max<int64_t>(left, 0)));
    if (polled < 0 && errno == EINTR) continue;
    if (ready[1].revents != 0) return {Delivery::Kind::Retry, "cancelled"};
    if (polled == 0) {
      return {Delivery::Kind::Retry, fmt::format("nobody has read the output for {} s", wait_.micros / 1'000'000)};
    }
    const size_t size = std::min(kPiece, current_.size() - written_);
    const ssize_t sent = ::write(descriptor_, current_.data() + written_, size);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return {Delivery::Kind::Retry, fmt::format("writing to the output: {}", std::strerror(errno))};
    written_ += static_cast<size_t>(sent);
  }
  return {};
}

}  // namespace kubevigil
