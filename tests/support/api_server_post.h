// One POST as kube-apiserver's audit webhook does it, and what it makes of the answer: client-go's rest/request.go and
// with_retry.go, Go's net/http.
//
//   200 to 206          taken, unless the Content-Type is one that Go's mime.ParseMediaType refuses
//   429, 500 and above  with a Retry-After of decimal digits: tried again after so many seconds
//   301, 302, 303       followed by GET: the body is lost, and the answer to the GET counts
//   307, 308            followed with the body
//   all else            an error, also when nothing comes
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/net/http_client.h"

namespace kubevigil::test {

struct PostAnswer {
  bool taken = false;
  std::optional<int64_t> retry_after;  // seconds
  std::string error;                   // when not taken
  bool timed_out = false;              // nothing came within the time for one request
};

PostAnswer judge_answer(const Result<HttpResponse>& response);
// Go's mime.ParseMediaType, as far as it says yes or no.
bool is_media_type(std::string_view text);

// Go's http.Transport: connections to one server, kept when idle; any number at once.
class PostPool {
 public:
  PostPool(HttpClientOptions options, HttpHeaders headers)
      : options_(std::move(options)), headers_(std::move(headers)) {}
  PostAnswer post(std::string_view body);

 private:
  using Client = std::unique_ptr<HttpClient>;
  Client take(const Url& url);
  void give_back(const Url& url, Client client);
  Result<HttpResponse> follow(HttpResponse response, std::string_view body);

  const HttpClientOptions options_;
  const HttpHeaders headers_;
  std::mutex mutex_;
  std::vector<Client> idle_;
};

}  // namespace kubevigil::test
