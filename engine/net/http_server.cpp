#include "engine/net/http_server.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>

#include "engine/base/text.h"
#include "engine/net/connection_budget.h"
#include "engine/net/http_connection.h"
#include "engine/net/io_thread.h"

namespace kubevigil {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kAcceptPause(100);

Address plain_address(const asio::ip::address& address) {
  Address out;
  const auto bytes = address.is_v6() ? address.to_v6().to_bytes()
                                     : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()).to_bytes();
  std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
  return out;
}

std::string address_text(const asio::ip::address& address) {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() : address.to_string();
}

// One listening socket and its loop; on the first io thread only.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(const std::vector<std::shared_ptr<IoThread>>& threads, std::shared_ptr<ServerShared> shared,
           std::shared_ptr<ConnectionBudget> budget, size_t index, std::shared_ptr<TlsSource> tls)
      : threads_(threads),
        shared_(std::move(shared)),
        budget_(std::move(budget)),
        index_(index),
        tls_(std::move(tls)),
        acceptor_(threads.front()->context()),
        pause_(threads.front()->context()) {}

  Result<void> listen(const HttpListener& listener) {
    const auto wrong = [&](const std::string& why) {
      return fail(fmt::format("cannot listen on {} port {}: {}", printable(listener.address), listener.port, why));
    };
    Code error;
    const asio::ip::address address = asio::ip::make_address(listener.address, error);
    if (error) return wrong("the address must be numeric, such as 0.0.0.0 or ::");
    const tcp::endpoint endpoint(address, listener.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    if (error) return wrong(error.message());
    return {};
  }
  uint16_t port() const {
    Code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void accept_next() {
    if (!acceptor_.is_open()) return;
    const std::shared_ptr<IoThread>& owner = threads_[next_++ % threads_.size()];
    acceptor_.async_accept(owner->context(),
                           [self = shared_from_this(), &owner](const Code& error, tcp::socket socket) {
                             if (error == asio::error::operation_aborted) return;
                             if (error) return self->rest_after(error);
                             self->admit(owner, std::move(socket));
                             self->accept_next();
                           });
  }
  void close() {
    Code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void rest_after(const Code& error) {
    ++shared_->counters.accept_errors;
    threads_.front()->trouble("", fmt::format("accept: {}", strerror(error.value())));
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const Code& cancelled) {
      if (!cancelled) self->accept_next();
    });
  }

  void admit(const std::shared_ptr<IoThread>& owner, tcp::socket socket) {
    HttpServerCounters& counters = shared_->counters;
    Code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;  // gone already
    ConnectionBudget::Verdict verdict{};
    auto place = budget_->enter(plain_address(peer.address()), verdict);
    if (verdict == ConnectionBudget::Verdict::TooManyInAll) ++counters.connections_over_limit;
    if (verdict == ConnectionBudget::Verdict::TooManyOfPeer) ++counters.connections_over_peer_limit;
    if (place == nullptr) return;
    ++counters.connections;
    ++counters.open_connections;
    const std::shared_ptr<const TlsContext> tls = tls_ ? tls_->current() : nullptr;
    auto connection = std::make_shared<HttpConnection>(
        *owner, std::move(socket), tls.get(), ConnectionOrigin{index_, address_text(peer.address())}, std::move(place));
    asio::post(owner->context(), [thread = owner.get(), connection] { thread->add(connection); });
  }

  const std::vector<std::shared_ptr<IoThread>>& threads_;
  std::shared_ptr<ServerShared> shared_;
  std::shared_ptr<ConnectionBudget> budget_;
  const size_t index_;
  const std::shared_ptr<TlsSource> tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  size_t next_ = 0;
};

}  // namespace

struct HttpServer::Running {
  std::shared_ptr<ServerShared> shared;
  std::vector<std::shared_ptr<IoThread>> threads;
  std::vector<std::shared_ptr<Acceptor>> acceptors;
  std::vector<uint16_t> ports;
};

HttpServer::HttpServer(std::unique_ptr<Running> running) : running_(std::move(running)) {}

HttpServer::~HttpServer() { shutdown({}); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler& handler, const Env& env) {
  auto running = std::make_unique<Running>();
  running->shared = std::make_shared<ServerShared>(handler, env, options.limits);
  for (int i = 0; i < std::max(options.io_threads, 1); ++i) {
    running->threads.push_back(std::make_shared<IoThread>(running->shared));
  }
  const auto budget = ConnectionBudget::make(options.limits.connections, options.limits.connections_per_peer);
  for (const HttpListener& listener : options.listeners) {
    auto acceptor =
        std::make_shared<Acceptor>(running->threads, running->shared, budget, running->acceptors.size(), listener.tls);
    if (auto listening = acceptor->listen(listener); !listening) return tl::unexpected(listening.error());
    running->ports.push_back(acceptor->port());
    running->acceptors.push_back(std::move(acceptor));
  }
  for (const auto& acceptor : running->acceptors) acceptor->accept_next();
  for (const auto& thread : running->threads) thread->start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(running)));
}

uint16_t HttpServer::port(size_t listener) const { return running_->ports.at(listener); }
const HttpServerCounters& HttpServer::counters() const { return running_->shared->counters; }

void HttpServer::shutdown(Duration patience) {
  ServerShared& shared = *running_->shared;
  if (running_->acceptors.empty()) return;
  shared.winding_down = true;
  asio::post(running_->threads.front()->context(), [acceptors = running_->acceptors] {
    for (const auto& acceptor : acceptors) acceptor->close();
  });
  for (const auto& thread : running_->threads) {
    asio::post(thread->context(), [loop = thread.get()] { loop->wind_down(); });
  }
  {
    std::unique_lock lock(shared.mutex);
    shared.connection_ended.wait_for(lock, std::chrono::microseconds(patience.micros),
                                     [&] { return shared.counters.open_connections == 0; });
  }
  for (const auto& thread : running_->threads) thread->stop();
  running_->acceptors.clear();
}

}  // namespace kubevigil
