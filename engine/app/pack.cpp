#include "engine/app/pack.h"

#include "engine/rule/data_file.h"

namespace kubevigil {
namespace {

constexpr std::string_view kRoot = "detections/";
constexpr std::string_view kThreats = "detections/threats.yaml";
constexpr std::string_view kLists = "detections/lists/";
constexpr std::string_view kRuleEnd = ".yaml";
constexpr std::string_view kCaseEnd = ".test.yaml";

bool is_list(const PackFile& file) { return file.path.starts_with(kLists); }
bool is_case(const PackFile& file) { return file.path.ends_with(kCaseEnd); }

}  // namespace

std::vector<RuleSource> builtin_rules() {
  std::vector<RuleSource> rules;
  for (const PackFile& file : pack_files()) {
    if (is_list(file) || is_case(file) || is_data_file(file.text)) continue;
    rules.push_back({std::string(file.path), std::string(file.text), true});
  }
  return rules;
}

std::map<std::string, std::string> builtin_lists() {
  std::map<std::string, std::string> lists;
  for (const PackFile& file : pack_files()) {
    if (!is_list(file)) continue;
    std::string_view name = file.path.substr(kRoot.size());
    name.remove_suffix(kRuleEnd.size());
    lists.emplace(name, file.text);
  }
  return lists;
}

std::string_view builtin_threats() {
  for (const PackFile& file : pack_files()) {
    if (file.path == kThreats) return file.text;
  }
  return {};
}

std::vector<CaseSource> builtin_cases() {
  std::vector<CaseSource> cases;
  for (const PackFile& file : pack_files()) {
    if (is_case(file)) cases.push_back({std::string(file.path), std::string(file.text)});
  }
  return cases;
}

}  // namespace kubevigil
