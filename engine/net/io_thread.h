// IoThread: one thread of an HttpServer, its event loop and the connections that live on it. Internal: includes Asio.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "engine/net/http_server.h"

namespace kubevigil {

class HttpConnection;

// What all threads of a server share.
struct ServerShared {
  HttpHandler& handler;
  const Env& env;
  const HttpLimits limits;
  HttpServerCounters counters = {};
  std::mutex mutex = {};
  std::condition_variable connection_ended = {};  // with counters.open_connections
  std::atomic<bool> winding_down = false;         // set before the listeners close
};

class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  explicit IoThread(std::shared_ptr<ServerShared> shared);
  ~IoThread();

  void start();
  // From any other thread: ends the loop and the thread, closes the connections.
  void stop();
  boost::asio::io_context& context() { return context_; }

  // The rest: on this thread only.
  ServerShared& shared() { return *shared_; }
  bool winding_down() const { return shared_->winding_down; }
  void wind_down();  // when winding_down: connections without a request end
  void add(std::shared_ptr<HttpConnection> connection);
  void remove(HttpConnection* connection);
  void trouble(const std::string& peer, const std::string& what);
  Duration now() const { return shared_->env.monotonic(); }
  std::array<char, 64u << 10>& scratch() { return scratch_; }  // for one read; not kept over a wait

 private:
  void sweep();

  std::shared_ptr<ServerShared> shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
  std::array<char, 64u << 10> scratch_;
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;
  std::thread thread_;
  Duration trouble_second_{};
  int troubles_ = 0;
};

}  // namespace kubevigil
