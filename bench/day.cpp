#include "bench/day.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "bench/random.h"
#include "bench/traffic.h"
#include "engine/rule/map_reader.h"
#include "engine/rule/yaml.h"
#include "engine/run/case_file.h"

namespace kubevigil::bench {
namespace {

constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";

struct Plan {
  std::vector<int64_t> at;  // microseconds of the day
  size_t times = 0;
  int64_t from = 0, to = kDay;
};

int64_t time_of_day(std::string_view text, const SourceSpan& span, Diagnostics& diagnostics) {
  const bool shaped = text.size() == 5 && text[2] == ':';
  if (shaped)
    return ((text[0] - '0') * 10 + text[1] - '0') * 3'600'000'000 +
           ((text[3] - '0') * 10 + text[4] - '0') * 60'000'000LL;
  diagnostics.error("bad-value", "\"" + std::string(text) + "\" is no time of a day", span, "write \"09:30\"");
  return 0;
}

Plan read_plan(const YamlNode& node, Diagnostics& diagnostics) {
  Plan plan;
  MapReader map(node, "the schedule", diagnostics);
  for (const NameAt& time : map.names("at")) plan.at.push_back(time_of_day(time.text, time.span, diagnostics));
  if (const YamlNode* times = map.get("times")) plan.times = static_cast<size_t>(times->number().value_or(0));
  if (const YamlNode* from = map.get("from")) plan.from = time_of_day(from->text, from->span, diagnostics);
  if (const YamlNode* to = map.get("to")) plan.to = time_of_day(to->text, to->span, diagnostics);
  map.finish();
  if (plan.at.empty() && plan.times == 0) diagnostics.error("bad-value", "the scene is never played", node.span);
  return plan;
}

std::vector<int64_t> moments(const Plan& plan, Random& random) {
  std::vector<int64_t> out = plan.at;
  const size_t seconds = static_cast<size_t>(std::max<int64_t>(1, (plan.to - plan.from) / 1'000'000));
  for (size_t i = 0; i < plan.times; ++i)
    out.push_back(plan.from + static_cast<int64_t>(random.below(seconds)) * 1'000'000);
  std::sort(out.begin(), out.end());
  return out;
}

using Words = std::map<std::string, std::string, std::less<>>;

Words draw_words(const Cluster& cluster, Random& random, size_t number) {
  Words words;
  const Human& human = cluster.humans[random.below(cluster.humans.size())];
  words["i"] = std::to_string(number);
  words["human"] = human.username;
  words["human_ip"] = human.ip;
  words["team"] = human.group.substr(human.group.find(':') + 1);
  std::vector<size_t> own;  // pods of the team
  for (size_t i = 0; i < cluster.pods.size(); ++i) {
    if (cluster.workloads[cluster.pods[i].workload].space.starts_with(words["team"] + "-")) own.push_back(i);
  }
  const Pod& pod = cluster.pods[own.empty() ? 0 : own[random.below(own.size())]];
  const kubevigil::bench::Workload& workload = cluster.workloads[pod.workload];
  words["space"] = workload.space;
  words["workload"] = workload.name;
  words["image"] = workload.image.substr(0, workload.image.rfind(':'));
  words["pod"] = pod.name;
  words["pod_uid"] = pod.uid;
  const Node& node = cluster.nodes[random.below(cluster.nodes.size())];
  words["node"] = node.name;
  words["node_ip"] = node.ip;
  words["uuid"] = make_uuid(random.next());
  words["uuid2"] = make_uuid(random.next());
  for (int i = 0; i < 10; ++i) words["hash"] += kLetters[random.below(kLetters.size())];
  words["tag"] = fmt::format("v{}.{}.{}", 1 + random.below(4), random.below(30), random.below(12));
  return words;
}

// Every {{word}} that is known.
std::string filled(std::string_view text, const Words& words) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == text.npos) break;
    const size_t close = text.find("}}", open);
    const auto word = close == text.npos ? words.end() : words.find(text.substr(open + 2, close - open - 2));
    out += word == words.end() ? std::string("{{") : word->second;
    text.remove_prefix(word == words.end() ? open + 2 : close + 2);
  }
  return out;
}

// "namespace/name" of a service account's user name, or "".
std::string account_of(const std::string& user) {
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  if (!user.starts_with(kPrefix)) return "";
  std::string account = user.substr(kPrefix.size());
  std::replace(account.begin(), account.end(), ':', '/');
  return account;
}

void play(const std::string& name, size_t number, const std::string& text, int64_t start, Diagnostics& diagnostics,
          std::vector<CaseRecord>& out) {
  const CaseFile file = parse_case_file({name, text}, diagnostics);
  for (const Case& c : file.cases) {
    size_t index = 0;
    for (CaseStep step : c.steps) {
      if (const std::string account = account_of(step.event.user); !account.empty()) {
        step.event.uid = account_uid(account);
      }
      const std::string seed = fmt::format("{} {} {}", name, number, start);
      auto records = expand(step.event, Timestamp{start}, seed + c.name, index++);
      std::move(records.begin(), records.end(), std::back_inserter(out));
    }
  }
}

void read_scene(const std::filesystem::path& path, const Cluster& cluster, uint64_t seed, int64_t start,
                Diagnostics& diagnostics, std::vector<CaseRecord>& out) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string name = path.string();
  const size_t border = text.find("\n---\n");
  if (!in || border == text.npos) {
    diagnostics.error("bad-case", "a scene is two documents: when, and what", {name, 1, 1, 0});
    return;
  }
  const std::vector<YamlDocument> head = parse_yaml(text.substr(0, border + 1), name, diagnostics);
  if (head.empty()) return;
  uint64_t own_seed = seed;
  for (const char c : path.filename().string()) own_seed = own_seed * 131 + static_cast<unsigned char>(c);
  Random random(own_seed);
  size_t number = 0;
  for (const int64_t moment : moments(read_plan(head.front().root, diagnostics), random)) {
    const size_t errors = diagnostics.count(Severity::Error);
    const Words words = draw_words(cluster, random, number);
    play(name, number++, filled(text.substr(border + 5), words), start + moment, diagnostics, out);
    if (diagnostics.count(Severity::Error) > errors) return;  // the same mistake each time it is played
  }
}

}  // namespace

std::vector<CaseRecord> read_day(const std::string& folder, const Cluster& cluster, uint64_t seed, int64_t start,
                                 Diagnostics& diagnostics) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  if (files.empty()) diagnostics.error("rule-file", "no scene (*.yaml) in this folder", {folder, 0, 0, 0});
  std::sort(files.begin(), files.end());
  std::vector<CaseRecord> records;
  for (const auto& file : files) read_scene(file, cluster, seed, start, diagnostics, records);
  std::stable_sort(records.begin(), records.end(),
                   [](const CaseRecord& a, const CaseRecord& b) { return a.time < b.time; });
  return records;
}

}  // namespace kubevigil::bench
