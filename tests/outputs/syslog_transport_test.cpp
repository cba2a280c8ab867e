// Syslog: the message against the grammar of RFC 5424, and the three wires against receivers in this process.
#include "outputs/syslog_transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>

#include "engine/base/text.h"
#include "outputs/registry.h"
#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"
#include "tests/support/consumers.h"
#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Alert syslog_sample() {
  Alert a = test::hostile_alert(1);
  a.level = Level::Critical;
  return a;
}

TEST(SyslogMessage, HasTheAlertInItsHeader) {
  EXPECT_EQ(syslog_message(syslog_sample(), "the record\n", {}),
            "<82>1 2026-01-02T03:04:05.123456Z kubevigil kubevigil - pod_exec [kubevigil@32473 "
            "id=\"0190f8f0-0000-8000-8000-000000000001\" revision=\"1\" status=\"closed\" level=\"critical\" "
            "rule=\"pod_exec\"] the record");
  EXPECT_EQ(syslog_frame("abc"), "3 abc");
}

TEST(SyslogMessage, FollowsTheGrammarWhateverTheAlertHolds) {
  for (const char* name : {"text", "cef", "jsonl"}) {
    const auto encoding = make_encoding(name, {});
    for (uint64_t seed = 1; seed <= 300; ++seed) {
      const Alert alert = test::random_alert(seed);
      std::string record;
      encoding->record(alert, record);
      const std::string message = syslog_message(alert, record, {alert.cluster, 16, 1});
      ASSERT_THAT(test::syslog_problems(message), IsEmpty()) << "seed " << seed << "\n" << printable(message);
      EXPECT_EQ(message.find_first_of("\r\n"), std::string::npos);
    }
  }
}

TEST(SyslogMessage, TheValidatorSeesFaults) {
  const std::string good = syslog_message(syslog_sample(), "x", {});
  const std::pair<const char*, const char*> faults[] = {
      {"<82>", "<999>"}, {"<82>", "<082>"},      {"T03:", " 03:"},           {"pod_exec [", " ["},
      {"\"] x", "\" x"}, {"id=\"0", "id=\"\"0"}, {"level=\"c", "level=\"]c"}};
  for (const auto& [from, to] : faults) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string_view(from).size(), to);
    EXPECT_FALSE(test::syslog_problems(bad).empty()) << bad;
  }
}

SyslogOptions options_for(SyslogWire wire, uint16_t port) {
  SyslogOptions options;
  options.wire = wire;
  options.host = "127.0.0.1";
  options.port = port;
  options.timeout = Duration::seconds(60);
  return options;
}

std::unique_ptr<SyslogTransport> open(SyslogOptions options) {
  auto opened = SyslogTransport::open(std::move(options), system_env());
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  return opened ? std::move(*opened) : nullptr;
}

Message message_of(const Alert& alert, std::string body) { return {std::move(body), "text/plain", {&alert, 1}}; }

// Plays a receiver that reads `bytes`, says what they were, and closes.
ScriptedServer::Script receive(size_t bytes, std::promise<std::string>& seen) {
  return [bytes, &seen](Wire& wire) {
    std::string text;
    while (text.size() < bytes && wire.read_more(text)) continue;
    seen.set_value(text);
  };
}

TEST(SyslogTransport, TcpCountsBytesOnOneConnection) {
  const Alert alert = syslog_sample();
  const std::string expected =
      syslog_frame(syslog_message(alert, "one", {})) + syslog_frame(syslog_message(alert, "two", {}));
  std::promise<std::string> seen;
  ScriptedServer server({receive(expected.size(), seen)});
  const auto sink = open(options_for(SyslogWire::Tcp, server.port()));
  EXPECT_EQ(sink->send(message_of(alert, "one")).reason, "");
  (void)sink->send(message_of(alert, "two"));  // the receiver may be gone when its acknowledgement is looked for
  EXPECT_EQ(seen.get_future().get(), expected);
}

TEST(SyslogTransport, AClosedConnectionIsMadeAnew) {
  const Alert alert = syslog_sample();
  const std::string frame = syslog_frame(syslog_message(alert, "one", {}));
  std::promise<std::string> first, second;
  ScriptedServer server({receive(frame.size(), first), receive(frame.size(), second)});
  const auto sink = open(options_for(SyslogWire::Tcp, server.port()));
  (void)sink->send(message_of(alert, "one"));
  EXPECT_EQ(first.get_future().get(), frame);
  std::future<std::string> again = second.get_future();
  while (again.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    (void)sink->send(message_of(alert, "one"));
  }
  EXPECT_EQ(again.get().substr(0, frame.size()), frame);
}

