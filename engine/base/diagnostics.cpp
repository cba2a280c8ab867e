#include "engine/base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string_view line_of(std::string_view text, uint32_t line) {
  for (uint32_t n = 1; n < line; ++n) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

// The line and, under it, a caret and as many tildes as the span is long. Escapes may widen the line, so
// the part in front of the span is escaped first and its width counted.
std::string caret(std::string_view line, const SourceSpan& span) {
  const size_t before = std::min<size_t>(span.column - 1, line.size());
  const size_t length = std::min<size_t>(std::max<uint32_t>(span.length, 1), line.size() - before);
  const std::string prefix = printable(line.substr(0, before));
  const std::string marked = printable(line.substr(before, length));
  const std::string rest = printable(line.substr(before + length));
  const std::string gutter = fmt::format("{:>5} | ", span.line);
  return fmt::format("{}{}{}{}\n{:>5} | {}^{}\n", gutter, prefix, marked, rest, "", std::string(prefix.size(), ' '),
                     std::string(marked.empty() ? 0 : marked.size() - 1, '~'));
}

}  // namespace

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

void Diagnostics::error(std::string code, std::string message, SourceSpan span, std::string hint) {
  add({Severity::Error, std::move(code), std::move(message), std::move(hint), std::move(span), {}});
}

void Diagnostics::warning(std::string code, std::string message, SourceSpan span, std::string hint) {
  add({Severity::Warning, std::move(code), std::move(message), std::move(hint), std::move(span), {}});
}

void Diagnostics::note(std::string code, std::string message, SourceSpan span, std::string hint) {
  add({Severity::Note, std::move(code), std::move(message), std::move(hint), std::move(span), {}});
}

size_t Diagnostics::count(Severity severity) const {
  return static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const Diagnostic& d) { return d.severity == severity; }));
}

void Diagnostics::append(const Diagnostics& other) {
  entries_.insert(entries_.end(), other.entries_.begin(), other.entries_.end());
}

void Diagnostics::sort() {
  std::stable_sort(entries_.begin(), entries_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.file, a.span.line, a.span.column) < std::tie(b.span.file, b.span.line, b.span.column);
  });
}

std::string render(const Diagnostic& d, const SourceTexts& sources) {
  std::string where = printable(d.span.file);
  if (d.span.line > 0) where += fmt::format(":{}:{}", d.span.line, d.span.column);
  std::string out = fmt::format("{}{}{}: {} [{}]\n", where, where.empty() ? "" : ": ", to_text(d.severity),
                                printable(d.message), d.code);
  const auto source = sources.find(d.span.file);
  if (source != sources.end() && d.span.line > 0 && d.span.column > 0) {
    out += caret(line_of(source->second, d.span.line), d.span);
  }
  if (!d.hint.empty()) out += fmt::format("  help: {}\n", printable(d.hint));
  return out;
}

std::string render(const Diagnostics& diagnostics, const SourceTexts& sources) {
  std::string out;
  for (const Diagnostic& d : diagnostics.entries()) out += render(d, sources);
  return out;
}

}  // namespace kubevigil
