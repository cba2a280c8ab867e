#include "engine/base/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace kubevigil {
namespace {

// FIPS 180-2 test vectors.
TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update("a");
  pieces.update("bc");
  EXPECT_EQ(pieces.hex(), sha256_hex("abc"));
}

TEST(SipHash, DependsOnEveryByteTheLengthAndTheKey) {
  std::set<std::string> seen;
  std::string text(40, 'x');
  for (size_t n = 0; n <= text.size(); ++n) EXPECT_TRUE(seen.insert(to_hex(siphash(text.substr(0, n)))).second) << n;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 'y';
    EXPECT_TRUE(seen.insert(to_hex(siphash(other))).second) << i;
  }
  EXPECT_NE(siphash("x"), siphash("x", HashKey{1, 2}));
  EXPECT_EQ(siphash("x"), siphash("x"));
}

// RFC 4231, test cases 1, 2 and 6.
TEST(Hmac, FollowsRfc4231) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace kubevigil
