#include "engine/net/server_look.h"

#include <gtest/gtest.h>

#include "tests/net/server_fixture.h"
#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

TEST(IsForHost, AlternativeNamesOnly) {
  PeerCertificate certificate;
  certificate.common_name = "common.example";
  certificate.alternative_names = {"dns:vigil.example", "dns:*.wild.example", "ip:10.0.0.1", "ip:fd00::1", "uri:x"};
  const std::pair<std::string, bool> cases[] = {
      {"vigil.example", true},
      {"VIGIL.example", true},
      {"other.example", false},
      {"common.example", false},
      {"a.wild.example", true},
      {"wild.example", false},
      {"a.b.wild.example", false},
      {".wild.example", false},
      {"10.0.0.1", true},
      {"10.0.0.2", false},
      {"fd00::1", true},
      {"fd00:0:0::1", true},
      {"x", false},
      {"", false},
  };
  for (const auto& [host, expected] : cases) EXPECT_EQ(is_for_host(certificate, host), expected) << host;
  EXPECT_FALSE(is_for_host({}, "vigil.example"));
}

class ServerLookTest : public ServerTest {
 protected:
  static constexpr Duration kPatience = Duration::seconds(60);
  void listen(const TestCertificate& certificate) {
    const auto tls =
        TlsSource::open({folder.write("s", certificate.certificate), folder.write("k", certificate.key), ""},
                        TlsRole::Server, system_env());
    ASSERT_TRUE(tls) << tls.error().message;
    options.listeners = {{}, {.tls = *tls}};
    start();
  }
  ServerLook look(size_t listener, const std::string& authorities, const std::string& name = "127.0.0.1") {
    const auto tls = TlsSource::open({.authorities = authorities}, TlsRole::Client, system_env());
    return look_at_server("127.0.0.1", server->port(listener), tls->get(), name, kPatience, system_env());
  }

  TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "CA", .authority = true});
  const TestCertificate other = make_certificate({.common_name = "other", .authority = true});
  const std::string ca = folder.write("ca", authority.certificate), other_ca = folder.write("other", other.certificate);
};

TEST_F(ServerLookTest, WhatIsSeen) {
  using State = ServerLook::State;
  listen(make_certificate({.common_name = "x", .alternative_names = {"IP:127.0.0.1", "DNS:vigil"}}, &authority));
  const ServerLook good = look(1, ca);
  EXPECT_EQ(good.state, State::Good) << good.why;
  ASSERT_TRUE(good.certificate);
  EXPECT_EQ(good.certificate->alternative_names, (std::vector<std::string>{"ip:127.0.0.1", "dns:vigil"}));
  EXPECT_EQ(look(1, ca, "vigil").state, State::Good);
  EXPECT_EQ(look(1, ca, "elsewhere").state, State::Untrusted);
  EXPECT_NE(look(1, ca, "elsewhere").why.find("hostname mismatch"), std::string::npos);
  EXPECT_EQ(look(1, other_ca).state, State::Untrusted);
  EXPECT_EQ(look(1, folder.path("s")).state, State::Good) << "its own certificate, although it is no authority";
  EXPECT_EQ(look(0, ca).state, State::NoTls);
  EXPECT_EQ(look_at_server("127.0.0.1", server->port(0), nullptr, "", kPatience, system_env()).state, State::Good);
  const uint16_t port = server->port(0);
  server.reset();
  EXPECT_EQ(look_at_server("127.0.0.1", port, nullptr, "", kPatience, system_env()).state, State::Closed);
  EXPECT_EQ(look_at_server("no such name.", port, nullptr, "", kPatience, system_env()).state, State::Unresolved);
}

}  // namespace
}  // namespace kubevigil
