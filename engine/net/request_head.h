// RequestHead: request line and headers of one HTTP/1.1 request (RFC 9112), read strictly. Beast parses; what it would
// let pass and what two parsers could understand in two ways (request smuggling) is refused here:
//
//   line ends other than CRLF, NUL; folded headers (a line that begins with a space); space before the colon;
//   Content-Length twice, as a list, with a sign or not all digits; Transfer-Encoding that is not exactly one
//   "chunked", in HTTP/1.0, or together with Content-Length; no Host or two; a target that is not a path; an Expect
//   other than 100-continue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/net/http_message.h"

namespace kubevigil {

struct RequestHead {
  std::string method;  // as sent: case-sensitive
  std::string path;    // of the target, not decoded; begins with '/'
  std::string query;   // behind '?', not decoded
  HttpHeaders headers;
  std::optional<uint64_t> content_length;  // nothing: chunked, or no body at all
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = false;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// Why a request cannot be answered by anyone.
struct RequestFault {
  int status = 400;  // 400, 417, 431, 505
  std::string what;  // for people; holds nothing that the peer wrote
};

// `bytes` end with the empty line. At most `max_headers` headers, else 431.
tl::expected<RequestHead, RequestFault> parse_request_head(std::string_view bytes, size_t max_headers);

}  // namespace kubevigil
