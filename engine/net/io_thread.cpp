#include "engine/net/io_thread.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <vector>

#include "engine/net/http_connection.h"

namespace kubevigil {
namespace {

// Often enough to end a connection within a quarter of its shortest time, seldom enough to cost nothing.
std::chrono::microseconds sweep_interval(const HttpLimits& limits) {
  const Duration shortest = std::min({limits.header_timeout, limits.idle_timeout, limits.body_window,
                                      limits.answer_timeout, limits.write_timeout, limits.drain});
  return std::chrono::microseconds(std::clamp<int64_t>(shortest.micros / 4, 5'000, 500'000));
}

}  // namespace

IoThread::IoThread(std::shared_ptr<ServerShared> shared)
    : shared_(std::move(shared)), work_(context_.get_executor()), sweep_timer_(context_) {}

IoThread::~IoThread() { stop(); }

void IoThread::start() {
  sweep();
  thread_ = std::thread([this] { context_.run(); });
}

void IoThread::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  while (!connections_.empty()) connections_.begin()->second->close();
}

void IoThread::add(std::shared_ptr<HttpConnection> connection) {
  HttpConnection* key = connection.get();
  connections_.emplace(key, connection);
  connection->start();
  if (winding_down()) connection->wind_down();
}

void IoThread::remove(HttpConnection* connection) {
  if (connections_.erase(connection) == 0) return;
  const std::lock_guard lock(shared_->mutex);
  --shared_->counters.open_connections;
  shared_->connection_ended.notify_all();
}

// Connections that end leave the table: hence the copy.
void IoThread::wind_down() {
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->wind_down();
}

void IoThread::sweep() {
  const Duration time = now();
  std::vector<std::shared_ptr<HttpConnection>> late;
  for (const auto& [key, connection] : connections_) {
    if (time >= connection->deadline()) late.push_back(connection);
  }
  for (const auto& connection : late) connection->tick(time);
  sweep_timer_.expires_after(sweep_interval(shared_->limits));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) sweep();
  });
}

void IoThread::trouble(const std::string& peer, const std::string& what) {
  if (now() - trouble_second_ >= Duration::seconds(1)) {
    trouble_second_ = now();
    troubles_ = 0;
  }
  if (++troubles_ <= kTroublesPerSecond) shared_->handler.on_trouble(peer, what);
}

}  // namespace kubevigil
