// HttpServer: HTTP/1.1 over TCP or TLS on several listeners, for clients that are slow, broken or hostile.
//
//   MyHandler handler;                              // http_handler.h; must outlive the server
//   HttpServerOptions options;
//   options.listeners.push_back({.address = "0.0.0.0", .port = 9443, .tls = *TlsSource::open(files, role, env)});
//   auto server = HttpServer::start(std::move(options), handler, system_env());
//   if (!server) -> cannot listen: server.error() names address and port
//   ...
//   (*server)->shutdown(Duration::seconds(25));     // stop listening, answer what has begun, close
//
// * A connection belongs to one of `io_threads` threads for its life; nothing of it is touched elsewhere.
// * Memory: an idle connection costs 1 KiB beside its socket, under TLS with a client certificate 25 KiB; buffers
// belong
//   to the io threads. The most a connection can hold is one header (header_bytes) or 64 KiB of pipelined requests, and
//   its answer.
// * A process that wants many connections must raise RLIMIT_NOFILE itself. When descriptors run out, accepting pauses
// for
//   100 ms at a time (counted) and connections that exist go on.
// * TLS: TlsSource::reload() is the owner's to call; new connections take what is current.
// * Every limit has a counter. Nothing is logged here: HttpHandler::on_trouble.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/net/http_handler.h"
#include "engine/net/tls_context.h"

namespace kubevigil {

struct HttpListener {
  std::string address = "127.0.0.1";    // an address, not a name; "::" takes IPv4 too
  uint16_t port = 0;                    // 0: the system chooses, see HttpServer::port
  std::shared_ptr<TlsSource> tls = {};  // nullptr: plain
};

struct HttpLimits {
  size_t connections = limits::kConnections;                 // more are closed at once
  size_t connections_per_peer = limits::kConnectionsOfPeer;  // likewise; a peer is an address, or an IPv6 /64
  size_t header_bytes = limits::kRequestHeaderBytes;         // 431
  size_t headers = limits::kRequestHeaders;                  // 431
  uint64_t body_bytes = limits::kRequestBodyBytes;           // 413
  size_t drain_bytes = 1u << 20;                             // read after an early answer
  Duration drain = Duration::seconds(2);                     // likewise
  Duration header_timeout = Duration::seconds(10);  // TLS handshake; then first byte to end of a header (408), each
  Duration idle_timeout = Duration::seconds(100);   // between requests; the API server's own is 90 s and must end first
  Duration body_window = Duration::seconds(10);     // in each such time body_window_bytes must come, or the end (408)
  uint64_t body_window_bytes = 80u << 10;
  Duration answer_timeout = Duration::seconds(60);  // for Responder::reply after the body; then 503
  Duration write_timeout = Duration::seconds(30);   // for the client to take an answer
};

struct HttpServerOptions {
  std::vector<HttpListener> listeners;
  int io_threads = 2;
  HttpLimits limits;
};

// Totals since the start, but for open_connections. Written by io threads, read by anyone.
struct HttpServerCounters {
  using Count = std::atomic<uint64_t>;
  Count open_connections{0};
  Count connections{0};
  Count connections_over_limit{0};       // closed at once: HttpLimits::connections
  Count connections_over_peer_limit{0};  // closed at once: HttpLimits::connections_per_peer
  Count accept_errors{0};                // EMFILE and the like
  Count tls_failures{0};                 // handshakes that failed
  Count requests{0};                     // with a whole header
  Count bad_requests{0};                 // malformed or over a limit of the header
  Count large_bodies{0};                 // 413
  Count broken_bodies{0};                // broken chunks, or the peer left in the middle
  Count early_answers{0};                // before the body had come whole
  Count header_timeouts{0};              // handshakes included
  Count idle_timeouts{0};
  Count body_timeouts{0};
  Count answer_timeouts{0};
  Count write_timeouts{0};
  Count body_bytes{0};
  std::array<Count, 6> answers{};  // by status / 100; [0] is not used
};

class HttpServer {
 public:
  // Listens on all listeners or on none. `handler` and `env` must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler& handler, const Env& env);
  ~HttpServer();  // shutdown without patience
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port(size_t listener) const;
  const HttpServerCounters& counters() const;

  // Stops listening, closes idle connections, lets requests that have begun end (their answers say Connection: close)
  // for at most `patience`, then closes the rest and ends the threads. Not from an io thread. Once.
  void shutdown(Duration patience);

 private:
  struct Running;
  explicit HttpServer(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace kubevigil
