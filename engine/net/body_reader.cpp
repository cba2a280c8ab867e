#include "engine/net/body_reader.h"

#include <algorithm>

namespace kubevigil {
namespace {

constexpr uint32_t kSizeDigits = 15;
constexpr uint32_t kExtension = 255;
constexpr uint32_t kTrailers = 8192;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

}  // namespace

BodyReader BodyReader::chunked() {
  BodyReader reader;
  reader.state_ = State::Size;
  return reader;
}

// One character of framing; false if it may not stand here.
bool BodyReader::take(char c) {
  switch (state_) {
    case State::Size:
      if (const int digit = hex_value(c); digit >= 0) {
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        return ++line_ <= kSizeDigits;
      }
      if (line_ == 0 || (c != '\r' && c != ';')) return false;
      line_ = 0;
      state_ = c == ';' ? State::Extension : State::SizeLf;
      return true;
    case State::Extension:
      if (c == '\r') state_ = State::SizeLf;
      return c == '\r' || (!is_control(c) && ++line_ <= kExtension);
    case State::SizeLf:
      line_ = 0;
      state_ = left_ == 0 ? State::Trailer : State::Data;
      return c == '\n';
    case State::DataCr:
      state_ = State::DataLf;
      return c == '\r';
    case State::DataLf:
      state_ = State::Size;
      return c == '\n';
    case State::Trailer:
      if (c == ' ' || c == '\t') return false;  // a folded line
      [[fallthrough]];
    case State::TrailerLine:
      if (c == '\r') {
        state_ = state_ == State::Trailer ? State::EndLf : State::TrailerLf;
        return true;
      }
      state_ = State::TrailerLine;
      return !is_control(c) && ++line_ <= kTrailers;
    case State::TrailerLf:
      state_ = State::Trailer;
      return c == '\n';
    case State::EndLf:
      state_ = State::Done;
      return c == '\n';
    case State::Length:
    case State::Data:
    case State::Done:
      break;
  }
  return false;
}

std::string_view BodyReader::take_data(std::string_view& input) {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, input.size()));
  const std::string_view piece = input.substr(0, size);
  input.remove_prefix(size);
  left_ -= size;
  received_ += size;
  if (left_ == 0) state_ = state_ == State::Length ? State::Done : State::DataCr;
  return piece;
}

Result<std::string_view> BodyReader::next(std::string_view& input) {
  while (!input.empty() && state_ != State::Done) {
    if (state_ == State::Length || state_ == State::Data) return take_data(input);
    if (!take(input.front())) return fail("broken chunked encoding");
    input.remove_prefix(1);
  }
  return std::string_view();
}

}  // namespace kubevigil
