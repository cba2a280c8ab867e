// Kubernetes objects for request and response bodies, with managedFields as kube-apiserver writes them.
#pragma once

#include "bench/go_json.h"
#include "bench/traffic.h"

namespace kubevigil::bench {

struct Subject {
  size_t pod = 0, node = 0;  // what the bodies speak of
};

// Fills request_object and response_object: together 4-40 KB, median about 15 KB.
void write_bodies(const Cluster& cluster, Random& random, Body body, Subject subject, int64_t now, Request& request);

// What a pod spec may hold beyond the usual, for suspicious requests.
struct PodTraits {
  bool privileged = false, host_network = false;
  std::string host_path, image, command;  // empty: none, the workload's, the image's
};
// Appends a whole pod spec to `json` (the value only).
void write_pod_spec(GoJson& json, const Cluster& cluster, size_t pod, size_t variables, const PodTraits& traits);

struct ObjectName {
  std::string_view kind, api_version, name, space, uid;
};
// Appends kind, apiVersion and metadata; `fields` (fieldsV1 of the manager, JSON) and `copies` of it in managedFields,
// none when zero.
void write_head(GoJson& json, const ObjectName& object, std::string_view app, std::string_view fields, size_t copies,
                int64_t now);

}  // namespace kubevigil::bench
