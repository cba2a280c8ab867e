// HttpConnection: one accepted socket, from TLS handshake to close, as a state machine that never waits: it does what
// it can, then asks its thread to call again when the socket is ready. Internal: includes Asio.
//
//   Handshake -> Idle -> Head -> Body -> Waiting -> Writing -> Idle ...
//   Head, Body, Waiting -> Writing -> Draining -> Closed     refused, too slow, answered early, last answer
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "engine/net/body_reader.h"
#include "engine/net/channel.h"
#include "engine/net/connection_budget.h"
#include "engine/net/http_handler.h"
#include "engine/net/io_thread.h"

namespace kubevigil {

struct ConnectionOrigin {
  size_t listener = 0;
  std::string peer;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(IoThread& thread, boost::asio::ip::tcp::socket socket, const TlsContext* tls, ConnectionOrigin origin,
                 std::unique_ptr<ConnectionBudget::Place> place);
  ~HttpConnection();

  void start();
  Duration deadline() const { return deadline_; }
  void tick(Duration now);  // ends what has run out of time
  void wind_down();         // closes if no request has begun
  void close();
  void on_reply(uint64_t request, HttpReply reply);
  void on_resume(uint64_t request);

 private:
  enum class Phase : uint8_t { Handshake, Idle, Head, Body, Waiting, Writing, Draining, Closed };
  enum class Next : uint8_t { Again, WaitRead, WaitWrite, Park, Close };

  void advance();
  void wait(bool to_write);
  void interrupt();  // forgets the wait that is pending, then advances
  Next step();
  Next shake_hands();
  Next read_some();
  Next write_some();
  Next drain_some();

  void process(std::string_view input);
  void take_head(std::string_view& input);
  void take_body(std::string_view& input);
  void begin_request(std::string_view bytes, std::string_view& rest);
  void refuse(const RequestFault& fault, std::string_view& input);
  void decide(const RequestHead& head, std::string_view& rest);
  void discard(std::string_view& rest);
  void finish_body();
  void give_up(int status, std::atomic<uint64_t>& counter);
  void answer(const HttpReply& reply);
  void out_of_time();
  void set_deadline(Duration wait) { deadline_ = {thread_.now().micros + wait.micros}; }
  ServerShared& shared() { return thread_.shared(); }

  IoThread& thread_;
  boost::asio::ip::tcp::socket socket_;
  Channel channel_;
  const ConnectionOrigin origin_;
  std::unique_ptr<ConnectionBudget::Place> place_;
  std::unique_ptr<PeerCertificate> certificate_;

  Phase phase_ = Phase::Handshake;
  bool paused_ = false, keep_alive_ = false, head_only_ = false, close_now_ = false;
  uint64_t wait_id_ = 0;  // of the wait that is pending; others are stale
  uint64_t request_ = 0;  // number of the present request
  Duration deadline_{};
  uint64_t window_mark_ = 0;  // body bytes at the beginning of the present window
  std::string head_;          // the beginning of a header that has not come whole
  std::string pending_;       // bytes behind the present request, or behind a pause
  BodyReader body_;
  std::unique_ptr<BodySink> sink_;
  std::string out_;  // of the answer, what is not sent yet begins at sent_
  size_t sent_ = 0;
  size_t drained_ = 0;
};

}  // namespace kubevigil
