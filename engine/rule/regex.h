// Regex: RE2 behind a narrow door, so that its header stays in one file. RE2 runs in linear time on any text and
// any pattern, which matters because the texts are written by attackers. Immutable after compiling; any thread.
//
// Patterns are RE2 syntax (https://github.com/google/re2/wiki/Syntax), unanchored and case-sensitive; `flags` is a
// subset of "ims" with the meaning of (?ims). Texts are UTF-8.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace kubevigil {

class Regex {
 public:
  // Fails with RE2's own words when the pattern is refused or larger than limits::kRegexProgramBytes.
  static Result<Regex> compile(std::string_view pattern, std::string_view flags);

  bool matches(std::string_view text) const;
  // What its first group took; nullopt: no match, or no group.
  std::optional<std::string> first_group(std::string_view text) const;
  int groups() const;
  // Surely no text is matched as a whole by both. It is known of patterns that begin with different texts.
  bool is_apart_from(const Regex& other) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

// Words, in lower case, of which each text of ASCII that one of the patterns matches holds at least one, in whatever
// case. Empty: there are none such. REQUIRES: patterns that compile.
std::vector<std::string> needed_words(std::span<const std::string> patterns, std::string_view flags);

// Many patterns as one automaton: does any of them match?
class RegexSet {
 public:
  enum class Answer { No, Yes, Broken };

  // Fails when the automaton would not fit into `max_bytes`; the caller then asks the patterns one by one.
  static Result<RegexSet> compile(std::span<const std::string> patterns, std::string_view flags, size_t max_bytes);

  // Broken: the automaton ran out of memory on this text. It never says No when it does not know.
  Answer matches(std::string_view text) const;

 private:
  struct Code;
  explicit RegexSet(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

}  // namespace kubevigil
