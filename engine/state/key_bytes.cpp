#include "engine/state/key_bytes.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

std::optional<uint64_t> take_length(std::string_view& in) {
  uint64_t value = 0;
  for (int shift = 0; shift < 35 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& in, uint64_t bytes) {
  if (bytes > in.size()) return false;
  in.remove_prefix(bytes);
  return true;
}

bool skip_element(std::string_view& in) {
  if (in.empty()) return false;
  const char tag = in.front();
  in.remove_prefix(1);
  if (tag == 'n' || tag == 'u') return true;
  if (tag == 'b') return skip(in, 1);
  if (tag != 's' && tag != 'x' && tag != 'i' && tag != 'l') return false;
  const auto length = take_length(in);
  if (!length) return false;
  if (tag == 'x') return skip(in, *length) && skip(in, kGroupDigestBytes);
  if (tag != 'l') return skip(in, *length);
  for (uint64_t i = 0; i < *length; ++i) {
    if (in.empty() || in.front() == 'l' || !skip_element(in)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string_view> tuple_elements(std::string_view encoded) {
  std::vector<std::string_view> elements;
  while (!encoded.empty()) {
    std::string_view rest = encoded;
    if (!skip_element(rest)) break;
    elements.push_back(encoded.substr(0, encoded.size() - rest.size()));
    encoded = rest;
  }
  return elements;
}

std::vector<std::string_view> set_members(std::string_view element) {
  if (element.empty() || element.front() == 'n' || element.front() == 'u') return {};
  if (element.front() != 'l') return {element};
  element.remove_prefix(1);
  return take_length(element) ? tuple_elements(element) : std::vector<std::string_view>{};
}

bool all_null(std::string_view encoded) {
  const auto says_nothing = [](char tag) { return tag == 'n' || tag == 'u'; };
  return std::all_of(encoded.begin(), encoded.end(), says_nothing);
}

std::string_view string_element(std::string_view element) {
  if (element.empty() || element.front() != 's') return {};
  element.remove_prefix(1);
  const auto length = take_length(element);
  return length && *length == element.size() ? element : std::string_view{};
}

}  // namespace kubevigil
