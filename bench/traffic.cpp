#include "bench/traffic.h"

#include <fmt/format.h>

#include "bench/objects.h"

namespace kubevigil::bench {
namespace {

const Traffic& draw_row(Random& random, Draw draw) {
  const auto counts = [&](const Traffic& row) {
    return (!draw.with_body || row.body != Body::None) && (draw.people || row.who != Who::Human);
  };
  uint32_t sum = 0;
  for (const Traffic& row : traffic_table()) sum += counts(row) ? row.weight : 0;
  size_t at = random.below(sum);
  for (const Traffic& row : traffic_table()) {
    if (!counts(row)) continue;
    if (at < row.weight) return row;
    at -= row.weight;
  }
  return traffic_table().front();
}

std::vector<std::string> account_groups(std::string_view space) {
  return {"system:serviceaccounts", fmt::format("system:serviceaccounts:{}", space), "system:authenticated"};
}

std::string bound_reason(std::string_view role, std::string_view name, std::string_view space) {
  return fmt::format(R"(RBAC: allowed by ClusterRoleBinding "{0}" of ClusterRole "{0}" to ServiceAccount "{1}/{2}")",
                     role, name, space);
}

Actor control_actor(const Cluster& cluster, std::string_view username, std::string_view agent) {
  const Node& node = cluster.nodes[0];
  return {std::string(username),
          "",
          {"system:authenticated"},
          {{"authentication.kubernetes.io/credential-id", "X509SHA256=" + node.certificate}},
          node.ip,
          agent};
}

uint64_t number_of_account(std::string_view identity) {
  uint64_t number = 0;
  for (const char c : identity) number = number * 131 + static_cast<unsigned char>(c);
  return number;
}

// Controllers of kube-system run in pods, too: a pod, chosen by name, lends its token and node.
Actor account_actor(const Cluster& cluster, std::string_view identity, std::string_view agent) {
  const size_t slash = identity.find('/');
  const std::string_view space = identity.substr(0, slash), name = identity.substr(slash + 1);
  const uint64_t number = number_of_account(identity);
  Actor actor = workload_actor(cluster, number % cluster.pods.size(), agent);
  actor.username = fmt::format("system:serviceaccount:{}:{}", space, name);
  actor.uid = account_uid(identity);
  actor.groups = account_groups(space);
  return actor;
}

struct Caller {
  Actor actor;
  std::string reason;
  size_t node = 0, pod = 0;
};

Caller draw_caller(const Cluster& cluster, Random& random, const Traffic& row) {
  const size_t node = random.below(kNodes), pod = random.below(cluster.pods.size());
  // Each node has one kubelet, of one of two versions.
  const bool kubelet = row.who == Who::Node && row.agent <= 1;
  const std::string_view agent = user_agents()[kubelet ? node % 4 == 0 : row.agent];
  const std::string_view identity = row.identity;
  const std::string_view account = identity.substr(identity.find('/') + 1);
  const std::string_view space = identity.substr(0, identity.find('/'));
  const Workload& workload = cluster.workloads[cluster.pods[pod].workload];
  switch (row.who) {
    case Who::Node:
      return {node_actor(cluster, node, agent), "", node, pod};
    case Who::Control:
      return {control_actor(cluster, identity, agent),
              fmt::format(R"(RBAC: allowed by ClusterRoleBinding "{0}" of ClusterRole "{0}" to User "{0}")", identity),
              node, pod};
    case Who::Account: {
      const std::string role =
          space == "kube-system" ? fmt::format("system:controller:{}", account) : std::string(account);
      return {account_actor(cluster, identity, agent), bound_reason(role, account, space), node, pod};
    }
    case Who::Workload:
      return {workload_actor(cluster, pod, agent),
              fmt::format(R"(RBAC: allowed by RoleBinding "{0}/{1}" of Role "{0}" to ServiceAccount "{0}/{1}")",
                          workload.name, workload.space),
              node, pod};
    case Who::Human:
      break;
  }
  const size_t human = random.below(kHumans);
  return {human_actor(cluster, human, agent),
          fmt::format(R"(RBAC: allowed by RoleBinding "developers/{}" of ClusterRole "edit" to Group "{}")",
                      workload.space, cluster.humans[human].group),
          node, pod};
}

void aim(const Cluster& cluster, Random& random, const Traffic& row, const Caller& caller, Request& r) {
  const Pod& pod = cluster.pods[caller.pod];
  const Workload& workload = cluster.workloads[pod.workload];
  const bool one = row.verb != "list" && row.verb != "watch" && row.target != Target::Path;
  switch (row.target) {
    case Target::Path:
      r.path = row.resource;
      return;
    case Target::Cluster:
      if (one && row.verb != "create") r.name = cluster.namespaces[random.below(kNamespaces)];
      return;
    case Target::Self:
      r.name = cluster.nodes[caller.node].name;
      if (row.resource == "leases") r.space = "kube-node-lease";
      r.uid = cluster.nodes[caller.node].uid;
      break;
    case Target::Namespace:
      r.space = workload.space;
      return;
    case Target::Pod:
      r.space = workload.space;
      r.name = pod.name;
      r.uid = pod.uid;
      break;
    case Target::Workload:
      r.space = workload.space;
      r.name = workload.name;
      r.uid = workload.uid;
      break;
    case Target::Leader:
      r.space = "kube-system";
      r.name = row.identity.substr(row.identity.find_first_of(":/") + 1);
      r.uid = make_uuid(row.weight * 31u + row.agent);
      break;
  }
  if (row.verb == "update") r.resource_version = 880'000'000 + random.below(90'000'000);
  if (row.verb != "update") r.uid.clear();  // kube-apiserver knows it from the request's body only
}

// A kubelet watches its own pods, and secrets and config maps one by one.
std::string watched_field(const Cluster& cluster, const Traffic& row, const Caller& caller, const Request& request) {
  if (row.who != Who::Node) return "";
  if (row.resource == "pods") return "&fieldSelector=spec.nodeName%3D" + cluster.nodes[caller.node].name;
  const bool one = row.resource == "secrets" || row.resource == "configmaps";
  return one ? "&fieldSelector=metadata.name%3D" + request.name : "";
}

std::string draw_query(const Cluster& cluster, Random& random, const Traffic& row, const Caller& caller,
                       const Request& request) {
  if (row.target == Target::Path) return "";
  if (row.verb == "watch") {
    const std::string field = watched_field(cluster, row, caller, request);
    const size_t seconds = random.between(300, 599);
    return fmt::format("?allowWatchBookmarks=true{}&resourceVersion={}&timeout={}m{}s&timeoutSeconds={}&watch=true",
                       field, 880'000'000 + random.below(90'000'000), seconds / 60, seconds % 60, seconds);
  }
  if (row.verb == "list") return "?limit=500&resourceVersion=0";
  if (row.resource == "leases" && row.who == Who::Node) return "?timeout=10s";
  if (row.verb == "patch" && row.who != Who::Node) return "?fieldManager=argocd-controller&force=true&timeout=32s";
  return row.resource == "leases" ? "?timeout=5s" : "";
}

}  // namespace

std::string account_uid(std::string_view identity) { return make_uuid(number_of_account(identity)); }

Actor node_actor(const Cluster& cluster, size_t node, std::string_view agent) {
  const Node& n = cluster.nodes[node];
  return {"system:node:" + n.name,
          "",
          {"system:nodes", "system:authenticated"},
          {{"authentication.kubernetes.io/credential-id", "X509SHA256=" + n.certificate}},
          n.ip,
          agent};
}

Actor workload_actor(const Cluster& cluster, size_t pod, std::string_view agent) {
  const Pod& p = cluster.pods[pod];
  const Workload& w = cluster.workloads[p.workload];
  const Node& n = cluster.nodes[p.node];
  return {fmt::format("system:serviceaccount:{}:{}", w.space, w.name),
          w.account_uid,
          account_groups(w.space),
          {{"authentication.kubernetes.io/credential-id", "JTI=" + p.token},
           {"authentication.kubernetes.io/node-name", n.name},
           {"authentication.kubernetes.io/node-uid", n.uid},
           {"authentication.kubernetes.io/pod-name", p.name},
           {"authentication.kubernetes.io/pod-uid", p.uid}},
          p.ip,
          agent};
}

Actor human_actor(const Cluster& cluster, size_t human, std::string_view agent) {
  const Human& h = cluster.humans[human];
  return {h.username, "", {h.group, "oidc:employees", "system:authenticated"}, {}, h.ip, agent};
}

Request draw_request(const Cluster& cluster, Random& random, Draw draw, int64_t now) {
  const Traffic& row = draw_row(random, draw);
  Caller caller = draw_caller(cluster, random, row);
  Request r;
  r.verb = row.verb;
  r.group = row.group;
  r.version = row.version;
  r.resource = row.resource;
  r.subresource = row.subresource;
  aim(cluster, random, row, caller, r);
  r.query = draw_query(cluster, random, row, caller, r);
  r.code = row.verb == "create" && row.subresource.empty() ? 201 : 200;
  r.started = row.verb == "watch" && random.below(2) == 0;
  if (row.verb == "get" && random.per_million(20'000)) r.code = 404;
  if (row.verb == "update" && random.per_million(5'000)) r.code = 409;
  if (draw.with_body && r.code < 400) write_bodies(cluster, random, row.body, {caller.pod, caller.node}, now, r);
  if (row.verb == "create" && row.resource == "pods" && row.subresource.empty()) r.name.clear();  // generateName
  r.actor = std::move(caller.actor);
  r.reason = std::move(caller.reason);
  return r;
}

}  // namespace kubevigil::bench
