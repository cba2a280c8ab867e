#include "engine/app/check_report.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string_view sarif_level(Severity severity) {
  return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "note";
}

void write_region(JsonWriter& json, const SourceSpan& span) {
  if (span.line == 0) return;
  json.key("region").begin_object().member("startLine", span.line);
  if (span.column > 0) json.member("startColumn", span.column);
  if (span.column > 0 && span.length > 0) json.member("endColumn", span.column + span.length);
  json.end_object();
}

void write_result(JsonWriter& json, const Diagnostic& d) {
  json.begin_object().member("ruleId", d.code).member("level", sarif_level(d.severity));
  const std::string text = d.hint.empty() ? d.message : d.message + ". " + d.hint;
  json.key("message").begin_object().member("text", text).end_object();
  if (!d.span.file.empty()) {
    json.key("locations").begin_array().begin_object().key("physicalLocation").begin_object();
    json.key("artifactLocation").begin_object().member("uri", d.span.file).end_object();
    write_region(json, d.span);
    json.end_object().end_object().end_array();
  }
  json.end_object();
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string check_json(const Diagnostics& diagnostics) {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.check/v1").member("errors", diagnostics.count(Severity::Error));
  json.member("warnings", diagnostics.count(Severity::Warning)).key("findings").begin_array();
  for (const Diagnostic& d : diagnostics.entries()) {
    json.begin_object().member("file", d.span.file).member("line", d.span.line).member("column", d.span.column);
    json.member("severity", to_text(d.severity)).member("code", d.code).member("message", d.message);
    json.optional("hint", d.hint).optional("rule", d.rule).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

std::string check_sarif(const Diagnostics& diagnostics, const std::string& version) {
  std::set<std::string> codes;
  for (const Diagnostic& d : diagnostics.entries()) codes.insert(d.code);
  JsonWriter json;
  json.begin_object().member("$schema", "https://json.schemastore.org/sarif-2.1.0.json").member("version", "2.1.0");
  json.key("runs").begin_array().begin_object().key("tool").begin_object().key("driver").begin_object();
  json.member("name", "kubevigil").member("version", version).key("rules").begin_array();
  for (const std::string& code : codes) json.begin_object().member("id", code).end_object();
  json.end_array().end_object().end_object().key("results").begin_array();
  for (const Diagnostic& d : diagnostics.entries()) write_result(json, d);
  json.end_array().end_object().end_array().end_object();
  return json.take() + "\n";
}

std::string check_junit(const Diagnostics& diagnostics, const SourceTexts& sources) {
  std::map<std::string, std::string> findings;
  for (const auto& [file, text] : sources) findings[file];
  size_t failures = 0;
  for (const Diagnostic& d : diagnostics.entries()) {
    if (d.severity == Severity::Note) continue;
    ++failures;
    findings[d.span.file] += fmt::format("      <failure type=\"{}\" message=\"{}:{}:{}: {}\"/>\n", xml_escaped(d.code),
                                         xml_escaped(d.span.file), d.span.line, d.span.column, xml_escaped(d.message));
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  out += fmt::format("  <testsuite name=\"kubevigil rules check\" tests=\"{}\" failures=\"{}\">\n", findings.size(),
                     failures);
  for (const auto& [file, text] : findings) {
    out += fmt::format("    <testcase classname=\"rules\" name=\"{}\"", xml_escaped(file));
    out += text.empty() ? "/>\n" : ">\n" + text + "    </testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace kubevigil
