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

// The same bytes in the forms that Go's encoding/pem takes: none of them may hide the subject.
TEST(Pkcs10, FormsThatTheServerTakes) {
  const std::string whole(kRequest), begin = whole.substr(0, whole.find('\n') + 1);
  const std::string end = whole.substr(whole.find("-----END")),
                    lines = whole.substr(begin.size(), whole.size() - begin.size() - end.size());
  std::string one_line = lines, crlf;
  std::erase(one_line, '\n');
  for (const char c : whole) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::vector<std::string> subject = {"O=system:nodes", "CN=system:node:\u00e9"};
  for (const std::string& form :
       {begin + one_line + "\n" + end, "junk\nwith: colon\n" + whole + "more", begin + "Foo: bar\n\n" + lines + end,
        begin + "Foo: bar\n" + lines + end, begin + lines.substr(0, 65) + "\n\n" + lines.substr(65) + end,
        begin + "!!!\n" + end + whole, begin + whole, "-----BEGIN FOO-----\n" + whole, crlf,
        begin + lines.substr(0, 9) + " \t" + lines.substr(9) + end}) {
    const auto found = pkcs10_subject(form);
    EXPECT_EQ(found.value_or(std::vector<std::string>{}), subject) << form;
  }
  EXPECT_EQ(pkcs10_subject(whole + whole).value().size(), 4u);
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
