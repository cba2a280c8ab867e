#include "engine/net/response_reader.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

namespace http = boost::beast::http;

constexpr size_t kPieceBytes = 16u << 10;
constexpr size_t kFramingBytes = 4096;  // what may wait for its end beside the header: one chunk line, trailers

std::string std_text(boost::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct ResponseReader::Parser {
  http::response_parser<http::buffer_body> beast;
  char piece[kPieceBytes];
};

ResponseReader::ResponseReader(size_t body_limit, bool head) : body_limit_(body_limit), head_(head) { restart(); }
ResponseReader::~ResponseReader() = default;

void ResponseReader::restart() {
  parser_ = std::make_unique<Parser>();
  parser_->beast.skip(head_);
  parser_->beast.header_limit(static_cast<uint32_t>(kHeaderBytes));
  parser_->beast.body_limit(boost::none);
  response_ = {};
  head_kept_ = false;
}

void ResponseReader::keep_head() {
  const auto& message = parser_->beast.get();
  response_.status = static_cast<int>(message.result_int());
  for (const auto& field : message.base()) {
    response_.headers.push_back({std_text(field.name_string()), std_text(field.value())});
  }
  head_kept_ = true;
}

void ResponseReader::finish() {
  done_ = true;
  reusable_ = !response_.truncated && parser_->beast.is_done() && parser_->beast.keep_alive() && pending_.empty();
}

// One call of the parser: what it consumed leaves `pending_`, body bytes go to the response.
Result<void> ResponseReader::step(bool& more) {
  auto& beast = parser_->beast;
  if (beast.is_header_done()) {
    beast.get().body().data = parser_->piece;
    beast.get().body().size = kPieceBytes;
    beast.get().body().more = true;
  }
  boost::beast::error_code error;
  const size_t used = beast.put(boost::asio::const_buffer(pending_.data(), pending_.size()), error);
  pending_.erase(0, used);
  more = used > 0 && !pending_.empty();
  if (error == http::error::need_more) {
    const size_t bound = beast.is_header_done() ? kFramingBytes : kHeaderBytes;
    if (pending_.size() > bound) return fail("the response has an endless header or chunk line");
  } else if (error && error != http::error::need_buffer) {
    return fail(fmt::format("not a valid HTTP response: {}", printable(error.message())));
  }
  if (beast.is_header_done() && !head_kept_) {
    keep_head();
    more = !pending_.empty();
    return {};
  }
  if (head_kept_) {
    const size_t got = kPieceBytes - beast.get().body().size;
    const size_t room = body_limit_ - response_.body.size();
    response_.body.append(parser_->piece, std::min(got, room));
    response_.truncated |= got > room;
  }
  return {};
}

Result<void> ResponseReader::feed(std::string_view bytes) {
  started_ |= !bytes.empty();
  pending_.append(bytes);
  bool more = !pending_.empty();
  while (more && !done_) {
    if (auto ok = step(more); !ok) return ok;
    const bool interim = head_kept_ && response_.status < 200;
    if (interim && response_.status == 101) return fail("the server switched protocols, which nobody asked for");
    if (response_.truncated || (parser_->beast.is_done() && !interim)) {
      finish();
    } else if (parser_->beast.is_done()) {
      restart();
      more = started_ = !pending_.empty();
    }
  }
  return {};
}

HttpResponse ResponseReader::take_cut() {
  response_.truncated = true;
  return std::move(response_);
}

Result<void> ResponseReader::close() {
  if (done_) return {};
  boost::beast::error_code error;
  if (parser_->beast.got_some()) parser_->beast.put_eof(error);
  if (error || !head_kept_ || response_.status < 200)
    return fail("the server closed the connection before the end of its response");
  finish();
  reusable_ = false;
  return {};
}

}  // namespace kubevigil
