// Cluster: who and what there is in the generated cluster. Fixed for all seeds, so that rules, baselines and
// numbers can name its members; only the traffic depends on the seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil::bench {

inline constexpr size_t kNodes = 500;
inline constexpr size_t kNamespaces = 88;
inline constexpr size_t kWorkloads = 500;       // each with a service account of its own
inline constexpr size_t kPodsPerWorkload = 16;  // 8,000 pods
inline constexpr size_t kHumans = 70;

struct Node {
  std::string name, ip, uid, certificate;  // certificate: SHA-256 of the client certificate, in hex
};
struct Workload {
  std::string name, space, image, uid, account_uid;
};
struct Pod {
  std::string name, uid, ip, token;  // token: id of its service account token
  uint32_t workload = 0, node = 0;
};
struct Human {
  std::string username, ip, group;
};

struct Cluster {
  Cluster();
  std::vector<std::string> namespaces;
  std::vector<Node> nodes;
  std::vector<Workload> workloads;
  std::vector<Pod> pods;
  std::vector<Human> humans;
};

// A version 4 UUID made of a number.
std::string make_uuid(uint64_t number);
std::string make_hex(uint64_t number, size_t digits);

}  // namespace kubevigil::bench
