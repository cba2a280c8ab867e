#include "engine/net/http_message.h"

#include <algorithm>

namespace kubevigil {

bool is_sendable(const HttpHeader& header) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const bool token = !header.name.empty() && std::all_of(header.name.begin(), header.name.end(), [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
  return token && std::none_of(header.value.begin(), header.value.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte == 0x7f || (byte < 0x20 && byte != '\t');
         });
}

}  // namespace kubevigil
