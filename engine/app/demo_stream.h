// The bundled demo: the audit log of a morning in a small cluster, several thousand events, made from nothing but this
// code: the same bytes each time. `kubevigil demo` sends it through the same pipeline as a log on disk.
//
//   08:00  kubelets, controllers, GitOps syncs, monitoring, certificates, people with kubectl  (demo_cluster.cpp)
//   10:00  installation day: CRDs, roles, webhooks, secrets, privileged network, storage and node agents
//          by an administrator with helm, by Flux and by an operator                            (demo_install.cpp)
//   11:05  the intrusion in its five stages                                                     (demo_intrusion.cpp)
//   12:00  end
#pragma once

#include <string>
#include <vector>

#include "engine/run/case_event.h"

namespace kubevigil {

enum class DemoPart { BenignOnly, WithIntrusion };

// Native audit.k8s.io/v1 events, one JSON document a line, in time order.
std::string demo_stream(DemoPart part);

// 2026-03-02T08:00:00Z; `at` of the parts below counts from here.
Timestamp demo_start();

std::vector<CaseEvent> demo_cluster_events();
std::vector<CaseEvent> demo_install_events();
std::vector<CaseEvent> demo_intrusion_events();

}  // namespace kubevigil
