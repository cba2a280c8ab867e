// BodyReader: takes the body of one request out of the bytes of its connection, whatever pieces they come in, and
// leaves what follows it. Copies nothing and holds nothing.
//
// Chunked bodies (RFC 9112 7.1), read strictly:
//
//   chunk   = 1*15HEXDIG [ ";" *255( HTAB / SP / VCHAR / %x80-FF ) ] CRLF  size*OCTET CRLF
//   body    = *chunk  "0" [ ";" ... ] CRLF  *( line CRLF ) CRLF            trailers: at most 8 KiB, not looked at
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"

namespace kubevigil {

class BodyReader {
 public:
  BodyReader() = default;                                                    // no body
  explicit BodyReader(uint64_t length) : left_(length) { settle_length(); }  // Content-Length
  static BodyReader chunked();

  // Takes bytes off the front of `input` and gives the next piece of the body, a view into it. An empty piece: all
  // input is used, or the body is done. An error: the framing is broken, and where the body ends nobody can know.
  Result<std::string_view> next(std::string_view& input);

  bool done() const { return state_ == State::Done; }
  uint64_t received() const { return received_; }  // bytes of body so far

 private:
  enum class State : uint8_t {
    Length,  // the bytes of a Content-Length
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailer,  // at the beginning of a line
    TrailerLine,
    TrailerLf,
    EndLf,
    Done,
  };
  void settle_length() { state_ = left_ == 0 ? State::Done : State::Length; }
  bool take(char c);
  std::string_view take_data(std::string_view& input);

  State state_ = State::Done;
  uint64_t left_ = 0;  // of the length, or of the chunk
  uint64_t received_ = 0;
  uint32_t line_ = 0;  // characters of the present chunk line, or of all trailers
};

}  // namespace kubevigil
