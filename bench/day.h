// Day: a normal day of a cluster. Scenes (bench/day/*.yaml: an installation by helm, a node that joins, people at work)
// stand at their times in the generator's background. Same folder and seed, same bytes.
//
// A scene file is two YAML documents: when, and a case file (detections/README.md) whose cases are all played.
//
//   at: ["09:00", "13:30"]                        # of the day, or:
//   times: 40                                     # so often, at times drawn between
//   from: "08:00"
//   to: "18:00"
//   ---
//   cases:
//     - name: what happens
//       expect: []                                # not compared here
//       events:
//         - {at: 2s, user: "{{human}}", verb: list, resource: pods, namespace: "{{space}}"}
//
// Placeholders, drawn anew for each time a scene is played: {{i}} its number, {{human}}, {{human_ip}}, {{team}} of one
// person and {{space}} of that team, {{workload}}, {{image}}, {{pod}}, {{pod_uid}} of one workload of that namespace,
// {{node}}, {{node_ip}}, {{uuid}}, {{uuid2}}, {{hash}} (10 letters), {{tag}} (a version).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/cluster.h"
#include "engine/base/diagnostics.h"
#include "engine/run/case_event.h"

namespace kubevigil::bench {

inline constexpr int64_t kDay = 86'400'000'000;  // microseconds

// Reads the scenes of `folder`; in order of time. Problems go to `diagnostics`, with file and line.
std::vector<CaseRecord> read_day(const std::string& folder, const Cluster& cluster, uint64_t seed, int64_t start,
                                 Diagnostics& diagnostics);

}  // namespace kubevigil::bench
