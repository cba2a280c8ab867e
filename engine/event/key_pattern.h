// KeyPattern: a known member name, compared with the text of a key word by word, the closing quote included, so that
// the length of the key need not be found first.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kubevigil {

class KeyPattern {
 public:
  static constexpr size_t kMaxKey = 31;

  // REQUIRES: no character that JSON escapes.
  template <size_t N>
  consteval KeyPattern(const char (&literal)[N])  // NOLINT(google-explicit-constructor): a table of keys reads as one
      : words_((N - 1 + sizeof(uint64_t)) / sizeof(uint64_t)), text_view_(literal) {
    static_assert(N - 1 <= kMaxKey);
    const std::string_view key = literal;
    std::array<char, kMaxKey + 1> text{}, mask{};
    for (size_t i = 0; i <= key.size(); ++i) {
      text[i] = i < key.size() ? key[i] : '"';
      mask[i] = static_cast<char>(0xff);
    }
    text_ = std::bit_cast<Words>(text);
    mask_ = std::bit_cast<Words>(mask);
  }

  // `key` is the text behind the opening quote. REQUIRES: kMaxKey + 1 readable bytes there.
  bool matches(const char* key) const {
    for (size_t i = 0; i < words_; ++i) {
      uint64_t word;
      std::memcpy(&word, key + i * sizeof word, sizeof word);
      if (((word ^ text_[i]) & mask_[i]) != 0) return false;
    }
    return true;
  }
  std::string_view text() const { return text_view_; }

 private:
  using Words = std::array<uint64_t, (kMaxKey + 1) / sizeof(uint64_t)>;
  size_t words_;
  Words text_{}, mask_{};
  std::string_view text_view_;
};

}  // namespace kubevigil
