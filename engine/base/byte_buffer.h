// ByteBuffer: bytes put one behind the other, for encodings that are hashed or looked up for every event. Appending to
// a std::string costs more than hashing what was appended, because each call may grow it; here one comparison decides.
//
// One owner, one thread. Keeps its memory when cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace kubevigil {

class ByteBuffer {
 public:
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.data(), size_}; }

  void put(char c) {
    *room(1) = c;
    ++size_;
  }
  void put(std::string_view text) {
    if (text.empty()) return;  // it may point nowhere
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  // Its bytes as they lie in memory.
  template <typename Number>
  void put_raw(const Number& number) {
    std::memcpy(room(sizeof number), &number, sizeof number);
    size_ += sizeof number;
  }
  // LEB128 (DWARF 5, section 7.6).
  void put_leb128(size_t n) {
    char* to = room(kLeb128);
    for (; n >= 0x80; n >>= 7) *to++ = static_cast<char>(n | 0x80);
    *to++ = static_cast<char>(n);
    size_ = static_cast<size_t>(to - bytes_.data());
  }

 private:
  static constexpr size_t kLeb128 = 10;  // bytes of the longest number

  char* room(size_t bytes) {
    if (bytes_.size() - size_ < bytes) bytes_.resize(2 * (size_ + bytes));
    return bytes_.data() + size_;
  }

  std::vector<char> bytes_ = std::vector<char>(256);
  size_t size_ = 0;
};

}  // namespace kubevigil
