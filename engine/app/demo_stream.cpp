#include "engine/app/demo_stream.h"

#include <algorithm>
#include <iterator>

namespace kubevigil {

Timestamp demo_start() { return *parse_rfc3339("2026-03-02T08:00:00Z"); }

std::string demo_stream(DemoPart part) {
  std::vector<CaseRecord> records;
  size_t index = 0;
  const auto add = [&](const std::vector<CaseEvent>& events) {
    for (const CaseEvent& e : events) {
      std::vector<CaseRecord> expanded = expand(e, demo_start(), "demo", index++);
      records.insert(records.end(), std::make_move_iterator(expanded.begin()), std::make_move_iterator(expanded.end()));
    }
  };
  add(demo_cluster_events());
  add(demo_install_events());
  if (part == DemoPart::WithIntrusion) add(demo_intrusion_events());
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  std::string text;
  for (const CaseRecord& record : records) text.append(record.json).push_back('\n');
  return text;
}

}  // namespace kubevigil
