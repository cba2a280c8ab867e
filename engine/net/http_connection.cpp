#include "engine/net/http_connection.h"

#include <boost/asio/post.hpp>

#include "engine/net/reply_text.h"
#include "engine/net/responder_target.h"

namespace kubevigil {
namespace {

namespace asio = boost::asio;

class Route : public Responder::Target {
 public:
  Route(std::weak_ptr<IoThread> thread, std::weak_ptr<HttpConnection> connection, uint64_t request)
      : thread_(std::move(thread)), connection_(std::move(connection)), request_(request) {}
  ~Route() override {
    if (claim()) deliver(busy_reply());
  }
  void deliver(HttpReply reply) override {
    post([reply = std::move(reply)](HttpConnection& connection, uint64_t request) {
      connection.on_reply(request, reply);
    });
  }
  void resume() override {
    post([](HttpConnection& connection, uint64_t request) { connection.on_resume(request); });
  }

 private:
  template <typename Call>
  void post(Call call) {
    // The lock keeps the loop alive while we post; once the server has gone nothing is left to do.
    if (const auto thread = thread_.lock()) {
      asio::post(thread->context(), [weak = connection_, request = request_, call = std::move(call)] {
        if (const auto connection = weak.lock()) call(*connection, request);
      });
    }
  }

