// json:  {"rules": n, "dead": [{"rule","reason"}], "portable": [names], "skipped": [lines], "rule_hash": hex,
//         "errors": n, "warnings": n, "notes": n,
//         "diagnostics": [{"severity","code","message","hint","file","line","column","length","rule"}]}
// sarif: https://docs.oasis-open.org/sarif/sarif/v2.1.0/; one run; columns count Unicode code points.
// junit: testsuites > testsuite > one testcase a file; an error is a failure, the rest is system-out.
#include "engine/rule/check_formats.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string quoted(std::string_view text) { return "\"" + json_escaped(text) + "\""; }

// Joins what `one` makes of each item.
template <typename Items, typename One>
std::string joined(const Items& items, One&& one) {
  std::string out;
  for (const auto& item : items) {
    const std::string text = one(item);
    if (!text.empty()) out += (out.empty() ? "" : ",") + text;
  }
  return out;
}

std::string diagnostic_json(const Diagnostic& d) {
  return "{\"severity\":" + quoted(to_text(d.severity)) + ",\"code\":" + quoted(d.code) +
         ",\"message\":" + quoted(d.message) + ",\"hint\":" + quoted(d.hint) + ",\"file\":" + quoted(d.span.file) +
         ",\"line\":" + std::to_string(d.span.line) + ",\"column\":" + std::to_string(d.span.column) +
         ",\"length\":" + std::to_string(d.span.length) + ",\"rule\":" + quoted(d.rule) + "}";
}

// The line that a span points into, or "".
std::string_view line_of(const SourceSpan& span, const SourceTexts& sources) {
  const auto it = sources.find(span.file);
  if (it == sources.end() || span.line == 0) return {};
  std::string_view text = it->second;
  for (uint32_t n = 1; n < span.line; ++n) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// Column in code points of a byte column, both from 1.
size_t code_point_column(std::string_view line, size_t column) {
  const std::string_view before = line.substr(0, std::min(line.size(), column - 1));
  const auto starts = std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xc0) != 0x80; });
  return static_cast<size_t>(starts) + 1;
}

std::string uri_of(std::string_view file) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += std::string{'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string sarif_result(const Diagnostic& d, const SourceTexts& sources) {
  const std::string message = d.hint.empty() ? d.message : d.message + ". " + d.hint;
  std::string region;
  if (d.span.line > 0) {
    region = ",\"region\":{\"startLine\":" + std::to_string(d.span.line);
    if (d.span.column > 0) {
      const std::string_view line = line_of(d.span, sources);
      const size_t end = d.span.column + std::max<uint32_t>(1, d.span.length);
      region += ",\"startColumn\":" + std::to_string(code_point_column(line, d.span.column)) + ",\"endColumn\":" +
                std::to_string(std::max(code_point_column(line, end), code_point_column(line, d.span.column)));
    }
    region += "}";
  }
  return "{\"ruleId\":" + quoted(d.code) + ",\"level\":" + quoted(to_text(d.severity)) +
         ",\"message\":{\"text\":" + quoted(message) +
         "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":" + quoted(uri_of(d.span.file)) + "}" +
         region + "}}]}";
}

std::string junit_case(const std::string& file, const std::vector<const Diagnostic*>& found) {
  std::string failures, output;
  for (const Diagnostic* d : found) {
    const std::string place = d->span.file + ":" + std::to_string(d->span.line) + ":" + std::to_string(d->span.column);
    const std::string line =
        xml_escaped(printable(place + ": " + std::string(to_text(d->severity)) + ": " + d->message + " [" + d->code +
                              "]" + (d->hint.empty() ? "" : " " + d->hint)));
    if (d->severity == Severity::Error) {
      failures += "      <failure type=\"" + xml_escaped(d->code) + "\" message=\"" + line + "\"/>\n";
    } else {
      output += line + "\n";
    }
  }
  std::string out = "    <testcase classname=\"rules\" name=\"" + xml_escaped(printable(file)) + "\">\n" + failures;
  if (!output.empty()) out += "      <system-out>" + output + "</system-out>\n";
  return out + "    </testcase>\n";
}

}  // namespace

std::string check_json(const LoadedRules& loaded) {
  const CheckCounts counts = count(loaded);
  const std::vector<Rule>& rules = loaded.rules.rules;
  const auto dead = [](const Rule& r) {
    if (r.dead.empty() || is_view(r)) return std::string();
    return "{\"rule\":" + quoted(r.meta.name) + ",\"reason\":" + quoted(r.dead) + "}";
  };
  const auto portable = [](const Rule& r) {
    return r.not_portable.empty() && !is_view(r) ? quoted(r.meta.name) : std::string();
  };
  return "{\"rules\":" + std::to_string(counts.rules) + ",\"dead\":[" + joined(rules, dead) + "],\"portable\":[" +
         joined(rules, portable) + "],\"skipped\":[" + joined(loaded.skipped, quoted) +
         "],\"rule_hash\":" + quoted(loaded.rules.hash) + ",\"errors\":" + std::to_string(counts.errors) +
         ",\"warnings\":" + std::to_string(counts.warnings) + ",\"notes\":" + std::to_string(counts.notes) +
         ",\"diagnostics\":[" + joined(loaded.diagnostics.entries(), diagnostic_json) + "]}\n";
}

std::string check_sarif(const LoadedRules& loaded, const std::string& version) {
  std::set<std::string> codes;
  for (const Diagnostic& d : loaded.diagnostics.entries()) codes.insert(d.code);
  const std::string rules = joined(codes, [](const std::string& code) { return "{\"id\":" + quoted(code) + "}"; });
  const std::string results =
      joined(loaded.diagnostics.entries(), [&](const Diagnostic& d) { return sarif_result(d, loaded.sources); });
  return "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":"
         "{\"driver\":{\"name\":\"kubevigil\",\"version\":" +
         quoted(version) + ",\"rules\":[" + rules + "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[" + results +
         "]}]}\n";
}

std::string check_junit(const LoadedRules& loaded) {
  std::map<std::string, std::vector<const Diagnostic*>> files;
  for (const auto& [name, text] : loaded.sources) files[name];
  for (const Diagnostic& d : loaded.diagnostics.entries()) files[d.span.file].push_back(&d);
  std::string cases;
  size_t failed = 0;
  for (const auto& [file, found] : files) {
    cases += junit_case(file, found);
    failed +=
        std::any_of(found.begin(), found.end(), [](const Diagnostic* d) { return d->severity == Severity::Error; });
  }
  const std::string counts =
      "tests=\"" + std::to_string(files.size()) + "\" failures=\"" + std::to_string(failed) + "\"";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts + ">\n  <testsuite name=\"rules check\" " +
         counts + ">\n" + cases + "  </testsuite>\n</testsuites>\n";
}

}  // namespace kubevigil
