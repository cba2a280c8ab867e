// The traffic of a normal cluster: which requests there are, by whom, how often. One table row = one (verb,
// resource) pair of one kind of client.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bench/cluster.h"
#include "bench/random.h"
#include "bench/request.h"

namespace kubevigil::bench {

enum class Who : uint8_t {
  Node,      // the kubelet of a random node
  Control,   // a component with a client certificate; `identity` is its username
  Account,   // a service account of kube-system or of an operator; `identity` is namespace/name
  Workload,  // the service account of a random pod, with a bound token
  Human,
};

enum class Body : uint8_t { None, Pod, PodStatus, NodeStatus, Deployment, ConfigMap, Custom, Endpoints, Review };

enum class Target : uint8_t {
  Path,       // no resource: `resource` is the path
  Cluster,    // a cluster-wide collection, or an object without a namespace
  Self,       // the node or node lease of the caller
  Namespace,  // a collection in a namespace
  Pod,        // a pod of the cluster
  Workload,   // an object named like a workload, in its namespace
  Leader,     // the component's own leader election lease
};

struct Traffic {
  uint32_t weight;  // relative to the sum of all rows
  std::string_view verb, group, version, resource, subresource;
  Target target;
  Who who;
  std::string_view identity;
  uint8_t agent;  // index into user_agents()
  Body body;      // what a RequestResponse event of this row holds
};

std::span<const Traffic> traffic_table();
std::span<const std::string_view> user_agents();

struct Draw {
  bool with_body = false;  // from the rows that have bodies, and with them
  bool people = true;      // also from the rows of people
};
Request draw_request(const Cluster& cluster, Random& random, Draw draw, int64_t now);

// Of a service account that is no pod's own; `identity` is namespace/name.
std::string account_uid(std::string_view identity);
Actor node_actor(const Cluster& cluster, size_t node, std::string_view agent);
Actor workload_actor(const Cluster& cluster, size_t pod, std::string_view agent);
Actor human_actor(const Cluster& cluster, size_t human, std::string_view agent);

}  // namespace kubevigil::bench
