// SigmaString: the value of a Sigma test with its wildcards told apart from its literal characters, and the
// transformations that modifiers ask for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

struct SigmaString {
  std::string text;  // '*' and '?' at wildcards
  std::string mask;  // as long as `text`: '.' literal byte, '*' any run, '?' one character

  static SigmaString literal(std::string_view text);
  bool has_wildcards() const { return mask.find_first_not_of('.') != std::string::npos; }
};

// Sigma's escaping: `*` and `?` are wildcards; `\*`, `\?` and `\\` are the characters; any other backslash is itself.
SigmaString parse_sigma_string(std::string_view text);

// The pattern text of TestOp::Glob: literal * ? \ escaped by a backslash; runs of * collapsed.
std::string glob_text(const SigmaString& s);
bool glob_matches(const SigmaString& s, std::string_view value);

std::string base64_of(std::string_view bytes);
// What stays the same in the base64 text of any string that holds `bytes`, for the three alignments.
std::vector<std::string> base64_offsets_of(std::string_view bytes);

enum class Utf16 { Little, Big, LittleWithMark };
// nullopt: `text` is not UTF-8.
std::optional<std::string> utf16_of(std::string_view text, Utf16 form);

// Every spelling with each option dash (- / en dash, em dash, horizontal bar, in front of a word) replaced by each of
// the five. nullopt: more than `limit` spellings.
std::optional<std::vector<SigmaString>> windash_of(const SigmaString& s, size_t limit);

}  // namespace kubevigil
