// Small rules as texts, for tests of loading.
#pragma once

#include <string>

namespace kubevigil::test {

inline std::string rule_id(int n) {
  const std::string digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

inline std::string detection_text(const std::string& name, int id, const std::string& fields = "verb: get") {
  return "title: " + name + "\nname: " + name + "\nid: " + rule_id(id) +
         "\nlogsource: {product: kubernetes, service: audit}\ndetection:\n  selection: {" + fields +
         "}\n  condition: selection\n";
}

// event_count of at least two by user; `more` goes on in the mapping: ", generate: true".
inline std::string correlation_text(const std::string& name, int id, const std::string& rules,
                                    const std::string& more = {}) {
  return "title: " + name + "\nname: " + name + "\nid: " + rule_id(id) + "\ncorrelation: {type: event_count, rules: [" +
         rules + "], group-by: [user.username], timespan: 5m, condition: {gte: 2}" + more + "}\n";
}

inline std::string filter_text(const std::string& rules, int id,
                               const std::string& fields = "user.username|cased: alice") {
  return "title: exception\nname: exception\nid: " + rule_id(id) +
         "\nlogsource: {product: kubernetes, service: audit}\nfilter:\n  rules: [" + rules + "]\n  selection: {" +
         fields + "}\n  condition: selection\n";
}

}  // namespace kubevigil::test
