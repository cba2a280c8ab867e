#include "engine/net/request_head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

namespace http = boost::beast::http;
using Fault = std::optional<RequestFault>;
using Parser = http::request_parser<http::empty_body>;

std::string text_of(boost::string_view text) { return {text.data(), text.size()}; }

// Before any parser: lines end with CRLF and nothing else, and no line continues the one before.
Fault check_lines(std::string_view bytes, size_t max_headers) {
  size_t lines = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\0') return RequestFault{400, "a NUL in the header"};
    if (bytes[i] == '\n') return RequestFault{400, "a line that ends with LF alone"};
    if (bytes[i] != '\r') continue;
    if (i + 1 >= bytes.size() || bytes[i + 1] != '\n') return RequestFault{400, "a CR without LF"};
    ++i;
    ++lines;
    if (i + 1 < bytes.size() && (bytes[i + 1] == ' ' || bytes[i + 1] == '\t')) {
      return RequestFault{400, "a folded header"};
    }
  }
  if (lines > max_headers + 2) return RequestFault{431, "too many headers"};  // request line and empty line
  return {};
}

size_t count_of(const HttpHeaders& headers, std::string_view name) {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(),
                                           [&](const HttpHeader& header) { return equals_folded(header.name, name); }));
}

Fault take_length(RequestHead& head) {
  const size_t count = count_of(head.headers, "content-length");
  if (count == 0) return {};
  if (count > 1) return RequestFault{400, "more than one Content-Length"};
  const std::string_view digits = *only_header(head.headers, "content-length");
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (digits.empty() || digits.front() < '0' || digits.front() > '9' || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return RequestFault{400, "a Content-Length that is not a number"};
  }
  head.content_length = length;
  return {};
}

Fault take_encoding(RequestHead& head, bool http11) {
  const size_t count = count_of(head.headers, "transfer-encoding");
  if (count == 0) return {};
  if (head.content_length) return RequestFault{400, "Content-Length and Transfer-Encoding together"};
  if (!http11) return RequestFault{400, "Transfer-Encoding in HTTP/1.0"};
  if (count > 1 || !equals_folded(*only_header(head.headers, "transfer-encoding"), "chunked")) {
    return RequestFault{400, "a Transfer-Encoding other than chunked"};
  }
  head.chunked = true;
  return {};
}

Fault take_rest(RequestHead& head, bool http11) {
  const size_t hosts = count_of(head.headers, "host");
  if (hosts > 1 || (http11 && hosts == 0)) return RequestFault{400, "no Host, or more than one"};
  if (count_of(head.headers, "expect") > 0) {
    const auto expected = only_header(head.headers, "expect");
    if (!expected || !equals_folded(*expected, "100-continue")) return RequestFault{417, "an unknown Expect"};
    head.expects_continue = http11;
  }
  return {};
}

Fault take_target(RequestHead& head, std::string_view target) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!target.starts_with('/') || !std::all_of(target.begin(), target.end(), visible)) {
    return RequestFault{400, "a target that is not a path"};
  }
  const size_t question = target.find('?');
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  return {};
}

}  // namespace

tl::expected<RequestHead, RequestFault> parse_request_head(std::string_view bytes, size_t max_headers) {
  if (Fault fault = check_lines(bytes, max_headers)) return tl::unexpected(std::move(*fault));
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  boost::beast::error_code error;
  const size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::bad_version) return tl::unexpected(RequestFault{505, "not HTTP/1.0 or HTTP/1.1"});
  if (error || !parser.is_header_done() || used != bytes.size()) {
    return tl::unexpected(RequestFault{400, "not a valid HTTP request header"});
  }
  const auto& message = parser.get();
  const bool http11 = message.version() == 11;
  RequestHead head;
  head.method = text_of(message.method_string());
  head.keep_alive = http11 && parser.keep_alive();
  for (const auto& field : message.base()) {
    head.headers.push_back({text_of(field.name_string()), text_of(field.value())});
  }
  Fault fault = take_target(head, {message.target().data(), message.target().size()});
  if (!fault) fault = take_length(head);
  if (!fault) fault = take_encoding(head, http11);
  if (!fault) fault = take_rest(head, http11);
  if (fault) return tl::unexpected(std::move(*fault));
  return head;
}

}  // namespace kubevigil
