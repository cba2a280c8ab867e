// Hash128: keyed 128-bit SipHash-1-3 over typed parts, for group keys, distinct values and event identity;
// and SHA-256 for ids that leave the program.
//
// Everything hashed is written by attackers, so the hash is keyed (https://www.aumasson.jp/siphash/): with a
// secret key nobody can craft two keys that collide. The default key is public, so that two runs of replay
// give the same ids; a deployment sets its own.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kubevigil {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
};

struct HashKey {
  uint64_t k0 = 0x6b75626576696769ULL;  // "kubevigi": public, see above
  uint64_t k1 = 0x6c2d64656661756cULL;  // "l-defaul"
};

Hash128 siphash(std::string_view bytes, HashKey key = {});

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string to_hex(Hash128 hash);
// HMAC (RFC 2104) with SHA-256, 64 lower-case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

// SHA-256 fed in pieces, for files.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  std::string hex();  // finishes; call once

 private:
  void* context_;
};

}  // namespace kubevigil

template <>
struct std::hash<kubevigil::Hash128> {
  size_t operator()(const kubevigil::Hash128& h) const noexcept { return h.low; }
};
