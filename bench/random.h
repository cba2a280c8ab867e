// Random: xoshiro256** seeded by splitmix64 (Blackman, Vigna; public domain algorithms). Ours, because the
// standard library's distributions differ from one implementation to the next, and the same seed has to give the
// same bytes everywhere. Whole numbers only, for the same reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kubevigil::bench {

inline uint64_t splitmix64(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) word = splitmix64(seed);
  }

  uint64_t next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // 0 <= result < n. The bias of n against 2^32 is of no consequence here.
  size_t below(size_t n) { return static_cast<size_t>(((next() >> 32) * n) >> 32); }
  size_t between(size_t low, size_t high) { return low + below(high - low + 1); }
  bool per_million(size_t share) { return below(1'000'000) < share; }

 private:
  static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::array<uint64_t, 4> state_{};
};

}  // namespace kubevigil::bench
