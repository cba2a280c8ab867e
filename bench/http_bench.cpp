// The HTTP server alone, over loopback, plain: POSTs a second and the time of one, with an answer at once. What a
// durable acknowledgement adds is the disk's. One thread plays all clients: each round it sends one POST on every
// connection and then reads every answer, so half of the processor time is the clients'. Every answer is checked.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/net/descriptor.h"
#include "engine/net/http_server.h"

namespace kubevigil::bench {
namespace {

class CountingSink : public BodySink {
 public:
  explicit CountingSink(Responder responder) : responder_(std::move(responder)) {}
  BodyFlow write(std::string_view piece) override {
    bytes_ += piece.size();
    return BodyFlow::Continue;
  }
  void finish() override { responder_.reply({200, {}, std::to_string(bytes_)}); }

 private:
  Responder responder_;
  size_t bytes_ = 0;
};

struct Handler : HttpHandler {
  Decision decide(const RequestContext&, const Responder& responder) override {
    return Decision::accept(std::make_unique<CountingSink>(responder));
  }
};

Descriptor connect_to(uint16_t port) {
  Descriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) std::abort();
  return made;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The answer must be 200 and name the body's size.
bool is_answered(int fd, size_t body) {
  const std::string end = "\r\n\r\n" + std::to_string(body);
  std::string text;
  char piece[1024];
  while (!text.ends_with(end)) {
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count <= 0 || text.size() > 4096) return false;
    text.append(piece, static_cast<size_t>(count));
  }
  return text.starts_with("HTTP/1.1 200 ");
}

void post(benchmark::State& state) {
  const auto connections = static_cast<size_t>(state.range(0));
  const auto body = static_cast<size_t>(state.range(1));
  Handler handler;
  HttpServerOptions options;
  options.listeners.push_back({});
  auto server = HttpServer::start(options, handler, system_env());
  if (!server) return state.SkipWithError(server.error().message.c_str());
  std::vector<Descriptor> peers;
  for (size_t i = 0; i < connections; ++i) peers.push_back(connect_to((*server)->port(0)));
  const std::string request =
      "POST /k8s-audit/prod?timeout=30s HTTP/1.1\r\nHost: 127.0.0.1:9443\r\n"
      "User-Agent: Go-http-client/1.1\r\nContent-Type: application/json\r\n"
      "Accept-Encoding: gzip\r\nContent-Length: " +
      std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
  std::vector<double> rounds;
  for (auto step : state) {
    const auto begin = std::chrono::steady_clock::now();
    bool right = true;
    for (const Descriptor& peer : peers) right = send_all(peer.get(), request) && right;
    for (const Descriptor& peer : peers) right = is_answered(peer.get(), body) && right;
    if (!right) return state.SkipWithError("a wrong answer");
    rounds.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  const auto posts = static_cast<int64_t>(rounds.size() * connections);
  if ((*server)->counters().answers[2] != static_cast<uint64_t>(posts))
    return state.SkipWithError("answers are missing");
  state.SetItemsProcessed(posts);
  state.SetBytesProcessed(posts * static_cast<int64_t>(body));
  std::sort(rounds.begin(), rounds.end());
  state.counters["p50_us"] = rounds[rounds.size() / 2];
  state.counters["p99_us"] = rounds[rounds.size() * 99 / 100];
}

// One event a POST (blocking mode), and a batch of 400 events.
BENCHMARK(post)->ArgNames({"connections", "body"})->ArgsProduct({{1, 8, 64}, {1'100, 450'000}})->UseRealTime();

}  // namespace
}  // namespace kubevigil::bench

BENCHMARK_MAIN();
