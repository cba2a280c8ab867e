// The half of HttpConnection that moves bytes and waits; http_connection.cpp has the half that understands them.
#include <boost/asio/post.hpp>

#include "engine/net/http_connection.h"

namespace kubevigil {
namespace {

namespace asio = boost::asio;

constexpr int kTurns = 32;          // steps before other connections of the thread have theirs: 2 MiB of body
constexpr size_t kIdleBytes = 512;  // what a string may keep while the connection is idle

void release(std::string& text) {
  text.clear();
  if (text.capacity() > kIdleBytes) std::string().swap(text);
}

}  // namespace

void HttpConnection::start() {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  set_deadline(shared().limits.header_timeout);
  advance();
}

void HttpConnection::advance() {
  const auto alive = shared_from_this();
  for (int turn = 0; turn < kTurns && phase_ != Phase::Closed; ++turn) {
    switch (step()) {
      case Next::Again:
        break;
      case Next::WaitRead:
        return wait(false);
      case Next::WaitWrite:
        return wait(true);
      case Next::Park:
        return;
      case Next::Close:
        return close();
    }
  }
  if (phase_ == Phase::Closed) return;
  const uint64_t id = ++wait_id_;
  asio::post(thread_.context(), [alive, id] {
    if (alive->wait_id_ == id) alive->advance();
  });
}

void HttpConnection::wait(bool to_write) {
  const auto kind = to_write ? asio::ip::tcp::socket::wait_write : asio::ip::tcp::socket::wait_read;
  const uint64_t id = ++wait_id_;
  socket_.async_wait(kind, [alive = shared_from_this(), id](const boost::system::error_code& error) {
    if (!error && alive->wait_id_ == id) alive->advance();
  });
}

void HttpConnection::interrupt() {
  if (phase_ == Phase::Closed) return;
  ++wait_id_;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  advance();
}

HttpConnection::Next HttpConnection::step() {
  if (close_now_) return Next::Close;
  switch (phase_) {
    case Phase::Handshake:
      return shake_hands();
    case Phase::Idle:
    case Phase::Head:
    case Phase::Body:
      if (paused_) return Next::Park;
      if (pending_.empty()) return read_some();
      process(std::exchange(pending_, {}));
      return Next::Again;
    case Phase::Waiting:
      return Next::Park;
    case Phase::Writing:
      return write_some();
    case Phase::Draining:
      return drain_some();
    case Phase::Closed:
      break;
  }
  return Next::Close;
}

HttpConnection::Next HttpConnection::shake_hands() {
  const IoResult result = channel_.handshake();
  if (result.state == IoState::WantRead) return Next::WaitRead;
  if (result.state == IoState::WantWrite) return Next::WaitWrite;
  if (result.state != IoState::Done) {
    ++shared().counters.tls_failures;
    const bool silent = result.state == IoState::Closed;
    thread_.trouble(origin_.peer, "TLS handshake: " + (silent ? "closed by the peer" : channel_.error()));
    return Next::Close;
  }
  if (auto peer = channel_.peer()) certificate_ = std::make_unique<PeerCertificate>(std::move(*peer));
  phase_ = Phase::Idle;
  set_deadline(shared().limits.header_timeout);
  return Next::Again;
}

HttpConnection::Next HttpConnection::read_some() {
  auto& scratch = thread_.scratch();
  const IoResult result = channel_.read(scratch.data(), scratch.size());
  switch (result.state) {
    case IoState::Done:
      process({scratch.data(), result.bytes});
      return Next::Again;
    case IoState::WantRead:
      return Next::WaitRead;
    case IoState::WantWrite:
      return Next::WaitWrite;
    case IoState::Closed:
    case IoState::Failed:
      break;
  }
  if (phase_ == Phase::Body) ++shared().counters.broken_bodies;
  return Next::Close;
}

HttpConnection::Next HttpConnection::write_some() {
  const IoResult result = channel_.write(std::string_view(out_).substr(sent_));
  if (result.state == IoState::WantRead) return Next::WaitRead;
  if (result.state == IoState::WantWrite) return Next::WaitWrite;
  if (result.state != IoState::Done) return Next::Close;
  sent_ += result.bytes;
  if (sent_ < out_.size()) return Next::Again;
  release(out_);
  if (keep_alive_ && !thread_.winding_down()) {
    release(head_);
    phase_ = Phase::Idle;
    set_deadline(shared().limits.idle_timeout);
    return Next::Again;
  }
  channel_.finish_sending();
  phase_ = Phase::Draining;
  set_deadline(shared().limits.drain);
  return Next::Again;
}

HttpConnection::Next HttpConnection::drain_some() {
  auto& scratch = thread_.scratch();
  const IoResult result = channel_.read_raw(scratch.data(), scratch.size());
  if (result.state == IoState::WantRead) return Next::WaitRead;
  if (result.state != IoState::Done) return Next::Close;
  drained_ += result.bytes;
  return drained_ < shared().limits.drain_bytes ? Next::Again : Next::Close;
}

void HttpConnection::wind_down() {
  if (phase_ != Phase::Handshake && (phase_ != Phase::Idle || !pending_.empty())) return;
  if (phase_ == Phase::Idle) channel_.finish_sending();
  close();
}

void HttpConnection::close() {
  if (phase_ == Phase::Closed) return;
  const auto alive = shared_from_this();
  phase_ = Phase::Closed;
  ++wait_id_;
  sink_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
  place_.reset();
  thread_.remove(this);
}

}  // namespace kubevigil
