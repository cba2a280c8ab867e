#include "outputs/stream_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace kubevigil {
namespace {

class Pipe {
 public:
  Pipe() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe(ends_), 0);
  }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  int writer() const { return ends_[1]; }
  std::string read(size_t bytes) {
    std::string out(bytes, '\0');
    size_t got = 0;
    while (got < bytes) {
      const ssize_t n = ::read(ends_[0], out.data() + got, bytes - got);
      if (n <= 0) break;
      got += static_cast<size_t>(n);
    }
    out.resize(got);
    return out;
  }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

Message message(std::string body) { return {std::move(body), "text/plain", {}}; }

TEST(StreamTransport, WritesLines) {
  Pipe pipe;
  StreamTransport out(pipe.writer(), system_env());
  EXPECT_EQ(out.send(message("a\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(out.send(message("b")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(out.send(message("b")).kind, Delivery::Kind::Delivered) << "equal messages are two messages";
  EXPECT_EQ(pipe.read(6), "a\nb\nb\n");
}

TEST(StreamTransport, AReaderThatStallsTearsNoRecord) {
  Pipe pipe;
  StreamTransport out(pipe.writer(), system_env(), Duration{20'000});
  const std::string big(200'000, 'x');  // more than a pipe holds
  EXPECT_EQ(out.send(message(big)).kind, Delivery::Kind::Retry);
  std::string seen;
  std::thread reader([&] { seen = pipe.read(big.size() + 1 + 6); });
  Delivery again = out.send(message(big));
  while (again.kind == Delivery::Kind::Retry) again = out.send(message(big));
  EXPECT_EQ(again.kind, Delivery::Kind::Delivered);
  while (out.send(message("after")).kind == Delivery::Kind::Retry) continue;
  reader.join();
  EXPECT_EQ(seen, big + "\nafter\n");
}

TEST(StreamTransport, AClosedPipeIsAnAnswer) {
  Pipe pipe;
  pipe.close_reader();
  StreamTransport out(pipe.writer(), system_env());
  const Delivery sent = out.send(message("a"));
  EXPECT_EQ(sent.kind, Delivery::Kind::Retry);
  EXPECT_NE(sent.reason.find("pipe"), std::string::npos) << sent.reason;
}

}  // namespace
}  // namespace kubevigil
