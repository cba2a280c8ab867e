#include "engine/app/admin_server.h"

#include <fmt/format.h>

#include "engine/app/admin_json.h"
#include "engine/app/admin_query.h"
#include "engine/base/limits.h"
#include "engine/base/metrics.h"

namespace kubevigil {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";

HttpReply reply(int status, std::string_view type, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}},
          .body = std::move(body)};
}

HttpReply problem(int status, const std::string& detail) { return reply(status, kJson, problem_json(status, detail)); }

HttpReply json(std::string body) { return reply(200, kJson, std::move(body) + "\n"); }

HttpReply readiness(const AdminReady& ready, bool reasons) {
  if (ready.ready) return reply(200, kText, "ok\n");
  return reply(503, kText, reasons ? "not ready: " + ready.why + "\n" : "not ready\n");
}

}  // namespace

HttpReply AdminHandler::alerts(const RequestHead& head) const {
  const auto query = parse_alert_query(head.query, env_.now());
  if (!query) return problem(400, query.error().message);
  return json(to_json(view_.alerts(*query)));
}

HttpReply AdminHandler::answer(const RequestHead& head) const {
  const bool probe = head.path == "/livez" || head.path == "/readyz";
  if (head.method != "GET" && head.method != "HEAD") {
    HttpReply refused = problem(405, "this listener shows, it changes nothing: use GET");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  const AdminAccess access = guard_.judge(head.headers, probe);
  if (access == AdminAccess::WrongHost) {
    return problem(421, "ask for localhost or an address of loopback; other names need admin.token-file");
  }
  if (access == AdminAccess::NoToken) {
    HttpReply refused = problem(401, "show a token of admin.token-file: Authorization: Bearer ...");
    refused.headers.push_back({"WWW-Authenticate", "Bearer"});
    return refused;
  }
  if (head.path == "/livez") return reply(200, kText, "ok\n");
  if (head.path == "/readyz") return readiness(view_.ready(), access == AdminAccess::Full);
  if (head.path == "/metrics") return reply(200, kMetricsContentType, view_.metrics());
  if (head.path == "/api/v1/alerts") return alerts(head);
  if (head.path == "/api/v1/status") return json(to_json(view_.status()));
  if (head.path == "/api/v1/rules") return json(to_json(view_.rules()));
  if (head.path == "/api/v1/sources") return json(to_json(view_.sources()));
  return problem(404, "there are /livez, /readyz, /metrics and /api/v1/{status,alerts,rules,sources}");
}

Decision AdminHandler::decide(const RequestContext& request, const Responder&) {
  return Decision::answer(answer(request.head));
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(const AdminOptions& options, const AdminView& view,
                                                        const Env& env) {
  const bool loopback = is_loopback(options.address);
  if (!loopback && options.tokens == nullptr) {
    return fail(fmt::format(
        "admin.listen: {} can be reached from other machines, and alerts are not for everybody: set admin.token-file "
        "(make one with: openssl rand -hex 32), or listen on 127.0.0.1",
        options.address));
  }
  std::unique_ptr<AdminServer> made(new AdminServer);
  made->handler_ = std::make_unique<AdminHandler>(view, AdminGuard{loopback, options.tokens}, env);
  HttpServerOptions http;
  http.listeners.push_back({.address = options.address, .port = options.port, .tls = options.tls});
  http.limits.connections = http.limits.connections_per_peer = limits::kAdminConnections;
  http.limits.body_bytes = 0;
  auto server = HttpServer::start(std::move(http), *made->handler_, env);
  if (!server) return fail("admin.listen: " + server.error().message);
  made->server_ = std::move(*server);
  return made;
}

}  // namespace kubevigil
