#include "engine/codec/pkcs10.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kubevigil {
namespace {

// openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -utf8
//   -subj '/O=system:nodes/CN=system:node:é'
constexpr std::string_view kRequest = R"(-----BEGIN CERTIFICATE REQUEST-----
MIHrMIGSAgEAMDAxFTATBgNVBAoMDHN5c3RlbTpub2RlczEXMBUGA1UEAwwOc3lz
dGVtOm5vZGU6w6kwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARJrwfx/1dPHHyb
NVeNXcu6TfGiyJJznbxfXgH7Z6Y4imCZ2uKY6Evnva4e15jjgnHbjkYWX/53UugT
lA5dn5vgoAAwCgYIKoZIzj0EAwIDSAAwRQIgT6Aeha6ptMCRLL871tnJWAtpUGzh
ZYvn69KTLYcDULwCIQD5+axoWpTFX0rB+zqW2/r9hcFkp98IuqtU91wLNMRTSw==
-----END CERTIFICATE REQUEST-----
)";

TEST(Pkcs10, SubjectInOrder) {
  const auto subject = pkcs10_subject(kRequest);
  ASSERT_TRUE(subject);
  EXPECT_EQ(*subject, (std::vector<std::string>{"O=system:nodes", "CN=system:node:\u00e9"}));
}

TEST(Pkcs10, WhatIsNoRequest) {
  EXPECT_FALSE(pkcs10_subject(""));
  EXPECT_FALSE(pkcs10_subject("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"));
  EXPECT_FALSE(pkcs10_subject(kRequest.substr(0, kRequest.size() / 2)));
  std::string damaged(kRequest);
  damaged[60] = damaged[60] == 'A' ? 'B' : 'A';
  damaged[45] = '!';
  EXPECT_FALSE(pkcs10_subject(damaged));
  EXPECT_FALSE(pkcs10_subject(std::string(2u << 20, 'x')));
}

}  // namespace
}  // namespace kubevigil
