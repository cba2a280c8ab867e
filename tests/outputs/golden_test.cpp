// Golden files: tests/golden/outputs/<encoding>.txt is what `serve` would send for the life of one alert and for a
// hostile one. KUBEVIGIL_UPDATE_GOLDEN=1 rewrites them; read the diff.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/run/framing.h"
#include "outputs/registry.h"
#include "tests/support/random_alert.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

class FixedEnv : public Env {
 public:
  Timestamp now() const override { return *parse_rfc3339("2026-03-02T11:27:00Z"); }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

// The chain of the demo, seen from the outside.
Alert chain_alert() {
  Alert a;
  a.id = "0e8aa138-eb79-81d0-886d-33b33da5fcae";
  a.dedup_key = "c0e91c3fd98b168b0a0ff2d013c772af";
  a.status = EpisodeStatus::Open;
  a.time = a.last_seen = *parse_rfc3339("2026-03-02T11:26:00Z");
  a.first_seen = *parse_rfc3339("2026-03-02T11:11:00Z");
  a.state_since = *parse_rfc3339("2026-02-27T08:00:00.5Z");
  a.count = 1;
  a.measure = 3;
  a.rule_id = "7eb0f3ec-1102-4ed3-b749-72a8cc84fa71";
  a.rule_name = "attack_chain";
  a.rule_title = "One identity went through several stages of an intrusion";
  a.rule_hash = "8cfc1eceb6efac66d4bfb8f122362fa69874dac1677f1495d511b11f266aac2c";
  a.level = Level::High;
  a.risk = 90;
  a.message = "system:serviceaccount:shop:default went through 3 stages of an intrusion: probe, collect, spread";
  a.attack = {{"TA0006", "Credential Access", "T1552.007", "Unsecured Credentials: Container API"},
              {"TA0007", "Discovery", "T1613", "Container and Resource Discovery"}};
  a.cluster = "prod-eu1";
  a.group = {{"effectiveUser.username", "system:serviceaccount:shop:default"}};
  a.values = {"probe", "collect", "spread"};
  a.actor.username = "system:serviceaccount:shop:default";
  a.actor.groups = {"system:serviceaccounts", "system:authenticated"};
  a.actor.pod = "web-2";
  a.permission = {"allow", "RBAC: allowed by ClusterRoleBinding \"shop-debug\"", "ClusterRoleBinding/shop-debug",
                  "ClusterRole/cluster-admin"};
  a.source = {{"203.0.113.50"}, "203.0.113.50", "kubectl/v1.29.2 (linux/amd64)"};
  a.target = {"", "pods", "", "shop", "web-debug", ""};
  a.request = {
      "create", "/api/v1/namespaces/shop/pods", "ab48fa15-e90d-4a88-8cdd-a9ad75d0a9de", "ResponseComplete", 201, false};
  a.events = {{"ab20a4b4-894d-44c3-8235-c8f3f1ebe5f0", "demo", a.first_seen, 3292501, 4232},
              {"ab48fa15-e90d-4a88-8cdd-a9ad75d0a9de", "demo", a.time, 3537159, 4542}};
  a.audit_level = "Request";
  a.missing = {"responseObject"};
  a.next_steps = {"Verify: read the alerts of the same identity in order", "Contain: take its rights first"};
  a.references = {"https://attack.mitre.org/matrices/enterprise/containers/"};
  return a;
}

// Opens with three stages, is raised to critical with all five, and closes.
std::vector<Alert> life() {
  std::vector<Alert> out(3, chain_alert());
  for (size_t i = 1; i < out.size(); ++i) {
    out[i].revision = static_cast<uint32_t>(i + 1);
    out[i].status = i == 1 ? EpisodeStatus::Update : EpisodeStatus::Closed;
    out[i].last_seen = *parse_rfc3339("2026-03-02T11:41:00Z");
    out[i].count = 3;
    out[i].measure = 5;
    out[i].level = Level::Critical;
    out[i].values = {"probe", "collect", "spread", "entry", "effect"};
    out[i].message = "system:serviceaccount:shop:default went through 5 stages of an intrusion";
  }
  out.push_back(chain_alert());
  out.back().revision = 4;
  out.back().status = EpisodeStatus::Retracted;
  out.push_back(test::hostile_alert(2));
  out.back().status = EpisodeStatus::Open;
  return out;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(GoldenOutputs, OneLifeInEveryEncoding) {
  const FixedEnv env;
  EncodingOptions options;
  options.revisions = true;
  options.env = &env;
  options.version = "0.1.0";
  options.link = "https://kubevigil.example/alerts/";
  for (const EncodingRow& row : encodings()) {
    const auto encoding = row.make(options);
    const Framing framing = encoding->format().framing;
    if (framing == Framing::Document) continue;
    std::vector<Alert> wanted = life();
    std::erase_if(wanted, [&](const Alert& alert) { return !encoding->wants(alert); });
    std::string actual;
    for (const Message& message : bodies(*encoding, framing, wanted)) {
      actual += "--- " + std::string(message.content_type) + ", " + std::to_string(message.alerts.size()) + "\n";
      actual += message.body;
      if (actual.back() != '\n') actual += '\n';
    }
    const std::string path = test::source_file("tests/golden/outputs/") + std::string(row.name) + ".txt";
    if (std::getenv("KUBEVIGIL_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << actual;
    EXPECT_EQ(read(path), actual) << path << " differs; KUBEVIGIL_UPDATE_GOLDEN=1 rewrites it";
  }
}

}  // namespace
}  // namespace kubevigil
