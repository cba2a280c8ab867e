// ResponseReader: bytes of one connection in, one HTTP/1.1 response out (RFC 9112). Beast parses; no I/O here.
// Interim responses (1xx) are skipped. A body beyond the limit is cut, not an error: its head is what people read.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/net/http_message.h"

namespace kubevigil {

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  bool truncated = false;  // `body` is only its beginning: it was longer than the limit, or broke off
};

class ResponseReader {
 public:
  // `head`: the request was HEAD, so no body follows whatever the headers say.
  ResponseReader(size_t body_limit, bool head);
  ~ResponseReader();

  // An error when the bytes are no HTTP response or its header is larger than kHeaderBytes.
  Result<void> feed(std::string_view bytes);
  // The peer closed: complete if the body had no stated length, else an error.
  Result<void> close();

  bool started() const { return started_; }  // any byte came that is not of an interim response
  bool done() const { return done_; }
  // Status and headers are there.
  bool has_head() const { return head_kept_ && response_.status >= 200; }
  // Whether the connection can carry another request, once done.
  bool reusable() const { return reusable_; }
  HttpResponse take() { return std::move(response_); }
  // REQUIRES: has_head(). What has come so far.
  HttpResponse take_cut();

  static constexpr size_t kHeaderBytes = 64u << 10;

 private:
  struct Parser;
  Result<void> step(bool& more);
  void restart();
  void keep_head();
  void finish();

  const size_t body_limit_;
  const bool head_;
  std::unique_ptr<Parser> parser_;
  std::string pending_;
  HttpResponse response_;
  bool started_ = false, head_kept_ = false, done_ = false, reusable_ = false;
};

}  // namespace kubevigil
