#include "engine/net/http_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/net/channel.h"
#include "engine/net/connector.h"
#include "engine/net/resolver.h"
#include "engine/net/waiter.h"

namespace kubevigil {
namespace {

constexpr size_t kReadBytes = 16u << 10;

Duration after(const Env& env, Duration wait) { return {env.monotonic().micros + wait.micros}; }

bool is_ours(const HttpHeader& header) {
  return equals_folded(header.name, "host") || equals_folded(header.name, "content-length") ||
         equals_folded(header.name, "connection") || equals_folded(header.name, "transfer-encoding");
}

Result<std::string> head_of(const HttpRequest& request, const Url& url) {
  const std::string& target = request.target.empty() ? url.target : request.target;
  if (!target.starts_with('/') ||
      !std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return fail("the request's target must begin with '/' and hold visible ASCII only");
  }
  if (!is_sendable({request.method, ""})) return fail("the request's method is not a token");
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target, url.authority());
  for (const HttpHeader& header : request.headers) {
    if (is_ours(header)) return fail(fmt::format("header {} is set by the client itself", header.name));
    if (!is_sendable(header)) return fail(fmt::format("header {} cannot be sent", printable(header.name)));
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "\r\n";
}

}  // namespace

struct HttpClient::Link {
  Descriptor socket;
  Channel channel;
  Duration last_used;
};

struct HttpClient::Attempt {
  Result<HttpResponse> response;
  bool died_unanswered = false;  // the connection broke before any byte of an answer
};

HttpClient::HttpClient(HttpClientOptions options, const Env& env)
    : options_(std::move(options)), env_(env), cancellation_(std::make_unique<Cancellation>()) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::open(HttpClientOptions options, const Env& env) {
  std::unique_ptr<HttpClient> client(new HttpClient(std::move(options), env));
  if (client->options_.url.tls) {
    auto tls = TlsSource::open(client->options_.tls, TlsRole::Client, env);
    if (!tls) return tl::unexpected(tls.error());
    client->tls_ = std::move(*tls);
  }
  return client;
}

void HttpClient::cancel() { cancellation_->cancel(); }
bool HttpClient::cancelled() const { return cancellation_->cancelled(); }

Result<std::unique_ptr<HttpClient::Link>> HttpClient::connect(Duration deadline) {
  const Url& url = options_.url;
  const auto endpoints = resolve(url.host, url.port, deadline, *cancellation_, env_);
  if (!endpoints) return tl::unexpected(endpoints.error());
  auto socket = connect_any(*endpoints, deadline, *cancellation_, env_);
  if (!socket) return fail(fmt::format("connecting: {}", socket.error().message));
  auto link = std::make_unique<Link>(Link{std::move(*socket), Channel(-1), env_.monotonic()});
  link->channel = Channel(link->socket.get());
  if (tls_ == nullptr) return link;

  (void)tls_->reload();  // wrong new files: the old ones stay in use
  const std::string& name = options_.server_name.empty() ? url.host : options_.server_name;
  link->channel = Channel::client(link->socket.get(), *tls_->current(), name);
  for (;;) {
    const IoResult step = link->channel.handshake();
    if (step.state == IoState::Done) return link;
    if (step.state == IoState::Closed) return fail("TLS handshake: closed by the server");
    if (step.state == IoState::Failed) return fail(fmt::format("TLS handshake: {}", link->channel.error()));
    const auto ready = wait_for(link->socket.get(), step.state == IoState::WantWrite, deadline, *cancellation_, env_);
    if (!ready) return fail(fmt::format("TLS handshake: {}", ready.error().message));
  }
}

// A kept connection that has anything to read is closed, or out of step with us.
bool HttpClient::can_reuse() {
  if (link_ == nullptr) return false;
  char byte;
  if (env_.monotonic() - link_->last_used <= options_.keep_alive &&
      link_->channel.read(&byte, 1).state == IoState::WantRead) {
    return true;
  }
  link_.reset();
  return false;
}

HttpClient::Attempt HttpClient::cut_off(ResponseReader& reader) {
  link_.reset();
  return {reader.take_cut(), false};
}

// Sends and reads at the same time: a server may refuse before it has read the body, and then stop reading.
HttpClient::Attempt HttpClient::exchange(std::string_view head, const HttpRequest& request, Duration deadline) {
  ResponseReader reader(options_.response_bytes, request.method == "HEAD");
  std::string_view parts[2] = {head, request.body};
  char piece[kReadBytes];
  const auto broken = [&](const std::string& why, bool died = true) {
    if (reader.has_head()) return cut_off(reader);

    return Attempt{fail(fmt::format("{}: {}", options_.url.authority(), why)), died && !reader.started()};
  };
  while (!reader.done()) {
    bool to_write = false;
    for (;;) {
      const IoResult got = link_->channel.read(piece, sizeof piece);
      if (got.state == IoState::WantRead) break;
      if (got.state == IoState::WantWrite) {
        to_write = true;
        break;
      }
      if (got.state == IoState::Failed) return broken("receiving: " + link_->channel.error());
      const auto fed = got.state == IoState::Closed ? reader.close() : reader.feed({piece, got.bytes});
      if (!fed) return broken(fed.error().message);
      if (reader.done()) break;
    }
    if (reader.done()) break;
    for (std::string_view& part : parts) {
      while (!part.empty() && !to_write && !reader.started()) {
        const IoResult sent = link_->channel.write(part);
        part.remove_prefix(sent.bytes);
        if (sent.state == IoState::Failed) return broken("sending: " + link_->channel.error());
        to_write = sent.state != IoState::Done;
      }
    }
    const Duration until = reader.has_head() ? std::min(deadline, after(env_, options_.body_timeout)) : deadline;
    const auto ready = wait_for(link_->socket.get(), to_write, until, *cancellation_, env_);
    if (!ready) return broken(ready.error().message, false);
  }
  const bool all_sent = parts[0].empty() && parts[1].empty();
  link_->last_used = env_.monotonic();
  if (!reader.reusable() || !all_sent) link_.reset();
  return {reader.take(), false};
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  const Duration deadline = after(env_, options_.request_timeout);
  const Result<std::string> head = head_of(request, options_.url);
  if (!head) return tl::unexpected(head.error());
  for (;;) {
    if (cancelled()) return fail("cancelled");
    const bool reused = can_reuse();
    if (!reused) {
      auto link = connect(std::min(deadline, after(env_, options_.connect_timeout)));
      if (!link) return fail(fmt::format("{}: {}", options_.url.authority(), link.error().message));
      link_ = std::move(*link);
    }
    Attempt attempt = exchange(*head, request, deadline);
    if (!attempt.response) link_.reset();
    if (!(options_.resend && reused && attempt.died_unanswered)) return std::move(attempt.response);
  }
}

}  // namespace kubevigil
