// Small text functions that every layer needs: ASCII case folding (the only folding that Sigma asks of us),
// UTF-8 repair, escaping of text that an attacker may have written, and spelling suggestions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
std::string folded(std::string_view text);
bool equals_folded(std::string_view a, std::string_view b);

// Copies `text` with each ill-formed UTF-8 sequence replaced by U+FFFD (Unicode 15, section 3.9, maximal
// subparts). `repaired` counts the replacements.
std::string repair_utf8(std::string_view text, size_t& repaired);
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);

// For terminals and log lines: control characters (C0, DEL, C1), bidirectional controls (U+202A..202E,
// U+2066..2069, U+200E/F, U+061C) and ill-formed bytes become \xNN or \u{NNNN}; newlines and tabs too.
std::string printable(std::string_view text);

// The text as the inside of a JSON string (no quotes around it); ill-formed UTF-8 becomes U+FFFD.
std::string json_escaped(std::string_view text);

// The text as XML 1.0 content or attribute value: markup characters as entities, a new line as `&#10;` (attribute
// values would lose it), what XML has no character for (most C0 controls, ill-formed bytes, U+FFFE, U+FFFF) as U+FFFD.
std::string xml_escaped(std::string_view text);

// At most `bytes` bytes of the text, cut between characters; what was cut ends in an ellipsis (3 bytes, counted).
std::string cut_to_bytes(std::string_view text, size_t bytes);

// The candidate nearest to `text` (Damerau-Levenshtein, at most 1 edit per 3 characters), or "".
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace kubevigil
