#include "outputs/http_transport.h"

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/codec/gzip_block.h"
#include "engine/net/text_file.h"
#include "outputs/http_answer.h"

namespace kubevigil {
namespace {

constexpr size_t kTokenBytes = 64u << 10;
constexpr size_t kBulkAnswerBytes = 4u << 20;  // of an answer that judges each record
constexpr size_t kLeastSecret = 8;             // shorter ones would be found everywhere

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(HttpTransportOptions options, const Env& env) {
  if (options.judges_records) {
    options.client.response_bytes = std::max(options.client.response_bytes, kBulkAnswerBytes);
  }
  for (const HttpHeader& header : options.headers) {
    if (!is_sendable(header)) return fail("header " + printable(header.name) + " cannot be sent");
  }
  auto client = HttpClient::open(options.client, env);
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<HttpTransport> transport(new HttpTransport(std::move(options), std::move(*client), env));
  if (const auto token = transport->token(); !token) return tl::unexpected(token.error());
  return transport;
}

Result<std::string> HttpTransport::token() const {
  if (options_.bearer_file.empty() && is_sendable({"Authorization", options_.bearer})) return options_.bearer;
  if (options_.bearer_file.empty()) return fail("the bearer token holds a line end or another control character");
  const auto text = read_text_file(options_.bearer_file, kTokenBytes);
  if (!text) return tl::unexpected(text.error());
  const std::string token(trim(*text));
  if (token.empty()) return fail("the token file " + printable(options_.bearer_file) + " is empty");
  if (!is_sendable({"Authorization", token})) {
    return fail("the token in " + printable(options_.bearer_file) + " holds a line end or another control character");
  }
  return token;
}

HttpHeaders HttpTransport::headers_for(const Message& message, const std::string& body,
                                       const std::string& token) const {
  HttpHeaders headers = {{"Content-Type", std::string(message.content_type)}};
  if (options_.gzip) headers.push_back({"Content-Encoding", "gzip"});
  headers.push_back({"User-Agent", "kubevigil"});
  for (const HttpHeader& header : options_.headers) headers.push_back(header);
  if (!token.empty()) headers.push_back({"Authorization", "Bearer " + token});
  if (!options_.signature_key.empty()) {
    const std::string time = std::to_string(env_.now().micros / 1'000'000);
    headers.push_back({"X-Kubevigil-Timestamp", time});
    headers.push_back(
        {"X-Kubevigil-Signature", "sha256=" + hmac_sha256_hex(options_.signature_key, time + "." + body)});
  }
  return headers;
}

std::string HttpTransport::without_secrets(std::string text, const std::string& token) const {
  const auto hide = [&](const std::string& secret) {
    if (secret.size() >= kLeastSecret) replace_all(text, secret, "(secret)");
  };
  hide(token);
  hide(options_.signature_key);
  if (options_.secret_target) hide(options_.client.url.target);
  for (const HttpHeader& header : options_.headers) hide(header.value);
  return text;
}

Delivery HttpTransport::send(const Message& message) {
  const auto token = this->token();
  if (!token) return {Delivery::Kind::Retry, token.error().message};
  const std::string body = options_.gzip ? gzip_compress_block(message.body) : message.body;
  auto answer = client_->send({.headers = headers_for(message, body, *token), .body = body});
  if (!answer) return {Delivery::Kind::Retry, answer.error().message};
  answer->body = without_secrets(std::move(answer->body), *token);  // before it is cut, in which a part would be left
  return judge_answer(*answer, options_.judges_records, message.alerts.size());
}

}  // namespace kubevigil
