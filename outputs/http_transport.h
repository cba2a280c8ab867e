// HttpTransport: each message is the body of one POST, over a connection that is kept (engine/net/http_client.h: TLS,
// mutual TLS, time-outs, redirects never followed).
//
//   auto sink = HttpTransport::open({.client = {.url = *parse_url("https://es:9200/_bulk"), .tls = {...}},
//                                    .bearer_file = "/run/secrets/token",
//                                    .judges_records = encoding->format().judges_records}, env);
//
// Delivered: the server answered 2xx (http_answer.h has the whole table; es-bulk: 2xx or 409 for each document). No
// answer is Retry; the server may have taken the message, so consumers see the same ids again.
//
// Signature, with a key: X-Kubevigil-Timestamp: seconds since 1970, X-Kubevigil-Signature: "sha256=" hex of
// HMAC-SHA256(key, timestamp "." body), over the body as it is sent (compressed, with gzip). A receiver should refuse
// old timestamps.
//
// Secrets (bearer, the key, values of headers) stand in no reason; an answer that repeats one has it replaced.
// Consumers: falcosidekick and Slack take one alert a POST; Alertmanager wants a sink for each replica; for _bulk the
// target "/_bulk?filter_path=errors,items.*.status,items.*.error" keeps answers small.
// One thread; cancel() may come from any other. Blocks at most client.request_timeout.
#pragma once

#include <memory>
#include <string>

#include "engine/net/http_client.h"
#include "engine/run/output.h"

namespace kubevigil {

struct HttpTransportOptions {
  HttpClientOptions client = {};
  HttpHeaders headers = {};        // e.g. {"Authorization", "ApiKey ..."}; Content-Type is the message's
  std::string bearer = {};         // Authorization: Bearer; "": none
  std::string bearer_file = {};    // holds the token, read anew for each message; blanks around it do not count
  std::string signature_key = {};  // "": no signature
  bool secret_target = false;      // path and query of the URL are a secret, too (Slack's are)
  bool gzip = false;               // Content-Encoding: gzip
  bool judges_records = false;     // Format::judges_records of the encoding
};

class HttpTransport : public Transport {
 public:
  // Reads the TLS files and the token once, so that wrong paths are said at the start. `env` must outlive it.
  static Result<std::unique_ptr<HttpTransport>> open(HttpTransportOptions options, const Env& env);

  Delivery send(const Message& message) override;
  void cancel() override { client_->cancel(); }

 private:
  HttpTransport(HttpTransportOptions options, std::unique_ptr<HttpClient> client, const Env& env)
      : options_(std::move(options)), client_(std::move(client)), env_(env) {}
  Result<std::string> token() const;
  HttpHeaders headers_for(const Message& message, const std::string& body, const std::string& token) const;
  std::string without_secrets(std::string text, const std::string& token) const;

  HttpTransportOptions options_;
  std::unique_ptr<HttpClient> client_;
  const Env& env_;
};

}  // namespace kubevigil
