// The root workload of the object that a request writes: the Deployment of a ReplicaSet of a pod, and the like. Rules
// over pod specs put it into their `dedup`, so that the pods of a workload join the alert on the workload.
//
// Owners are written by clients: a pod may claim to belong to the DaemonSet kube-proxy and so hide in its alert.
// Therefore an owner counts only in what a workload controller wrote, under its exact user name, not impersonating
// anybody, and with the kind that this controller works for. Everything else stands for itself.
// Facts: k8s.io/kubernetes cmd/kube-controller-manager/names (accounts), pkg/controller/deployment/sync.go (names of
// replica sets), pkg/controller/cronjob/utils.go (names of jobs).
#pragma once

#include <string_view>

#include "engine/event/derived.h"

namespace kubevigil {

struct Workload {
  std::string_view kind;  // "Deployment"; empty: unknown
  std::string_view name;  // empty: unknown
};

// The workload that made `owner`, as far as names tell, else `owner`:
//   ReplicaSet  deployment "-" hash                      Deployment
//     hash      the pod's label pod-template-hash, as it stands or, in older versions, encoded in the safe alphabet;
//               without the label 8 to 10 letters of that alphabet
//   Job         cronjob "-" 8 or more digits             CronJob
Workload maker_of(Workload owner, std::string_view pod_template_hash);

// Whether `user` is the controller of workloads of this kind.
bool is_workload_controller(std::string_view user, std::string_view owner_kind);

// workload.kind, workload.name. Absent for what holds no pod spec and for requests that write nothing.
Presence workload(const DerivedInput& in, FieldId wanted, Values& out);

}  // namespace kubevigil
