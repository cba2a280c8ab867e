// A server on loopback with a handler that a test steers, and raw connections to it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "engine/net/http_server.h"
#include "tests/net/scripted_server.h"

namespace kubevigil {

constexpr std::chrono::seconds kTestPatience(60);  // only a broken test waits as long

// Waits for something that other threads bring about.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kTestPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

struct SeenRequest {
  std::string method, path, query, body, peer, common_name;
  bool finished = false, abandoned = false;
};

class TestHandler : public HttpHandler {
 public:
  // Steering; set before the server starts.
  std::function<Decision(const RequestContext&, const Responder&)> on_decide;  // empty: accept
  bool hold = false;              // answers come from held() instead of at once
  bool pause_each_write = false;  // resume comes at once, from another thread

  Decision decide(const RequestContext& request, const Responder& responder) override {
    auto seen = std::make_shared<SeenRequest>();
    seen->method = request.head.method, seen->path = request.head.path, seen->query = request.head.query;
    seen->peer = request.peer;
    if (request.certificate != nullptr) seen->common_name = request.certificate->common_name;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(seen);
    }
    changed_.notify_all();
    return on_decide ? on_decide(request, responder) : Decision::accept(std::make_unique<Sink>(*this, seen, responder));
  }
  void on_trouble(const std::string&, const std::string& what) override {
    const std::lock_guard lock(mutex_);
    troubles_.push_back(what);
  }

  std::vector<SeenRequest> requests() const {
    const std::lock_guard lock(mutex_);
    std::vector<SeenRequest> out;
    for (const auto& seen : requests_) out.push_back(*seen);
    return out;
  }
  std::vector<std::string> troubles() const {
    const std::lock_guard lock(mutex_);
    return troubles_;
  }
  // The next responder whose body has come whole; waits for it.
  Responder held() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTestPatience, [&] { return !held_.empty(); });
    Responder first = held_.at(0);
    held_.erase(held_.begin());
    return first;
  }

 private:
  class Sink : public BodySink {
   public:
    Sink(TestHandler& handler, std::shared_ptr<SeenRequest> seen, Responder responder)
        : handler_(handler), seen_(std::move(seen)), responder_(std::move(responder)) {}
    ~Sink() override {
      const std::lock_guard lock(handler_.mutex_);
      seen_->abandoned = !seen_->finished;
    }
    BodyFlow write(std::string_view piece) override {
      const std::lock_guard lock(handler_.mutex_);
      seen_->body.append(piece);
      if (!handler_.pause_each_write) return BodyFlow::Continue;
      std::thread([responder = responder_] { responder.resume(); }).detach();
      return BodyFlow::Pause;
    }
    void finish() override {
      {
        const std::lock_guard lock(handler_.mutex_);
        seen_->finished = true;
        if (handler_.hold) handler_.held_.push_back(responder_);
      }
      handler_.changed_.notify_all();
      if (!handler_.hold) responder_.reply({200, {{"Content-Type", "application/json"}}, "{}"});
    }

   private:
    TestHandler& handler_;
    std::shared_ptr<SeenRequest> seen_;
    Responder responder_;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<SeenRequest>> requests_;
  std::vector<Responder> held_;
  std::vector<std::string> troubles_;
};

inline Descriptor connect_to(uint16_t port, const char* address = "127.0.0.1") {
  Descriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  inet_pton(AF_INET, address, &peer.sin_addr);
  const bool connected = connect(made.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
  EXPECT_TRUE(connected) << strerror(errno);
  fcntl(made.get(), F_SETFL, O_NONBLOCK);
  return made;
}

class ServerTest : public testing::Test {
 protected:
  // Long enough that only what a test asks for runs out of time.
  ServerTest() {
    HttpLimits& l = options.limits;
    for (Duration* time : {&l.header_timeout, &l.idle_timeout, &l.body_window, &l.answer_timeout, &l.write_timeout}) {
      *time = Duration::seconds(60);
    }
  }
  void start() {
    if (options.listeners.empty()) options.listeners.push_back({});
    auto started = HttpServer::start(options, handler, system_env());
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  Wire wire() const {
    Descriptor made = connect_to(server->port(0));
    const int fd = made.get();
    return Wire(std::move(made), Channel(fd));
  }
  // One answer: header and as much body as its Content-Length says.
  static std::string answer_on(Wire& wire) {
    std::string text = wire.read_until("\r\n\r\n");
    const size_t at = text.find("Content-Length: ");
    if (at == std::string::npos) return text;
    const size_t whole = text.find("\r\n\r\n") + 4 + std::stoul(text.substr(at + 16));
    while (text.size() < whole && wire.read_more(text)) continue;
    return text;
  }
  static std::string post(const std::string& body, const std::string& headers = "") {
    return fmt::format("POST /in HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}", headers, body.size(), body);
  }

  TestHandler handler;
  HttpServerOptions options;
  std::unique_ptr<HttpServer> server;
};

}  // namespace kubevigil
