#include "engine/base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <bit>
#include <cassert>
#include <cstring>

namespace kubevigil {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  uint64_t finish() {
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

// The bytes behind the last whole word, the first one lowest. Of a longer text they are the top of its last word.
uint64_t tail_of(std::string_view bytes) {
  const size_t n = bytes.size() % sizeof(uint64_t);
  if (n == 0) return 0;
  if (bytes.size() > sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + bytes.size() - sizeof word, sizeof word);
    return word >> (8 * (sizeof word - n));
  }
  uint64_t tail = 0;
  for (size_t i = 0; i < n; ++i) tail |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return tail;
}

}  // namespace

Hash128 siphash(std::string_view bytes, HashKey key) {
  SipState s{key.k0 ^ 0x736f6d6570736575ULL, key.k1 ^ 0x646f72616e646f6dULL ^ 0xee, key.k0 ^ 0x6c7967656e657261ULL,
             key.k1 ^ 0x7465646279746573ULL};
  const size_t whole = bytes.size() & ~size_t{7};
  for (size_t i = 0; i < whole; i += 8) {
    uint64_t m;
    std::memcpy(&m, bytes.data() + i, 8);
    s.v3 ^= m;
    s.round();
    s.v0 ^= m;
  }
  const uint64_t last = static_cast<uint64_t>(bytes.size()) << 56 | tail_of(bytes);
  s.v3 ^= last;
  s.round();
  s.v0 ^= last;
  s.v2 ^= 0xee;
  Hash128 out;
  out.low = s.finish();
  s.v1 ^= 0xdd;
  out.high = s.finish();
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  const int ok = EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr);
  assert(ok == 1);
  (void)ok;
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 sha;
  sha.update(bytes);
  return sha.hex();
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string to_hex(Hash128 hash) { return fmt::format("{:016x}{:016x}", hash.high, hash.low); }

}  // namespace kubevigil
