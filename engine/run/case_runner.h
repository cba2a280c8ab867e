// Case runner: `kubevigil rules test`. Runs every case of the given files, and its variants, and compares the alerts
// field by field. Reads the record files that cases name; keeps nothing; one thread.
//
// Variants of a case:
//   as written
//   duplicates   every record twice: the same alerts
//   shuffle      several orders of arrival: the same (rule, group) pairs
//   patches      each create as merge, strategic merge, apply and JSON patch: the same alerts
//   no bodies    (when an expected rule reads bodies) level Metadata: no alert of that rule, and it says not evaluable
// A rule named in `not-evaluable` must be so for some event of the case as written.
// A near miss must be near: of a detection all parts of the condition but one must hold for some event; of a
// correlation something that it reads must match.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/match/program.h"
#include "engine/run/case_file.h"

namespace kubevigil {

struct CaseResult {
  std::string file, name;
  uint32_t line = 0;
  size_t variants = 0;
  std::vector<std::string> problems;  // empty: passed. One finding each, may have several lines
  bool passed() const { return problems.empty(); }
};

struct CaseReport {
  std::vector<CaseResult> cases;
  std::vector<std::string> uncovered;  // rules without a hit or near miss, exceptions without a case; one line each
  Diagnostics diagnostics;             // of the case files
  SourceTexts sources;
  size_t passed() const;
  bool ok() const;
};

struct CaseRunOptions {
  bool require_coverage = true;  // each rule that was named, or stands beside a case file, needs a hit and a near miss
  bool whole_pack = false;       // and each built-in one
};

CaseReport run_cases(const std::shared_ptr<const Program>& program, const std::vector<CaseSource>& sources,
                     const CaseRunOptions& options = {});

// For people: failures with their findings, uncovered rules, one line of totals.
std::string to_text(const CaseReport& report);
// JUnit XML: one testsuite a file, one testcase a case, coverage as a suite of its own.
std::string to_junit(const CaseReport& report);

}  // namespace kubevigil
