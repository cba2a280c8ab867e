#include "bench/bench_rules.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace kubevigil::bench {
namespace {

namespace fs = std::filesystem;

// The documents of a YAML file: the pack separates them by lines of three dashes.
std::vector<std::string> documents(const std::string& text) {
  std::vector<std::string> out(1);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line == "---") {
      out.emplace_back();
    } else {
      out.back() += line + '\n';
    }
  }
  return out;
}

// The value of a key at the left margin, or "".
std::string member(const std::string& document, const std::string& key) {
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + ": ")) return line.substr(key.size() + 2);
  }
  return {};
}

std::vector<RuleSource> rules_below(const std::string& folder) {
  Diagnostics diagnostics;
  std::vector<RuleSource> out;
  for (const RuleSource& file : find_rule_files({folder}, diagnostics)) {
    for (std::string& text : documents(file.text)) {
      const std::string name = member(text, "name");
      if (!name.empty()) out.push_back({name + ".yaml", std::move(text)});
    }
  }
  return out;
}

struct Named {
  std::string name;
  bool body = false;
};

std::vector<Named> read_names(const std::string& path) {
  std::vector<Named> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const bool body = line.starts_with("body ");
    out.push_back({line.substr(body ? 5 : 0), body});
  }
  return out;
}

// A correlation reads it: as a detection alone it would alert all the time.
bool is_input(const RuleSource& source, const RuleTexts& all) {
  const std::string item = "\n    - " + member(source.text, "name") + '\n';
  const auto reads = [&](const RuleSource& other) { return other.text.find(item) != std::string::npos; };
  return std::any_of(all.sources.begin(), all.sources.end(), reads);
}

// A filler of another round: other name, id and words, so that nothing of it is shared with the first.
RuleSource again(const RuleSource& filler, size_t round) {
  RuleSource out = filler;
  const std::string mark = std::to_string(round);
  const auto replace = [&out](const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = out.text.find(from, at)) != std::string::npos; at += to.size()) {
      out.text.replace(at, from.size(), to);
    }
  };
  const std::string name = member(filler.text, "name"), id = member(filler.text, "id");
  const std::string first = std::string(8 - mark.size(), '0') + mark;  // none of a random id begins so
  replace(id, first + id.substr(8));
  replace(name, name + "_" + mark);
  for (const char* word :
       {"dropper", "xfer", "beacon", "implant", "stager", "relay", "harvest", "pivot", "carrier", "ghost"}) {
    replace(word, std::string(word) + "x" + mark);
  }
  out.name = name + "_" + mark + ".yaml";
  return out;
}

}  // namespace

std::optional<RuleTexts> bench_rules(const std::string& pack, const std::string& bench, Bodies bodies) {
  Diagnostics diagnostics;
  RuleTexts out;
  out.options.lists = find_rule_lists({pack}, diagnostics);
  std::map<std::string, RuleSource> known;
  for (RuleSource& source : rules_below(pack)) known.emplace(member(source.text, "name"), source);
  for (const Named& named : read_names(bench + "/pack.txt")) {
    const auto found = known.find(named.name);
    if (found == known.end()) {
      std::fprintf(stderr, "%s/pack.txt: there is no rule %s below %s\n", bench.c_str(), named.name.c_str(),
                   pack.c_str());
      return std::nullopt;
    }
    if (!named.body || bodies == Bodies::With) out.sources.push_back(found->second);
  }
  for (RuleSource& source : rules_below(bench)) out.sources.push_back(std::move(source));
  return out;
}

std::optional<RuleTexts> many_detections(const std::string& pack, const std::string& bench, size_t count) {
  auto all = bench_rules(pack, bench, Bodies::Without);
  if (!all) return all;
  std::vector<RuleSource> detections, fillers;
  for (RuleSource& source : all->sources) {
    if (source.text.find("\ncorrelation:") != std::string::npos) continue;
    if (is_input(source, *all)) continue;
    if (source.name.starts_with("filler_")) fillers.push_back(source);
    detections.push_back(std::move(source));
  }
  for (size_t round = 1; detections.size() < count && !fillers.empty(); ++round) {
    for (const RuleSource& filler : fillers) detections.push_back(again(filler, round));
  }
  if (detections.size() > count) detections.resize(count);
  all->sources = std::move(detections);
  return all;
}

bool write_rules(const RuleTexts& rules, const std::string& folder) {
  std::error_code failed;
  fs::create_directories(folder + "/lists", failed);
  bool good = !failed;
  const auto write = [&](const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    good = good && file.flush().good();
  };
  for (const RuleSource& source : rules.sources) write(folder + "/" + source.name, source.text);
  for (const auto& [name, text] : rules.options.lists) write(folder + "/" + name + ".yaml", text);
  return good;
}

}  // namespace kubevigil::bench
