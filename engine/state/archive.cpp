#include "engine/state/archive.h"

#include <array>
#include <bit>
#include <cstring>

namespace kubevigil {
namespace {

uint64_t zigzag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

void append_fixed64(std::string& out, uint64_t v) {
  std::array<char, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(v >> (8 * i));
  out.append(bytes.data(), bytes.size());
}

uint64_t read_fixed64(std::string_view in) {
  uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v |= static_cast<uint64_t>(static_cast<uint8_t>(in[i])) << (8 * i);
  return v;
}

}  // namespace

void Archive::number(uint64_t& v) {
  if (saving_) {
    std::array<char, 10> bytes{};
    size_t count = 0;
    uint64_t rest = v;
    for (; rest >= 0x80; rest >>= 7) bytes[count++] = static_cast<char>(rest | 0x80);
    bytes[count++] = static_cast<char>(rest);
    out_.append(bytes.data(), count);
    return;
  }
  v = 0;
  for (int shift = 0; shift < 64 && !in_.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in_.front());
    in_.remove_prefix(1);
    v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return;
  }
  failed_ = true;
  v = 0;
}

void Archive::size(uint64_t& n) {
  number(n);
  if (!saving_ && n > in_.size()) {
    failed_ = true;
    n = 0;
  }
}

void Archive::fixed64(uint64_t& v) {
  if (saving_) return append_fixed64(out_, v);
  if (in_.size() < 8) {
    failed_ = true;
    in_ = {};
    v = 0;
    return;
  }
  v = read_fixed64(in_);
  in_.remove_prefix(8);
}

void Archive::operator()(bool& v) {
  uint64_t wide = v ? 1 : 0;
  number(wide);
  if (wide > 1) failed_ = true;
  v = wide == 1;
}

void Archive::operator()(double& v) {
  auto bits = std::bit_cast<uint64_t>(v);
  fixed64(bits);
  v = std::bit_cast<double>(bits);
}

void Archive::operator()(std::string& v) {
  uint64_t n = v.size();
  size(n);
  if (saving_) {
    out_ += v;
    return;
  }
  v.assign(in_.substr(0, n));
  in_.remove_prefix(n);
}

void Archive::operator()(Hash128& v) {
  fixed64(v.high);
  fixed64(v.low);
}

void Archive::operator()(Timestamp& v) {
  uint64_t wide = zigzag(v.micros);
  number(wide);
  v.micros = unzigzag(wide);
}

}  // namespace kubevigil
