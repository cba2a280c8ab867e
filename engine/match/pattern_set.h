// PatternSet: the patterns of one test, prepared so that a value is judged without allocating: a hash set for
// whole values, RE2 for regular expressions, sorted numbers, networks. Immutable; any thread.
//
// Glob grammar (Sigma 2.1.0, "wildcards"): `*` any run of characters, `?` one character (a whole UTF-8 sequence),
// `\*` `\?` `\\` the character itself; a backslash before anything else is a backslash.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/network.h"
#include "engine/event/value.h"
#include "engine/match/word_finder.h"
#include "engine/rule/expr.h"
#include "engine/rule/regex.h"

namespace kubevigil {

// `pattern` is folded already when `fold_case`.
bool glob_matches(std::string_view pattern, std::string_view text, bool fold_case);
// The number that the whole text spells (JSON's grammar, leading zeros and a bare point allowed), or nullopt.
std::optional<double> spelled_number(std::string_view text);
// The number of a number, or the one that a string spells.
std::optional<double> numeric(const Value& value);

class PatternSet {
 public:
  // Takes every operator but Null, Exists and EqualsField.
  explicit PatternSet(const Test& test, size_t automaton_bytes = limits::kRegexProgramBytes);

  // Some pattern is satisfied. `set_fallbacks` counts texts that an automaton over all patterns could not judge; they
  // are then judged pattern by pattern.
  bool any(const Value& value, uint64_t& set_fallbacks) const;
  bool one(size_t pattern, const Value& value) const;
  size_t size() const { return size_; }
  // any() takes longer than a look-up in a table of texts.
  bool is_dear() const { return finder_.has_value() || !regexes_.empty(); }

  // False: a pattern does not compile (the loader refuses such rules), so no answer can be trusted.
  bool usable() const { return usable_; }
  // The patterns are too large for one automaton and are always judged one by one.
  bool without_automaton() const { return without_automaton_; }

 private:
  struct Hash {
    using is_transparent = void;
    bool fold_case;
    size_t operator()(std::string_view text) const;
  };
  struct Same {
    using is_transparent = void;
    bool fold_case;
    bool operator()(std::string_view a, std::string_view b) const;
  };

  void prepare(const Test& test);
  void prepare_regexes(const Test& test, size_t automaton_bytes);
  bool text_satisfies(size_t pattern, std::string_view text) const;
  bool may_match(std::string_view text) const;

  TestOp op_;
  bool fold_case_;
  size_t size_;
  bool usable_ = true;
  bool without_automaton_ = false;
  std::vector<std::string> texts_;
  std::vector<double> numbers_;         // Equals, Less, ...: by pattern; NaN where the literal was no number
  std::vector<double> sorted_numbers_;  // Equals
  std::unordered_set<std::string, Hash, Same> whole_;
  std::optional<WordFinder> finder_;  // Contains
  std::vector<Regex> regexes_;
  std::optional<RegexSet> regex_set_;
  // Words without which no regular expression matches. Made when the first text comes: most sets never see one, and to
  // find the words takes as long as to compile the expressions.
  struct Words {
    std::once_flag made;
    std::optional<WordFinder> finder;
  };
  std::string regex_flags_;
  std::unique_ptr<Words> words_;
  std::vector<Network> networks_;
};

}  // namespace kubevigil
