// Events that each name an object of their own, and a rule that alerts on each object, so that events and alerts can be
// compared one by one; a second rule counts per user, so that there are revisions and state that a wrong recovery would
// lose.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "tests/e2e/program.h"
#include "tests/support/format_facts.h"

namespace kubevigil::e2e {

inline constexpr int kUsers = 7;

inline constexpr const char* kRules = R"(
title: An object was created
id: 0c4b1a5e-58a0-4c7e-9d43-6fb5b0a8a0c1
name: object_created
status: test
description: One alert an object.
author: kubevigil
date: 2026-11-22
logsource: {product: kubernetes, service: audit}
detection:
  created: {verb: create}
  condition: created
level: low
kubevigil:
  dedup: {by: [objectRef.name], period: 5s}
---
title: One user created many objects
id: 5b4f1d0e-9a0b-4d55-8a34-2f4de2a1c0c2
name: many_objects_created
status: test
description: Twenty in ten minutes.
author: kubevigil
date: 2026-11-22
level: high
correlation:
  type: event_count
  rules: [object_created]
  group-by: [user.username]
  timespan: 10m
  condition: {gte: 20}
  generate: true
kubevigil:
  dedup: {period: 24h}
)";

inline std::string object_name(size_t number) { return fmt::format("object-{}", number); }

// A function of the number alone, 50 ms behind the one before.
inline std::string object_event(size_t number) {
  const Timestamp time = *parse_rfc3339("2026-01-05T00:00:00Z") + Duration{static_cast<int64_t>(number) * 50'000};
  return fmt::format(
      R"({{"level":"Metadata","auditID":"00000000-0000-4000-8000-{0:012}","stage":"ResponseComplete",)"
      R"("requestURI":"/api/v1/namespaces/default/configmaps","verb":"create","user":{{"username":"user-{1}",)"
      R"("groups":["system:authenticated"]}},"sourceIPs":["10.0.0.{1}"],"objectRef":{{"resource":"configmaps",)"
      R"("namespace":"default","name":"{2}","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":201}},)"
      R"("requestReceivedTimestamp":"{3}","stageTimestamp":"{3}"}})",
      number, number % kUsers, object_name(number), format_rfc3339(time));
}

struct Delivered {
  std::map<std::string, std::vector<int>> revisions;              // by id, in the order of the file
  std::map<std::string, std::set<std::string>> alerts_of_object;  // ids
  std::map<std::string, int> alerts_of_rule;                      // by slug: ids
  std::vector<std::string> problems;
};

inline const std::string& text_of(const test::Json& json, std::string_view path) {
  static const std::string kNone;
  const test::Json* found = test::FormatFacts::find(json, path);
  return found == nullptr ? kNone : found->text;
}

// The last line may still be on its way.
inline Delivered read_alerts(const std::string& path) {
  Delivered out;
  const std::string text = read_file(path);
  for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    test::FormatFacts facts;
    const test::Json alert = facts.parsed(std::string_view(text).substr(at, end - at));
    if (!facts.problems().empty()) out.problems.push_back(facts.problems().front());
    const std::string &id = text_of(alert, "id"), &rule = text_of(alert, "rule/name");
    const test::Json* revision = test::FormatFacts::find(alert, "revision");
    if (revision == nullptr || id.empty()) {
      out.problems.push_back("no alert: " + text.substr(at, 200));
      continue;
    }
    auto& seen = out.revisions[id];
    if (seen.empty()) ++out.alerts_of_rule[rule];
    seen.push_back(static_cast<int>(std::stol(revision->text)));
    if (rule != "object_created") continue;
    const size_t name = text.find("\"object-", at);
    if (name < end) out.alerts_of_object[text.substr(name + 1, text.find('"', name + 1) - name - 1)].insert(id);
  }
  return out;
}

}  // namespace kubevigil::e2e
