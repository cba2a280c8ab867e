#include "bench/cluster.h"

#include <fmt/format.h>

#include <array>

#include "bench/random.h"

namespace kubevigil::bench {
namespace {

constexpr std::array<std::string_view, 8> kSystemNamespaces = {
    "kube-system", "kube-node-lease", "default", "monitoring", "argocd", "cert-manager", "istio-system", "logging"};
constexpr std::array<std::string_view, 20> kTeams = {
    "payments", "checkout", "search", "catalog", "identity", "billing",   "shipping", "inventory", "pricing", "reviews",
    "mobile",   "frontend", "media",  "ledger",  "fraud",    "reporting", "crm",      "partners",  "loyalty", "data"};
constexpr std::array<std::string_view, 4> kEnvironments = {"prod", "stage", "dev", "qa"};
constexpr std::array<std::string_view, 16> kApplications = {
    "api",     "web",      "worker", "consumer",  "gateway", "scheduler-svc", "cache",     "mailer",
    "indexer", "importer", "router", "reconcile", "batch",   "notifier",      "thumbnail", "session"};

uint64_t number_of(uint64_t kind, uint64_t index) {
  uint64_t state = kind * 0x100000001b3u + index;
  return splitmix64(state);
}

// The letters that Kubernetes uses in generated names.
std::string suffix(uint64_t number, size_t length) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (size_t i = 0; i < length; ++i, number /= kLetters.size()) out += kLetters[number % kLetters.size()];
  return out;
}

Node make_node(size_t i) {
  const std::string ip = fmt::format("10.{}.{}.{}", 20 + i / 200, 16 + i % 64, 10 + i % 190);
  std::string dashed = ip;
  for (char& c : dashed) c = c == '.' ? '-' : c;
  std::string certificate;
  for (uint64_t part = 0; part < 4; ++part) certificate += make_hex(number_of(1, i * 4 + part), 16);
  return {"ip-" + dashed + ".eu-central-1.compute.internal", ip, make_uuid(number_of(2, i)), certificate};
}

Workload make_workload(const Cluster& cluster, size_t i) {
  const std::string& space = cluster.namespaces[2 + i % (kNamespaces - 2)];
  const std::string name = fmt::format("{}-{}", kApplications[i % kApplications.size()], suffix(number_of(3, i), 3));
  return {name, space, fmt::format("registry.example.com/{}/{}:v{}.{}.{}", space, name, 1 + i % 4, i % 30, i % 12),
          make_uuid(number_of(4, i)), make_uuid(number_of(5, i))};
}

Pod make_pod(const Cluster& cluster, size_t i) {
  const auto workload = static_cast<uint32_t>(i / kPodsPerWorkload);
  return {fmt::format("{}-{}-{}", cluster.workloads[workload].name, suffix(number_of(6, workload), 10),
                      suffix(number_of(7, i), 5)),
          make_uuid(number_of(8, i)),
          fmt::format("100.64.{}.{}", i / 250, 1 + i % 250),
          make_uuid(number_of(9, i)),
          workload,
          static_cast<uint32_t>(number_of(10, i) % kNodes)};
}

}  // namespace

std::string make_hex(uint64_t number, size_t digits) {
  std::string out(digits, '0');
  for (size_t i = 0; i < digits; ++i, number >>= 4) out[digits - 1 - i] = "0123456789abcdef"[number & 15];
  return out;
}

std::string make_uuid(uint64_t number) {
  uint64_t state = number;
  const uint64_t low = splitmix64(state);
  std::string hex = make_hex(number, 16) + make_hex(low, 16);
  hex[12] = '4';
  hex[16] = "89ab"[low >> 62];
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

Cluster::Cluster() {
  namespaces.assign(kSystemNamespaces.begin(), kSystemNamespaces.end());
  for (const auto environment : kEnvironments) {
    for (const auto team : kTeams) namespaces.push_back(fmt::format("{}-{}", team, environment));
  }
  for (size_t i = 0; i < kNodes; ++i) nodes.push_back(make_node(i));
  for (size_t i = 0; i < kWorkloads; ++i) workloads.push_back(make_workload(*this, i));
  for (size_t i = 0; i < kWorkloads * kPodsPerWorkload; ++i) pods.push_back(make_pod(*this, i));
  for (size_t i = 0; i < kHumans; ++i) {
    humans.push_back({fmt::format("oidc:{}.{}@example.com", suffix(number_of(11, i), 4), suffix(number_of(12, i), 7)),
                      fmt::format("10.8.{}.{}", i / 30, 2 + i * 3 % 250), fmt::format("oidc:{}", kTeams[i % 20])});
  }
}

}  // namespace kubevigil::bench