  const std::weak_ptr<IoThread> thread_;
  const std::weak_ptr<HttpConnection> connection_;
  const uint64_t request_;
};

bool has_bare_lf(std::string_view text, size_t from) {
  for (size_t at = from; (at = text.find('\n', at)) != std::string_view::npos; ++at) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

}  // namespace

HttpConnection::HttpConnection(IoThread& thread, asio::ip::tcp::socket socket, const TlsContext* tls,
                               ConnectionOrigin origin, std::unique_ptr<ConnectionBudget::Place> place)
    : thread_(thread),
      socket_(std::move(socket)),
      channel_(tls != nullptr ? Channel::server(socket_.native_handle(), *tls) : Channel(socket_.native_handle())),
      origin_(std::move(origin)),
      place_(std::move(place)) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::process(std::string_view input) {
  while (!input.empty() && !paused_) {
    if (phase_ == Phase::Idle) {
      phase_ = Phase::Head;
      set_deadline(shared().limits.header_timeout);
    }
    if (phase_ == Phase::Head) {
      take_head(input);
    } else if (phase_ == Phase::Body) {
      take_body(input);
    } else {
      break;
    }
  }
  if (!input.empty()) pending_.assign(input);
}

void HttpConnection::take_head(std::string_view& input) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const size_t before = head_.size();
  if (const size_t end = before == 0 ? input.find(kEnd) : std::string::npos;
      end < shared().limits.header_bytes - kEnd.size()) {
    const std::string_view bytes = input.substr(0, end + kEnd.size());  // the usual case: whole, nothing is copied
    input.remove_prefix(bytes.size());
    return begin_request(bytes, input);
  }
  head_.append(input);
  const size_t end = head_.find(kEnd, before < 3 ? 0 : before - 3);
  const size_t size = end == std::string::npos ? head_.size() : end + kEnd.size();
  if (size > shared().limits.header_bytes) return refuse({431, "the header is too large"}, input);
  if (has_bare_lf({head_.data(), size}, before)) return refuse({400, "a line that ends with LF alone"}, input);
  input.remove_prefix(size - before);
  if (end == std::string::npos) return;
  head_.resize(size);
  const std::string bytes = std::exchange(head_, {});
  begin_request(bytes, input);
}

void HttpConnection::refuse(const RequestFault& fault, std::string_view& input) {
  input = {};
  thread_.trouble(origin_.peer, "request refused: " + fault.what);
  give_up(fault.status, shared().counters.bad_requests);
}

void HttpConnection::begin_request(std::string_view bytes, std::string_view& rest) {
  const auto head = parse_request_head(bytes, shared().limits.headers);
  if (!head) return refuse(head.error(), rest);
  ++shared().counters.requests;
  ++request_;
  keep_alive_ = head->keep_alive;
  head_only_ = head->method == "HEAD";
  body_ = head->chunked ? BodyReader::chunked() : BodyReader(head->content_length.value_or(0));
  window_mark_ = 0;
  if (head->content_length.value_or(0) > shared().limits.body_bytes)
    return give_up(413, shared().counters.large_bodies);
  decide(*head, rest);
}

void HttpConnection::decide(const RequestHead& head, std::string_view& rest) {
  const auto route = std::make_shared<Route>(thread_.weak_from_this(), weak_from_this(), request_);
  phase_ = Phase::Body;
  set_deadline(shared().limits.body_window);
  // The handshake looked at the dates once; a connection may outlive them.
  if (certificate_ && certificate_->not_after < shared().env.now()) certificate_.reset();
  Decision decision =
      shared().handler.decide({head, origin_.peer, certificate_.get(), origin_.listener}, Responder(route));
  if (decision.reply) {
    (void)route->claim();
    discard(rest);
    return answer(*decision.reply);
  }
  sink_ = std::move(decision.sink);
  if (body_.done()) return finish_body();
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // An empty socket takes these bytes; one that does not is in no state to send us a body.
  close_now_ = head.expects_continue && rest.empty() && channel_.write(kContinue).bytes != kContinue.size();
}

// What came together with an early-answered header: often the whole body, and then the connection can be kept.
void HttpConnection::discard(std::string_view& rest) {
  while (!rest.empty() && !body_.done()) {
    if (!body_.next(rest)) rest = {};
  }
}

void HttpConnection::take_body(std::string_view& input) {
  const auto piece = body_.next(input);
  if (!piece) {
    input = {};
    return give_up(400, shared().counters.broken_bodies);
  }
  shared().counters.body_bytes += piece->size();
  if (body_.received() > shared().limits.body_bytes) {
    input = {};
    return give_up(413, shared().counters.large_bodies);
  }
  if (!piece->empty() && sink_ != nullptr && sink_->write(*piece) == BodyFlow::Pause) {
    paused_ = true;
    set_deadline(shared().limits.answer_timeout);
  }
  if (body_.done() && !paused_) finish_body();
}

void HttpConnection::finish_body() {
  phase_ = Phase::Waiting;
  set_deadline(shared().limits.answer_timeout);
  if (sink_ != nullptr) sink_->finish();
  sink_.reset();
}

// An answer of our own, after which the connection ends.
void HttpConnection::give_up(int status, std::atomic<uint64_t>& counter) {
  ++counter;
  answer({status, {}, "", true});
}

void HttpConnection::answer(const HttpReply& reply) {
  sink_.reset();
  paused_ = false;
  if (phase_ == Phase::Body && !body_.done()) {
    ++shared().counters.early_answers;
    keep_alive_ = false;
  }
  if (reply.close || thread_.winding_down() || phase_ == Phase::Head) keep_alive_ = false;
  if (!keep_alive_) pending_.clear();
  ++shared().counters.answers[static_cast<size_t>(reply.status / 100) % shared().counters.answers.size()];
  out_ = reply_text(reply, keep_alive_, head_only_, shared().env.now());
  sent_ = 0;
  ++request_;  // replies that are still on their way are for the request that ends here
  phase_ = Phase::Writing;
  set_deadline(shared().limits.write_timeout);
}

void HttpConnection::on_reply(uint64_t request, HttpReply reply) {
  if (request != request_ || (phase_ != Phase::Body && phase_ != Phase::Waiting)) return;
  answer(reply);
  interrupt();
}

void HttpConnection::on_resume(uint64_t request) {
  if (request != request_ || !paused_) return;
  paused_ = false;
  window_mark_ = body_.received();
  set_deadline(shared().limits.body_window);
  if (body_.done()) finish_body();
  interrupt();
}

void HttpConnection::tick(Duration now) {
  if (now >= deadline_ && phase_ != Phase::Closed) out_of_time();
}

void HttpConnection::out_of_time() {
  HttpServerCounters& counters = shared().counters;
  switch (phase_) {
    case Phase::Handshake:
      ++counters.header_timeouts;
      return close();
    case Phase::Idle:
      ++counters.idle_timeouts;
      channel_.finish_sending();
      return close();
    case Phase::Head:
      give_up(408, counters.header_timeouts);
      return interrupt();
    case Phase::Body:
      if (!paused_ && body_.received() - window_mark_ >= shared().limits.body_window_bytes) {
        window_mark_ = body_.received();
        return set_deadline(shared().limits.body_window);
      }
      if (!paused_ && sink_ != nullptr) {
        give_up(408, counters.body_timeouts);
        return interrupt();
      }
      [[fallthrough]];
    case Phase::Waiting:
      ++counters.answer_timeouts;
      answer(busy_reply());
      return interrupt();
    case Phase::Writing:
      ++counters.write_timeouts;
      return close();
    case Phase::Draining:
    case Phase::Closed:
      return close();
  }
}

}  // namespace kubevigil
