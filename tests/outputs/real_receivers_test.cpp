// The real Alertmanager and the real rsyslog of Debian take our alerts. Without their packages the tests are skipped.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/run/framing.h"
#include "engine/run/self_alert.h"
#include "outputs/http_transport.h"
#include "outputs/registry.h"
#include "outputs/syslog_transport.h"
#include "tests/support/certificates.h"
#include "tests/support/daemon.h"
#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

using test::becomes;
using testing::HasSubstr;
using testing::Not;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

EncodingOptions serving() {
  EncodingOptions options;
  options.revisions = true;
  options.env = &system_env();
  return options;
}

HttpClientOptions client_of(uint16_t port, const std::string& target) {
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}{}", port, target));
  return options;
}

std::string get(uint16_t port, const std::string& target) {
  auto client = HttpClient::open(client_of(port, target), system_env());
  const auto answer = (*client)->send({.method = "GET"});
  return answer && answer->status == 200 ? answer->body : "";
}

class RealAlertmanager : public ::testing::Test {
 protected:
  static constexpr const char* kProgram = "/usr/bin/prometheus-alertmanager";

  void SetUp() override {
    if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << "needs the package prometheus-alertmanager";
    const std::string config = folder_.write("config.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    daemon_.emplace(
        std::vector<std::string>{kProgram, "--config.file=" + config, "--storage.path=" + folder_.path("data"),
                                 fmt::format("--web.listen-address=127.0.0.1:{}", port_), "--cluster.listen-address="},
        folder_.path("log"));
    ASSERT_TRUE(becomes([&] { return !get(port_, "/-/ready").empty(); })) << read_file(folder_.path("log"));
  }

  Delivery send(const std::vector<Alert>& alerts) {
    const auto sink = HttpTransport::open({.client = client_of(port_, "/api/v2/alerts")}, system_env());
    const auto encoding = make_encoding("alertmanager", serving());
    return (*sink)->send(bodies(*encoding, Framing::Array, alerts).at(0));
  }
  std::string active() { return get(port_, "/api/v2/alerts?active=true"); }

  TestFolder folder_;
  uint16_t port_ = test::free_port();
  std::optional<test::Daemon> daemon_;
};

Alert open_alert() {
  Alert a = test::hostile_alert(1);
  a.status = EpisodeStatus::Open;
  a.dedup_key = "one-of-a-kind";
  a.time = a.first_seen = a.last_seen = system_env().now() - Duration::minutes(1);
  return a;
}

TEST_F(RealAlertmanager, FiresAndResolves) {
  Alert alert = open_alert();
  EXPECT_EQ(send({alert}).reason, "");
  EXPECT_TRUE(becomes([&] { return active().find("one-of-a-kind") != std::string::npos; }));
  alert.status = EpisodeStatus::Closed;
  alert.revision = 2;
  EXPECT_EQ(send({alert}).reason, "");
  EXPECT_TRUE(becomes([&] { return active().find("one-of-a-kind") == std::string::npos; }));
}

TEST_F(RealAlertmanager, WhatIsToldOnceFires) {
  const Timestamp now = system_env().now();
  Alert alert = self_alert({SelfAlertKind::InputGap, "kv-0", 7, 1, "prod", "tail/audit.log", "detail", now, now, 1});
  EXPECT_EQ(send({alert}).reason, "");
  EXPECT_TRUE(becomes([&] { return active().find(alert.dedup_key) != std::string::npos; }));
}

TEST_F(RealAlertmanager, TheEndOfOneAlertLeavesItsNeighbourFiring) {
  Alert one = open_alert(), other = open_alert();
  other.id = "other";
  other.dedup_key = "its-neighbour";
  EXPECT_EQ(send({one, other}).reason, "");
  one.status = EpisodeStatus::Retracted;
  EXPECT_EQ(send({one}).reason, "");
  EXPECT_TRUE(becomes([&] { return active().find("one-of-a-kind") == std::string::npos; }));
  EXPECT_THAT(active(), HasSubstr("its-neighbour"));
}

TEST_F(RealAlertmanager, RefusesNoneOfTheHostileAlerts) {
  std::vector<Alert> alerts;
  for (size_t i = 0; i < test::hostile_texts().size(); ++i) alerts.push_back(test::hostile_alert(i));
  for (uint64_t seed = 1; seed <= 100; ++seed) alerts.push_back(test::random_alert(seed));
  EXPECT_EQ(send(alerts).reason, "");
}

TEST(RealRsyslog, TakesBothWires) {
  constexpr const char* kProgram = "/usr/sbin/rsyslogd";
  if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << "needs the package rsyslog";
  const TestFolder folder;
  const uint16_t tcp = test::free_port(), udp = test::free_port();
  const std::string config = folder.write(
      "rsyslog.conf",
      fmt::format("module(load=\"imtcp\")\nmodule(load=\"imudp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" "
                  "port=\"{}\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"{}\")\n"
                  "template(name=\"kv\" type=\"string\" "
                  "string=\"%syslogfacility%.%syslogseverity% %app-name% %msgid% %structured-data% %msg%\\n\")\n"
                  "action(type=\"omfile\" file=\"{}\" template=\"kv\")\n",
                  tcp, udp, folder.path("out")));
  const test::Daemon daemon({kProgram, "-n", "-f", config, "-i", folder.path("pid")}, folder.path("log"));
  const Alert alert = open_alert();
  const auto encoding = make_encoding("text", serving());
  std::string record;
  encoding->record(alert, record);
  const std::string expected = fmt::format(
      "10.3 kubevigil pod_exec [kubevigil@32473 id=\"{}\" revision=\"1\" status=\"open\" level=\"high\" "
      "rule=\"pod_exec\"] {}\n",
      alert.id, record);
  const auto sends = [&](SyslogWire wire, uint16_t port) {
    SyslogOptions options;
    options.wire = wire;
    options.host = "127.0.0.1";
    options.port = port;
    const auto sink = SyslogTransport::open(options, system_env());
    return (*sink)->send({record, "text/plain", {&alert, 1}}).kind == Delivery::Kind::Delivered;
  };
  const auto written = [&] { return read_file(folder.path("out")).find(expected) != std::string::npos; };
  EXPECT_TRUE(becomes([&] { return sends(SyslogWire::Tcp, tcp); })) << read_file(folder.path("log"));
  EXPECT_TRUE(becomes(written)) << read_file(folder.path("out")) << "\nexpected\n" << expected;
  const size_t before = read_file(folder.path("out")).size();
  EXPECT_TRUE(becomes([&] {  // datagrams are lost until it listens
    return sends(SyslogWire::Udp, udp) && read_file(folder.path("out")).size() > before;
  }));
}

}  // namespace
}  // namespace kubevigil
