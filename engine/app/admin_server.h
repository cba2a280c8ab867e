// AdminServer: the listener for operators, Prometheus and the kubelet, apart from the webhook's: its own threads and
// limits, so that neither floods the other. It reads and never changes anything.
//
//   GET /livez             200 while this thread answers
//   GET /readyz            200 once recovery is over and input is taken; 503 with the reason before
//   GET /metrics           Prometheus' text format (engine/base/metrics.md)
//   GET /api/v1/status     one page of everything
//   GET /api/v1/alerts     recent ones, newest first: level, rule, cluster, status, since, limit (admin_query.h)
//   GET /api/v1/rules      each rule: level, state, alerts, events that it could not judge
//   GET /api/v1/sources    senders of the webhook, who was turned away, followed files, streams
//
// HEAD is answered as GET; any other method 405; another path 404; who may ask: admin_access.h. Answers are JSON, but
// for /metrics and the probes, and may not be cached, framed or sniffed.
//
// Threads: handlers run on the server's own; everything they call is AdminView's promise not to wait.
#pragma once

#include <memory>
#include <string>

#include "engine/app/admin_access.h"
#include "engine/app/admin_view.h"
#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/net/http_handler.h"
#include "engine/net/http_server.h"

namespace kubevigil {

class AdminHandler : public HttpHandler {
 public:
  // All outlive it.
  AdminHandler(const AdminView& view, AdminGuard guard, const Env& env)
      : view_(view), guard_(std::move(guard)), env_(env) {}
  Decision decide(const RequestContext& request, const Responder& responder) override;

 private:
  HttpReply answer(const RequestHead& head) const;
  HttpReply alerts(const RequestHead& head) const;

  const AdminView& view_;
  const AdminGuard guard_;
  const Env& env_;
};

struct AdminOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 9442;                                // 0: the system chooses
  std::shared_ptr<CredentialSource> tokens = nullptr;  // REQUIRED off loopback
  std::shared_ptr<TlsSource> tls = nullptr;            // null: plain
};

class AdminServer {
 public:
  // Errors: no token off loopback; the address cannot be listened on.
  static Result<std::unique_ptr<AdminServer>> start(const AdminOptions& options, const AdminView& view, const Env& env);
  uint16_t port() const { return server_->port(0); }
  const HttpServerCounters& counters() const { return server_->counters(); }
  void shutdown() { server_->shutdown(Duration::seconds(1)); }

 private:
  AdminServer() = default;
  std::unique_ptr<AdminHandler> handler_;
  std::unique_ptr<HttpServer> server_;  // last
};

}  // namespace kubevigil
