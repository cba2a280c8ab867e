#include "engine/match/group_key.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kubevigil {
namespace {

void append_length(std::string& out, size_t n) {
  while (n >= 0x80) {
    out.push_back(static_cast<char>(0x80 | (n & 0x7f)));
    n >>= 7;
  }
  out.push_back(static_cast<char>(n));
}

void append_bytes(std::string& out, char tag, std::string_view text) {
  if (text.size() > kGroupStringBytes) {
    append_bytes(out, 'x', text.substr(0, kGroupStringBytes));
    out.append(sha256_hex(text));
    return;
  }
  out.push_back(tag);
  append_length(out, text.size());
  out.append(text);
}

// Reads an encoding from its front; nothing is trusted, a torn encoding ends the decoding.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}
  bool at_end() const { return in_.empty(); }
  bool at_null() const { return in_.front() == 'n'; }

  std::string element(bool inside_list = false) {
    const char tag = take();
    if (tag == 'l' && !inside_list) return list();
    switch (tag) {
      case 'n':
        return "null";
      case 'u':
        return "unknown";
      case 's':
      case 'i':
        return bytes();
      case 'x':
        return long_text();
      case 'b':
        return take() == '1' ? "true" : "false";
      default:
        in_ = {};
        return "?";
    }
  }

 private:
  char take() {
    if (in_.empty()) return 0;
    const char c = in_.front();
    in_.remove_prefix(1);
    return c;
  }
  size_t length() {
    size_t n = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const auto byte = static_cast<unsigned char>(take());
      n |= static_cast<size_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    return n;
  }
  std::string bytes() {
    const size_t wanted = length();
    const size_t n = std::min(wanted, in_.size());
    std::string text(in_.substr(0, n));
    in_.remove_prefix(n);
    return text;
  }
  std::string long_text() {
    std::string text = bytes();
    in_.remove_prefix(std::min(kGroupDigestBytes, in_.size()));
    return text + "...";
  }
  std::string list() {
    const size_t n = length();
    std::string text = "[";
    for (size_t i = 0; i < n && !in_.empty(); ++i) text += (i == 0 ? "" : ", ") + element(true);
    return text + "]";
  }

  std::string_view in_;
};

// Of the numbers below `count` those with the smallest hashes, at most `most`, in their order.
template <typename HashOf>
std::vector<size_t> smallest_hashes(size_t count, size_t most, GroupCut& cut, const HashOf& hash_of) {
  std::vector<size_t> kept(std::min(count, most));
  std::iota(kept.begin(), kept.end(), size_t{0});
  if (count <= most) return kept;
  std::vector<std::pair<Hash128, size_t>> hashes;
  for (size_t i = 0; i < count; ++i) hashes.emplace_back(hash_of(i), i);
  std::sort(hashes.begin(), hashes.end());
  for (size_t i = 0; i < most; ++i) kept[i] = hashes[i].second;
  std::sort(kept.begin(), kept.end());
  cut.cut += count - most;
  return kept;
}

}  // namespace

void append_group_text(std::string& out, std::string_view text) { append_bytes(out, 's', text); }

void append_group_value(std::string& out, const Value& value) {
  switch (value.type) {
    case ValueType::Null:
      out.push_back('n');
      return;
    case ValueType::Bool:
      out.append(value.text == "true" ? "b1" : "b0");
      return;
    case ValueType::Int:
    case ValueType::Double:
      append_bytes(out, 'i', value.text);
      return;
    case ValueType::String:
    case ValueType::Object:
    case ValueType::Array:
      append_bytes(out, 's', value.text);
      return;
  }
}

std::vector<std::string> group_value_set(std::span<const Value> values, GroupCut& cut) {
  std::vector<std::string> encoded;
  encoded.reserve(values.size());
  for (const Value& value : values) {
    if (value.type == ValueType::Null) continue;
    append_group_value(encoded.emplace_back(), value);
  }
  std::sort(encoded.begin(), encoded.end());
  encoded.erase(std::unique(encoded.begin(), encoded.end()), encoded.end());
  if (encoded.size() <= kGroupSetValues) return encoded;
  const auto hash_of = [&](size_t i) { return siphash(encoded[i], cut.key); };
  std::vector<std::string> kept;
  for (const size_t i : smallest_hashes(encoded.size(), kGroupSetValues, cut, hash_of)) {
    kept.push_back(std::move(encoded[i]));
  }
  return kept;
}

std::vector<std::string> group_products(std::span<const std::string> front, std::span<const std::string> back,
                                        size_t most, GroupCut& cut) {
  std::string whole;
  const auto product = [&](size_t i) -> const std::string& {
    whole.assign(front[i / back.size()]).append(back[i % back.size()]);
    return whole;
  };
  const auto hash_of = [&](size_t i) { return siphash(product(i), cut.key); };
  std::vector<std::string> out;
  for (const size_t i : smallest_hashes(front.size() * back.size(), most, cut, hash_of)) out.push_back(product(i));
  return out;
}

void append_group_element(std::string& out, const FieldValues& field, GroupCut& cut) {
  if (field.values.size() == 1) return append_group_value(out, field.values.front());
  if (field.values.empty()) {
    out.push_back(field.presence == Presence::Unknown || field.presence == Presence::Partial ? 'u' : 'n');
    return;
  }
  const std::vector<std::string> encoded = group_value_set(field.values, cut);
  if (encoded.empty()) {
    out.push_back('n');
  } else if (encoded.size() == 1) {
    out.append(encoded.front());
  } else {
    out.push_back('l');
    append_length(out, encoded.size());
    for (const std::string& element : encoded) out.append(element);
  }
}

std::vector<std::string> decode_group_key(std::string_view encoded) {
  std::vector<std::string> elements;
  Decoder decoder(encoded);
  while (!decoder.at_end()) elements.push_back(decoder.element());
  return elements;
}

std::vector<std::optional<std::string>> decode_group_elements(std::string_view encoded) {
  std::vector<std::optional<std::string>> elements;
  Decoder decoder(encoded);
  while (!decoder.at_end()) {
    const bool null = decoder.at_null();
    std::string text = decoder.element();
    elements.push_back(null ? std::nullopt : std::optional(std::move(text)));
  }
  return elements;
}

}  // namespace kubevigil
