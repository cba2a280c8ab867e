#include "tests/soak/delivery_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace kubevigil::test {
namespace {

constexpr std::string_view kObject = "\"soak-", kRuleName = "\"name\":\"", kMessage = "\"message\":\"",
                           kOwn = "kubevigil_";

// What a soak brings about: outputs that fail, a disk that is full, rules that are broken.
constexpr std::array<std::string_view, 5> kExpected = {"kubevigil_disk_full", "kubevigil_sink_failing",
                                                       "kubevigil_alerts_given_up", "kubevigil_rules_rejected",
                                                       "kubevigil_spool_full"};

std::string quoted(std::string_view line, size_t at) { return std::string(line.substr(at, line.find('"', at) - at)); }

std::string rule_of(std::string_view line) {
  const size_t rule = line.find("\"rule\":{");
  const size_t name = rule == std::string_view::npos ? rule : line.find(kRuleName, rule);
  return name == std::string_view::npos ? "" : quoted(line, name + kRuleName.size());
}

std::string message_of(std::string_view line) {
  const size_t message = line.find(kMessage);
  return message == std::string_view::npos ? "" : quoted(line, message + kMessage.size());
}

void say(std::vector<std::string>& out, size_t count, const std::string& what, const std::string& example) {
  if (count > 0) out.push_back(fmt::format("{} {}, as {}", count, what, example));
}

void check_objects(const std::set<std::string>& objects, const FileAlerts& file, std::vector<std::string>& out) {
  size_t missing = 0, several = 0, foreign = 0;
  std::string missing_one, several_one, foreign_one;
  for (const std::string& object : objects) {
    const auto found = file.alerts_of_object.find(object);
    if (found == file.alerts_of_object.end()) {
      ++missing, missing_one = object;
    } else if (found->second.size() > 1) {
      ++several, several_one = object;
    }
  }
  for (const auto& [object, ids] : file.alerts_of_object) {
    if (!objects.contains(object)) ++foreign, foreign_one = object;
  }
  say(out, missing, "accepted events have no alert in the file", missing_one);
  say(out, several, "events have several alerts", several_one);
  say(out, foreign, "alerts are of events that nobody says were accepted", foreign_one);
}

void check_revisions(const FileAlerts& file, const Revisions& receiver, std::vector<std::string>& out) {
  size_t twice = 0, gaps = 0, unheard = 0, unknown = 0;
  std::string twice_one, gap_one, unheard_one, unknown_one;
  for (const auto& [revision, times] : file.revisions) {
    const std::string name = fmt::format("{} revision {}", revision.first, revision.second);
    if (times > 1) ++twice, twice_one = name;
    if (!file.revisions.contains({revision.first, 1})) ++gaps, gap_one = name;
    if (!receiver.contains(revision)) ++unheard, unheard_one = name;
  }
  for (const auto& [revision, times] : receiver) {
    if (!file.revisions.contains(revision)) ++unknown, unknown_one = revision.first;
  }
  say(out, file.bad_lines, "lines in the file are no alerts", "read");
  say(out, twice, "revisions are in the file twice", twice_one);
  say(out, gaps, "revisions are in the file without the first of their alert", gap_one);
  say(out, unheard, "revisions did not reach the HTTP receiver", unheard_one);
  say(out, unknown, "revisions reached the HTTP receiver and are not in the file", unknown_one);
}

}  // namespace

void read_alert_line(std::string_view line, FileAlerts& out) {
  const Revision revision = revision_of(line);
  const std::string rule = rule_of(line);
  if (revision.first.empty() || rule.empty() || !line.ends_with('}')) {
    ++out.bad_lines;
    return;
  }
  ++out.revisions[revision];
  out.alerts_of_rule[rule] += revision.second == 1;
  if (rule.starts_with(kOwn)) out.complaints[rule] = message_of(line);
  const size_t object = line.find(kObject);
  if (rule == "soak_object" && object != std::string_view::npos) {
    out.alerts_of_object[quoted(line, object + 1)].insert(revision.first);
  }
}

FileAlerts read_alert_files(const std::string& folder) {
  FileAlerts out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    for (std::string line; std::getline(in, line);) read_alert_line(line, out);
  }
  return out;
}

std::vector<std::string> delivery_problems(const std::set<std::string>& objects, const FileAlerts& file,
                                           const Revisions& receiver) {
  std::vector<std::string> out;
  check_objects(objects, file, out);
  check_revisions(file, receiver, out);
  for (const auto& [rule, alerts] : file.alerts_of_rule) {
    if (!rule.starts_with(kOwn) || std::find(kExpected.begin(), kExpected.end(), rule) != kExpected.end()) continue;
    out.push_back(fmt::format("{} alerts {}, and nothing of the kind was done to it; as: {}", alerts, rule,
                              file.complaints.at(rule)));
  }
  return out;
}

}  // namespace kubevigil::test
