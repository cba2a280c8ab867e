// Cases beside rules: detections/<area>/<name>.test.yaml next to <name>.yaml. The format, with every key, stands in
// detections/README.md. Parsing reads no files and reports through Diagnostics; a broken case is left out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/base/level.h"
#include "engine/run/case_event.h"

namespace kubevigil {

// The text of a case file, from disk or from the program itself.
struct CaseSource {
  std::string name;  // "detections/pods/privileged_pod.test.yaml"
  std::string text;
};

// An alert that must come; members that are not given are not compared.
struct ExpectedAlert {
  std::string rule;
  std::optional<Duration> at;  // opening, since the start of the case
  std::optional<Level> level;
  std::optional<uint64_t> count;
  std::vector<std::pair<std::string, std::string>> group;  // group-by or dedup.by name, value as shown
  SourceSpan span;
};

// A line of a case's stream: an event in short form, or a file of records.
struct CaseStep {
  CaseEvent event;
  std::string file;  // beside the case file; then `event` is unused
};

struct Case {
  std::string name;
  std::vector<CaseStep> steps;
  std::vector<ExpectedAlert> expect;
  std::vector<std::string> near_miss;      // rules that must not alert although all but one condition holds
  std::vector<std::string> not_evaluable;  // rules that must say of some event that it was not evaluable
  bool shuffle = false;                    // also in other orders of arrival: the same (rule, group) alerts
  bool duplicates = false;                 // also with every record delivered twice: the same alerts
  bool all_patches = false;                // also with each create rewritten as the four kinds of patch
  bool strip = true;                       // rules over bodies: also without bodies, must come out not evaluable
  SourceSpan span;
};

struct CaseFile {
  std::string name;               // of the case file
  std::string rule_file;          // the rule file beside it
  std::vector<std::string> also;  // further rules whose alerts are compared
  Timestamp start;
  std::vector<Case> cases;
};

// "a/b.test.yaml" -> "a/b.yaml"
std::string rule_file_of(const std::string& case_file);
// "a/b.yaml", "a/b.yml" -> "a/b.test.yaml"
std::string case_file_of(const std::string& rule_file);

CaseFile parse_case_file(const CaseSource& source, Diagnostics& diagnostics);

// Reads *.test.yaml under files and directories, sorted by path. Errors go to `diagnostics`.
std::vector<CaseSource> find_case_files(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace kubevigil
