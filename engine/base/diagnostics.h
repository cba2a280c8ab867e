// Diagnostics: everything that is wrong with the user's text, collected so that all of it shows at once.
// Each entry points at a span of a source file and can be rendered with the line and a caret under it.
// Not thread-safe; one collection belongs to one load.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

// A place in a text file. Lines and columns count from 1, columns in bytes; 0 means unknown.
struct SourceSpan {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t length = 0;
};

enum class Severity : uint8_t { Note, Warning, Error };
std::string_view to_text(Severity severity);

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;     // stable slug such as "unknown-field"; the list is in engine/rule/README.md
  std::string message;  // what was found and what was expected
  std::string hint;     // how to mend it; may be empty
  SourceSpan span;
  std::string rule;  // name or id of the rule it belongs to; may be empty
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { entries_.push_back(std::move(diagnostic)); }
  void error(std::string code, std::string message, SourceSpan span, std::string hint = {});
  void warning(std::string code, std::string message, SourceSpan span, std::string hint = {});
  void note(std::string code, std::string message, SourceSpan span, std::string hint = {});

  const std::vector<Diagnostic>& entries() const { return entries_; }
  std::vector<Diagnostic>& entries() { return entries_; }
  bool has_errors() const { return count(Severity::Error) > 0; }
  size_t count(Severity severity) const;
  bool empty() const { return entries_.empty(); }
  void append(const Diagnostics& other);
  void sort();  // by file, line, column; stable

 private:
  std::vector<Diagnostic> entries_;
};

// Texts of the files that spans point into, by file name, for rendering.
using SourceTexts = std::map<std::string, std::string, std::less<>>;

// "file:line:column: error: message [code]", the source line, a caret, and the hint. Escaped for terminals.
std::string render(const Diagnostic& diagnostic, const SourceTexts& sources);
std::string render(const Diagnostics& diagnostics, const SourceTexts& sources);

}  // namespace kubevigil
