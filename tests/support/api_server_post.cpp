#include "tests/support/api_server_post.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

namespace kubevigil::test {
namespace {

constexpr size_t kIdle = 25;  // MaxIdleConnsPerHost
constexpr int kRedirects = 10;

const std::string* header_of(const HttpHeaders& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (equals_folded(header.name, name)) return &header.value;
  }
  return nullptr;
}

// strconv.Atoi.
std::optional<int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

bool is_redirect(int status) { return (status >= 301 && status <= 303) || status == 307 || status == 308; }

bool same_server(const Url& a, const Url& b) { return a.tls == b.tls && a.host == b.host && a.port == b.port; }

HttpHeaders go_headers(HttpHeaders headers) {
  headers.insert(
      headers.end(),
      {{"User-Agent", "Go-http-client/1.1"}, {"Accept", "application/json, */*"}, {"Accept-Encoding", "gzip"}});
  return headers;
}

}  // namespace

bool is_media_type(std::string_view text) {
  const auto parts = split(text, ';');
  const std::string_view type = trim(parts[0]);
  const size_t slash = type.find('/');
  if (!is_token(type.substr(0, slash)) || (slash != std::string_view::npos && !is_token(type.substr(slash + 1)))) {
    return false;
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view parameter = trim(parts[i]);
    if (parameter.empty() && i + 1 == parts.size()) return true;
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !is_token(parameter.substr(0, equals))) return false;
    const std::string_view value = parameter.substr(equals + 1);
    const bool quoted = value.size() > 1 && value.front() == '"' && value.back() == '"';
    if (!quoted && !is_token(value)) return false;
  }
  return true;
}

PostAnswer judge_answer(const Result<HttpResponse>& response) {
  if (!response) return {false, std::nullopt, response.error().message};
  const int status = response->status;
  if (status == 429 || status >= 500) {
    const std::string* after = header_of(response->headers, "retry-after");
    return {false, after == nullptr ? std::nullopt : whole_number(*after), fmt::format("status {}", status)};
  }
  if (status < 200 || status > 206) return {false, std::nullopt, fmt::format("status {}", status)};
  const std::string* type = header_of(response->headers, "content-type");
  if (type != nullptr && !type->empty() && !is_media_type(*type)) return {false, std::nullopt, "mime: " + *type};
  return {true, std::nullopt, ""};
}

PostPool::Client PostPool::take(const Url& url) {
  if (same_server(url, options_.url)) {
    const std::lock_guard hold(mutex_);
    if (!idle_.empty()) {
      Client client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  HttpClientOptions options = options_;
  options.url = url;
  auto opened = HttpClient::open(std::move(options), system_env());
  return opened ? std::move(*opened) : nullptr;
}

void PostPool::give_back(const Url& url, Client client) {
  if (!same_server(url, options_.url)) return;
  const std::lock_guard hold(mutex_);
  if (idle_.size() < kIdle) idle_.push_back(std::move(client));
}

Result<HttpResponse> PostPool::follow(HttpResponse response, std::string_view body) {
  Url url = options_.url;
  for (int i = 0; is_redirect(response.status); ++i) {
    if (i == kRedirects) return fail("stopped after 10 redirects");
    const std::string* location = header_of(response.headers, "location");
    if (location == nullptr) return response;
    if (location->starts_with('/')) {
      url.target = *location;
    } else if (const auto parsed = parse_url(*location)) {
      url = *parsed;
    } else {
      return fail("failed to parse Location header");
    }
    HttpRequest request{.headers = go_headers(headers_)};
    if (response.status <= 303) body = {};
    request.method = body.empty() ? "GET" : "POST";
    request.target = url.target;
    request.body = body;
    Client client = take(url);
    if (client == nullptr) return fail("no connection");
    auto next = client->send(request);
    if (!next) return next;
    response = std::move(*next);
    give_back(url, std::move(client));
  }
  return response;
}

PostAnswer PostPool::post(std::string_view body) {
  Client client = take(options_.url);
  if (client == nullptr) return {false, std::nullopt, "no connection"};
  HttpRequest request{.headers = go_headers(headers_), .body = body};
  request.headers.push_back({"Content-Type", "application/json"});
  const Duration began = system_env().monotonic();
  auto response = client->send(request);
  const bool late = system_env().monotonic() - began >= options_.request_timeout;
  if (response) {
    give_back(options_.url, std::move(client));
    response = follow(std::move(*response), body);
  }
  PostAnswer answer = judge_answer(response);
  answer.timed_out = !response && late;
  return answer;
}

}  // namespace kubevigil::test
