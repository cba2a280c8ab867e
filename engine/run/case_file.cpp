#include "engine/run/case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/limits.h"
#include "engine/rule/map_reader.h"
#include "engine/run/yaml_json.h"

namespace kubevigil {
namespace {

constexpr std::string_view kCaseEnd = ".test.yaml";
constexpr std::string_view kDefaultStart = "2026-03-02T09:00:00Z";
constexpr uint32_t kMaxTimes = 100'000;

std::vector<std::pair<std::string, std::string>> text_pairs(const YamlNode* node) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (node == nullptr) return pairs;
  for (const YamlEntry& e : node->entries) pairs.emplace_back(e.key.text, e.value.text);
  return pairs;
}

// JSON of a body; a scalar written with | is taken as JSON (or as broken JSON, for defects) as it stands.
std::string body_text(const YamlNode* node) {
  if (node == nullptr) return "";
  return node->is_scalar() && node->quoted ? node->text : to_json(*node);
}

uint32_t count_of(MapReader& map, std::string_view key, uint32_t otherwise, Diagnostics& diagnostics) {
  const YamlNode* node = map.get(key);
  if (node == nullptr) return otherwise;
  const auto n = node->number();
  if (n && *n >= 1 && *n <= kMaxTimes && *n == static_cast<uint32_t>(*n)) return static_cast<uint32_t>(*n);
  diagnostics.error("bad-value", "\"" + std::string(key) + "\" is a whole number from 1 to 100000", node->span);
  return otherwise;
}

int code_of(MapReader& map, Diagnostics& diagnostics) {
  const YamlNode* node = map.get("code");
  if (node == nullptr) return 0;
  const auto n = node->number();
  if (n && *n >= 100 && *n < 600) return static_cast<int>(*n);
  diagnostics.error("bad-value", "\"code\" is an HTTP status from 100 to 599", node->span);
  return 0;
}

void read_who(MapReader& map, CaseEvent& e) {
  e.user = map.text("user");
  e.uid = map.text("uid");
  e.groups = map.texts("groups");
  e.extra = text_pairs(map.get("extra"));
  e.as = map.text("as");
  e.as_groups = map.texts("as-groups");
  e.ips = map.texts("ips");
  e.user_agent = map.text("userAgent");
}

void read_what(MapReader& map, CaseEvent& e) {
  e.verb = map.text("verb");
  if (const std::string resource = map.text("resource"); !resource.empty()) set_resource(e, resource);
  e.ns = map.text("namespace");
  e.name = map.text("name");
  e.uri = map.text("uri");
  e.query = map.text("query");
  e.body = body_text(map.get("body"));
  e.response = body_text(map.get("response"));
  if (const YamlNode* patch = map.get("patch")) e.body = body_text(patch);
  e.level = map.text("level");
  e.stage = map.text("stage");
  e.audit_id = map.text("auditID");
  e.cluster = map.text("cluster");
}

void read_outcome(MapReader& map, CaseEvent& e, Diagnostics& diagnostics) {
  e.code = code_of(map, diagnostics);
  e.decision = map.text("decision");
  e.message = map.text("message");
  e.reason = map.text("reason");
  e.annotations = text_pairs(map.get("annotations"));
  if (map.flag("truncated", false)) e.annotations.emplace_back("audit.k8s.io/truncated", "true");
}

CaseStep read_step(const YamlNode& node, Diagnostics& diagnostics) {
  CaseStep step;
  step.event.span = node.span;
  MapReader map(node, "an event", diagnostics);
  step.file = map.text("file");
  step.event.at = map.duration("at").value_or(Duration{});
  step.event.every = map.duration("every").value_or(Duration::seconds(1));
  step.event.session = map.duration("session").value_or(Duration{});
  step.event.times = count_of(map, "times", 1, diagnostics);
  read_who(map, step.event);
  read_what(map, step.event);
  read_outcome(map, step.event, diagnostics);
  map.finish();
  if (step.file.empty() && step.event.verb.empty()) {
    diagnostics.error("bad-case", "the event has no verb", node.span, "add `verb: create`, or `file: name.ndjson`");
  }
  if (step.file.empty() && step.event.resource.empty() && step.event.uri.empty()) {
    diagnostics.error("bad-case", "the event has no resource", node.span, "add `resource: pods`, or `uri: /healthz`");
  }
  return step;
}

ExpectedAlert read_expected(const YamlNode& node, Diagnostics& diagnostics) {
  ExpectedAlert expected;
  expected.span = node.span;
  MapReader map(node, "an expected alert", diagnostics);
  expected.rule = map.text("rule");
  expected.at = map.duration("at");
  if (const YamlNode* level = map.get("level")) {
    expected.level = parse_level(level->text);
    if (!expected.level) diagnostics.error("bad-value", "\"" + level->text + "\" is no level", level->span);
  }
  if (map.get("count") != nullptr) expected.count = count_of(map, "count", 1, diagnostics);
  expected.group = text_pairs(map.get("group"));
  map.finish();
  if (expected.rule.empty()) diagnostics.error("bad-case", "an expected alert names its rule", node.span);
  return expected;
}

Case read_case(const YamlNode& node, Diagnostics& diagnostics) {
  Case c;
  c.span = node.span;
  MapReader map(node, "a case", diagnostics);
  c.name = map.text("name");
  c.near_miss = map.texts("near-miss");
  c.not_evaluable = map.texts("not-evaluable");
  c.shuffle = map.flag("shuffle", false);
  c.duplicates = map.flag("duplicates", false);
  c.strip = map.flag("strip", true);
  const std::string patches = map.text("patches");
  c.all_patches = patches == "all";
  if (!patches.empty() && !c.all_patches) diagnostics.error("bad-case", "`patches` can only be all", node.span);
  const YamlNode* events = map.get("events");
  const YamlNode* expect = map.get("expect");
  map.finish();
  if (c.name.empty()) diagnostics.error("bad-case", "the case has no name", node.span);
  if (events == nullptr || events->items.empty()) diagnostics.error("bad-case", "the case has no events", node.span);
  if (expect == nullptr) diagnostics.error("bad-case", "the case expects nothing", node.span, "add `expect: []`");
  if (events != nullptr) {
    for (const YamlNode& e : events->items) c.steps.push_back(read_step(e, diagnostics));
  }
  if (expect != nullptr) {
    for (const YamlNode& e : expect->items) c.expect.push_back(read_expected(e, diagnostics));
  }
  return c;
}

std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

std::string rule_file_of(const std::string& case_file) {
  if (!case_file.ends_with(kCaseEnd)) return case_file;
  return case_file.substr(0, case_file.size() - kCaseEnd.size()) + ".yaml";
}

std::string case_file_of(const std::string& rule_file) {
  return std::filesystem::path(rule_file).replace_extension(std::string(kCaseEnd)).string();
}

CaseFile parse_case_file(const CaseSource& source, Diagnostics& diagnostics) {
  CaseFile file;
  file.name = source.name;
  file.rule_file = rule_file_of(source.name);
  file.start = *parse_rfc3339(kDefaultStart);
  const std::vector<YamlDocument> documents = parse_yaml(source.text, source.name, diagnostics);
  if (documents.empty()) return file;
  MapReader map(documents.front().root, "the case file", diagnostics);
  file.also = map.texts("also");
  if (const YamlNode* start = map.get("start")) {
    const auto time = parse_date_or_time(start->text);
    if (time)
      file.start = *time;
    else
      diagnostics.error("bad-value", "\"" + start->text + "\" is no time", start->span, "write 2026-03-02T09:00:00Z");
  }
  const YamlNode* cases = map.get("cases");
  map.finish();
  if (cases == nullptr || !cases->is_sequence()) {
    diagnostics.error("bad-case", "the file has no list of cases", documents.front().root.span, "add `cases:`");
    return file;
  }
  for (const YamlNode& node : cases->items) {
    const size_t errors = diagnostics.count(Severity::Error);
    Case c = read_case(node, diagnostics);
    if (diagnostics.count(Severity::Error) == errors) file.cases.push_back(std::move(c));
  }
  return file;
}

std::vector<CaseSource> find_case_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      found.push_back(path);
      continue;
    }
    for (auto it = fs::recursive_directory_iterator(path, error); !error && it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (it->path().string().ends_with(kCaseEnd)) found.push_back(it->path().string());
    }
    if (error) diagnostics.error("unreadable", error.message(), {path, 0, 0, 0});
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<CaseSource> sources;
  for (const std::string& path : found) {
    if (auto text = read_text(path))
      sources.push_back({path, std::move(*text)});
    else
      diagnostics.error("unreadable", "the case file cannot be read", {path, 0, 0, 0});
  }
  return sources;
}

}  // namespace kubevigil
