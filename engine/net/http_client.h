// HttpClient: sends requests to one server and waits for the answers, over one connection that is kept alive.
// For a sink's own thread:
//
//   auto client = HttpClient::open({.url = *parse_url("https://collector:9200/_bulk"), .tls = {...}}, env);
//   auto response = (*client)->send({.headers = {{"Content-Type", "application/json"}}, .body = text});
//   if (!response) -> not delivered as far as we know: response.error() says why; back off, send again
//   else response->status: 2xx delivered; whether 4xx or 5xx are worth a retry is the caller's to know
//
// * send() runs on one thread at a time and returns by `request_timeout`; cancel() may come from any thread, at
// shutdown:
//   the send under way fails at once, and all later ones. A client cannot be revived; make another.
// * At least once: when a kept connection turns out to be dead before any byte of an answer came, the request is sent
//   once more over a new one. Receivers must know requests by an id of their own.
// * The status is the answer. When the body behind it breaks off or does not come, it is cut (HttpResponse::truncated):
//   a request that was taken is not one that was not.
// * TLS verifies chain and host name, always. The files are read again for each new connection if they have changed; if
//   the new ones are wrong the old ones stay in use.
// * Redirects are answers like any other, never followed: the body would go to a server nobody configured.
// * Headers Host, Content-Length and Connection are set here; one that cannot be sent (is_sendable) is an error.
//   No response is decompressed, and none is asked to be compressed.
// * Errors name host and port and never headers, path or body, which may hold secrets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/net/http_message.h"
#include "engine/net/response_reader.h"
#include "engine/net/tls_context.h"
#include "engine/net/url.h"

namespace kubevigil {

struct HttpClientOptions {
  Url url = {};                                      // the server, and the target of requests that name none
  TlsFiles tls = {};                                 // authorities; certificate and key for mutual TLS; may be empty
  std::string server_name = {};                      // wanted in its certificate; empty: the URL's host
  Duration connect_timeout = Duration::seconds(5);   // name look-up, TCP and TLS together
  Duration request_timeout = Duration::seconds(30);  // all of a send, connecting included
  Duration keep_alive = Duration::seconds(50);       // a connection idle for longer is not used again
  Duration body_timeout = Duration::seconds(5);      // without a byte of an answer's body: it is cut there
  size_t response_bytes = 64u << 10;                 // of a body; a longer one is cut (HttpResponse::truncated)
  bool resend = true;                                // see "At least once"; false: that is an error, too
};

struct HttpRequest {
  std::string method = "POST";
  std::string target = {};  // path and query; empty: that of the URL
  HttpHeaders headers = {};
  std::string_view body = {};  // must live until send returns
};

class HttpClient {
 public:
  // Reads the TLS files; connects only when something is sent. `env` must outlive the client.
  static Result<std::unique_ptr<HttpClient>> open(HttpClientOptions options, const Env& env);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Result<HttpResponse> send(const HttpRequest& request);

  void cancel();           // any thread
  bool cancelled() const;  // any thread

 private:
  struct Link;
  struct Attempt;
  HttpClient(HttpClientOptions options, const Env& env);
  Result<std::unique_ptr<Link>> connect(Duration deadline);
  bool can_reuse();
  Attempt cut_off(ResponseReader& reader);
  Attempt exchange(std::string_view head, const HttpRequest& request, Duration deadline);

  const HttpClientOptions options_;
  const Env& env_;
  std::shared_ptr<TlsSource> tls_;  // nullptr for http
  std::unique_ptr<class Cancellation> cancellation_;
  std::unique_ptr<Link> link_;  // nullptr: not connected
};

}  // namespace kubevigil
