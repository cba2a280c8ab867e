// A server for tests of clients: each connection is played by the next script of a list, with blocking calls. Listens
// on a port that the system chooses; plain or TLS.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/net/channel.h"
#include "engine/net/descriptor.h"

namespace kubevigil {

// One end of a connection, blocking.
class Wire {
 public:
  Wire(Descriptor socket, Channel channel) : socket_(std::move(socket)), channel_(std::move(channel)) {}

  bool handshake() {
    return until([&] { return channel_.handshake(); }).state == IoState::Done;
  }
  // Reads until `end` was seen; what was read. Less if the peer closes.
  std::string read_until(const std::string& end) {
    std::string text;
    while (text.find(end) == std::string::npos && read_more(text)) continue;
    return text;
  }
  std::string read_to_end() {
    std::string text;
    while (read_more(text)) continue;
    return text;
  }
  bool read_more(std::string& text) {
    char piece[4096];
    const IoResult got = until([&] { return channel_.read(piece, sizeof piece); });
    text.append(piece, got.bytes);
    return got.state == IoState::Done;
  }
  bool write(std::string_view text) {
    while (!text.empty()) {
      const IoResult sent = until([&] { return channel_.write(text); });
      if (sent.state != IoState::Done) return false;
      text.remove_prefix(sent.bytes);
    }
    return true;
  }
  Channel& channel() { return channel_; }
  int socket() const { return socket_.get(); }

 private:
  static constexpr int kPatienceMs = 60'000;  // a deadline that only a broken test meets
  template <typename Call>
  IoResult until(Call call) {
    for (;;) {
      const IoResult result = call();
      if (result.state != IoState::WantRead && result.state != IoState::WantWrite) return result;
      pollfd waited{socket_.get(), static_cast<short>(result.state == IoState::WantRead ? POLLIN : POLLOUT), 0};
      if (poll(&waited, 1, kPatienceMs) <= 0) return {IoState::Failed, 0};
    }
  }

  Descriptor socket_;
  Channel channel_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Wire&)>;

  explicit ScriptedServer(std::vector<Script> scripts, std::shared_ptr<TlsSource> tls = nullptr)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), scripts_(std::move(scripts)), tls_(std::move(tls)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_.get(), generic, size) != 0 || listen(listener_.get(), 16) != 0 ||
        getsockname(listener_.get(), generic, &size) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { play(); });
  }
  ~ScriptedServer() {
    shutdown(listener_.get(), SHUT_RDWR);  // wakes accept
    thread_.join();
  }
  uint16_t port() const { return port_; }

 private:
  void play() {
    for (const Script& script : scripts_) {
      Descriptor peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!peer) return;
      const int fd = peer.get();
      std::shared_ptr<const TlsContext> context = tls_ ? tls_->current() : nullptr;
      Wire wire(std::move(peer), context ? Channel::server(fd, *context) : Channel(fd));
      if (wire.handshake()) script(wire);
    }
  }

  Descriptor listener_;
  std::vector<Script> scripts_;
  std::shared_ptr<TlsSource> tls_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace kubevigil
