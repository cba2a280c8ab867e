// A match record made of any bytes: it is read whole or refused, and what is read goes out and comes in again the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/run/match_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kubevigil;
  const auto read = decode_match({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const auto again = decode_match(encode_match(*read));
  if (!again || to_text(*again) != to_text(*read)) std::abort();
  return 0;
}
