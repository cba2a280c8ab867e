#include "engine/base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/base/terminal.h"
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

constexpr size_t kShownBefore = 80, kShownMarked = 60, kShownLine = 160;  // columns of a long line

// The end of the text that fits into `width` columns, with an ellipsis when something was left out.
std::string last_columns(std::string_view text, size_t width) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t next = begin - 1;
    while (next > 0 && (static_cast<uint8_t>(text[next]) & 0xC0u) == 0x80u) --next;
    if (display_width(text.substr(next)) > width) break;
    begin = next;
  }
  return (begin > 0 ? "\u2026" : "") + std::string(text.substr(begin));
}

// The line and, under it, a caret and as many tildes as the span is wide. Escapes may widen the line, so the part in
// front of the span is escaped first and its width counted.
std::string caret(std::string_view line, const SourceSpan& span) {
  const size_t before = std::min<size_t>(span.column - 1, line.size());
  const size_t length = std::min<size_t>(std::max<uint32_t>(span.length, 1), line.size() - before);
  const std::string prefix = last_columns(printable(line.substr(0, before)), kShownBefore);
  const std::string marked = cut_to_width(printable(line.substr(before, length)), kShownMarked);
  const size_t indent = display_width(prefix), width = display_width(marked);
  const std::string rest = cut_to_width(printable(line.substr(before + length)), kShownLine - indent - width);
  return fmt::format("{:>5} | {}{}{}\n{:>5} | {}^{}\n", span.line, prefix, marked, rest, "", std::string(indent, ' '),
                     std::string(width == 0 ? 0 : width - 1, '~'));
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