// Else each message would be one that was not taken, and be sent again and again.
TEST(SyslogTransport, AReceiverMayTalk) {
  const Alert alert = syslog_sample();
  const std::string frame = syslog_frame(syslog_message(alert, "one", {}));
  std::latch said(1), sent(1);
  std::promise<std::string> seen;
  ScriptedServer server({[&](Wire& wire) {
    std::string text;
    while (text.size() < frame.size() && wire.read_more(text)) continue;
    wire.write("250 Ok\r\n");
    said.count_down();
    while (text.size() < 2 * frame.size() && wire.read_more(text)) continue;
    sent.wait();
    seen.set_value(text);
  }});
  const auto sink = open(options_for(SyslogWire::Tcp, server.port()));
  EXPECT_EQ(sink->send(message_of(alert, "one")).reason, "");
  said.wait();
  EXPECT_EQ(sink->send(message_of(alert, "one")).reason, "");
  sent.count_down();
  EXPECT_EQ(seen.get_future().get(), frame + frame) << "on one connection";
}

TEST(SyslogTransport, TlsVerifiesAndDelivers) {
  const TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "authority", .authority = true});
  const TestCertificate server_certificate =
      make_certificate({.common_name = "syslog", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  TlsFiles files;
  files.certificate = folder.write("cert.pem", server_certificate.certificate);
  files.key = folder.write("key.pem", server_certificate.key);
  const auto tls = TlsSource::open(files, TlsRole::Server, system_env());
  ASSERT_TRUE(tls) << tls.error().message;
  const Alert alert = syslog_sample();
  const std::string frame = syslog_frame(syslog_message(alert, "one", {}));
  std::promise<std::string> seen;
  ScriptedServer server({receive(frame.size(), seen), [](Wire&) {}}, *tls);
  SyslogOptions options = options_for(SyslogWire::Tls, server.port());
  options.tls.authorities = folder.write("ca.pem", authority.certificate);
  (void)open(options)->send(message_of(alert, "one"));
  EXPECT_EQ(seen.get_future().get(), frame);
  options.tls.authorities =
      folder.write("other.pem", make_certificate({.common_name = "x", .authority = true}).certificate);
  const Delivery refused = open(options)->send(message_of(alert, "one"));
  EXPECT_EQ(refused.kind, Delivery::Kind::Retry);
  EXPECT_THAT(refused.reason, HasSubstr("TLS handshake"));
}

TEST(SyslogTransport, UdpIsOneDatagramThatIsCut) {
  Descriptor receiver(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(receiver.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto sink = open(options_for(SyslogWire::Udp, ntohs(address.sin_port)));
  const Alert alert = syslog_sample();
  EXPECT_EQ(sink->send(message_of(alert, "one")).reason, "");
  EXPECT_EQ(sink->send(message_of(alert, std::string(20'000, 'x'))).reason, "");
  std::string datagram(65'536, '\0');
  datagram.resize(static_cast<size_t>(::recv(receiver.get(), datagram.data(), datagram.size(), 0)));
  EXPECT_EQ(datagram, syslog_message(alert, "one", {}));
  datagram.resize(65'536);
  EXPECT_EQ(::recv(receiver.get(), datagram.data(), datagram.size(), 0), static_cast<ssize_t>(kDatagramBytes));
}

TEST(SyslogTransport, WhatCannotWorkIsSaid) {
  EXPECT_FALSE(SyslogTransport::open({}, system_env()));
  const std::vector<Alert> two(2);
  const auto sink = open(options_for(SyslogWire::Tcp, 1));  // nobody listens on port 1
  EXPECT_EQ(sink->send({"x", "text/plain", two}).kind, Delivery::Kind::Refused);
  const Delivery sent = sink->send({"x", "text/plain", {two.data(), 1}});
  EXPECT_EQ(sent.kind, Delivery::Kind::Retry);
  EXPECT_THAT(sent.reason, HasSubstr("syslog 127.0.0.1:1: connecting"));
}

}  // namespace
}  // namespace kubevigil
