// The report of a case run, for people and as JUnit XML (https://github.com/testmoapp/junitxml: testsuites, testsuite,
// testcase, failure).
#include <map>

#include "engine/base/text.h"
#include "engine/run/case_runner.h"

namespace kubevigil {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string suite(const std::string& name, size_t tests, size_t failures, const std::string& inside) {
  return "  <testsuite name=\"" + xml_escaped(name) + "\" tests=\"" + std::to_string(tests) + "\" failures=\"" +
         std::to_string(failures) + "\">\n" + inside + "  </testsuite>\n";
}

std::string test(const std::string& suite_name, const std::string& name, const std::string& failure) {
  const std::string head =
      "    <testcase classname=\"" + xml_escaped(suite_name) + "\" name=\"" + xml_escaped(name) + "\"";
  if (failure.empty()) return head + "/>\n";
  return head + ">\n      <failure message=\"" + xml_escaped(failure) + "\"/>\n    </testcase>\n";
}

}  // namespace

std::string to_text(const CaseReport& report) {
  std::string out = render(report.diagnostics, report.sources);
  for (const CaseResult& c : report.cases) {
    if (c.passed()) continue;
    out += "FAIL " + c.file + ":" + std::to_string(c.line) + ": " + c.name + "\n";
    for (const std::string& problem : c.problems) out += "  " + problem + "\n";
  }
  for (const std::string& line : report.uncovered) out += "NOT COVERED " + line + "\n";
  size_t variants = 0;
  for (const CaseResult& c : report.cases) variants += c.variants;
  out += std::to_string(report.passed()) + " of " + std::to_string(report.cases.size()) + " cases passed (" +
         std::to_string(variants) + " streams)";
  if (!report.uncovered.empty()) out += ", " + std::to_string(report.uncovered.size()) + " gaps in coverage";
  return out + "\n";
}

std::string to_junit(const CaseReport& report) {
  struct Suite {
    std::string text;
    size_t tests = 0, failures = 0;
    void add(const std::string& name, const std::string& test_name, const std::string& failure) {
      ++tests;
      failures += failure.empty() ? 0 : 1;
      text += test(name, test_name, failure);
    }
  };
  std::map<std::string, Suite> suites;
  for (const CaseResult& c : report.cases) suites[c.file].add(c.file, c.name, joined(c.problems));
  for (const Diagnostic& d : report.diagnostics.entries()) {
    if (d.severity == Severity::Error) suites[d.span.file].add(d.span.file, "parse", render(d, report.sources));
  }
  suites["coverage"].add("coverage", "every rule has a hit and a near miss", joined(report.uncovered));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [name, s] : suites) out += suite(name, s.tests, s.failures, s.text);
  return out + "</testsuites>\n";
}

}  // namespace kubevigil
