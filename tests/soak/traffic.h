// Traffic: the senders of a soak, in real time. Two API servers post to the webhook, one with a client certificate and
// one with a token; a third writes the log that is followed, and rotates it.
//
//   Traffic traffic(folder, log, {.name = "first", ...});    begins
//   traffic.stop();                                           until everything that was posted is taken or dropped
//   traffic.sent()
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/soak_folder.h"
#include "tests/support/api_server_client.h"
#include "tests/support/log_writer.h"

namespace kubevigil::test {

struct TrafficOptions {
  std::string name;
  size_t posted_a_second = 1000;  // of both API servers together
  size_t logged_a_second = 1000;
  Duration rotate_every = Duration::minutes(1);
  uint64_t seed = 1;
};

// What must have arrived.
struct Sent {
  std::set<std::string> objects;  // of which an alert tells
  size_t posted = 0, batches = 0, logged = 0;
  size_t dropped = 0;   // given up by an API server: its ladder was over
  size_t retried = 0;   // tries beyond the first
  std::string problem;  // the last error of a dropped batch

  void add(const Sent& other);
};

// An API server that offers so many events a second until it is told that it was enough.
class PostingServer {
 public:
  PostingServer(std::string stream, size_t events_a_second, ApiServerOptions options);
  ~PostingServer() { stop(); }
  void stop();
  Sent sent() const;  // after stop()

 private:
  void go_on();

  const std::string stream_;
  const size_t events_a_second_;
  ApiServerClient client_;
  size_t offered_ = 0;
  std::atomic<bool> enough_ = false;
  std::thread thread_;
};

// Writes and rotates a log: by renaming; by renaming and compressing the one before; by copying and cutting.
class LoggingServer {
 public:
  LoggingServer(LogWriter& log, std::string stream, const TrafficOptions& options);
  ~LoggingServer() { stop(); }
  void stop();
  Sent sent() const;  // after stop()

 private:
  void run(size_t events_a_second, Duration rotate_every);
  void write(size_t to);
  void rotate(int number);

  LogWriter& log_;
  const std::string stream_;
  size_t written_ = 0;
  std::atomic<bool> enough_ = false;
  std::thread thread_;
};

class Traffic {
 public:
  Traffic(const SoakFolder& folder, LogWriter& log, const TrafficOptions& options);
  void stop();
  Sent sent() const;

 private:
  PostingServer with_certificate_, with_token_;
  LoggingServer logging_;
};

}  // namespace kubevigil::test
