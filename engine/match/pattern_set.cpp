#include "engine/match/pattern_set.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/base/text.h"
#include "engine/match/text_finder.h"

namespace kubevigil {
namespace {

constexpr size_t kHashFrom = 5;       // fewer whole values are compared one after the other
constexpr size_t kFinderFrom = 3;     // fewer words are looked for one after the other
constexpr size_t kAutomatonFrom = 4;  // fewer regular expressions are asked one after the other

bool same_text(std::string_view pattern, std::string_view text, bool fold_case) {
  return fold_case ? equals_folded(pattern, text) : pattern == text;
}

// Bytes of the UTF-8 sequence at the front of `text`; 1 for what is none.
size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return std::min(n, text.size());
}

bool in_order(TestOp op, double value, double bound) {
  switch (op) {
    case TestOp::Less:
      return value < bound;
    case TestOp::LessOrEqual:
      return value <= bound;
    case TestOp::Greater:
      return value > bound;
    default:
      return value >= bound;
  }
}

bool is_order(TestOp op) { return op >= TestOp::Less && op <= TestOp::GreaterOrEqual; }

bool has_text(const Value& value) {
  return value.type != ValueType::Null && value.type != ValueType::Object && value.type != ValueType::Array;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text, bool fold_case) {
  size_t p = 0, t = 0;
  size_t star = pattern.npos, star_text = 0;  // where to go back to when the rest does not fit
  while (t < text.size()) {
    const char c = p < pattern.size() ? pattern[p] : '\0';
    if (p < pattern.size() && c == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && c == '?') {
      ++p;
      t += sequence_length(text.substr(t));
      continue;
    }
    const bool escape = c == '\\' && p + 1 < pattern.size() &&
                        (pattern[p + 1] == '*' || pattern[p + 1] == '?' || pattern[p + 1] == '\\');
    const char wanted = escape ? pattern[p + 1] : c;
    if (p < pattern.size() && wanted == (fold_case ? fold(text[t]) : text[t])) {
      p += escape ? 2 : 1;
      ++t;
      continue;
    }
    if (star == pattern.npos) return false;
    star_text += sequence_length(text.substr(star_text));
    p = star;
    t = star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<double> spelled_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != text.npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> numeric(const Value& value) {
  if (value.is_number()) return value.number;
  return value.type == ValueType::String ? spelled_number(value.text) : std::nullopt;
}

size_t PatternSet::Hash::operator()(std::string_view text) const {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: the set is fixed by the rules, nobody else can fill a bucket
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(fold_case ? fold(c) : c)) * 0x100000001b3ULL;
  return hash;
}

bool PatternSet::Same::operator()(std::string_view a, std::string_view b) const { return same_text(a, b, fold_case); }

PatternSet::PatternSet(const Test& test, size_t automaton_bytes)
    : op_(test.op),
      fold_case_(!test.cased),
      size_(test.patterns.size()),
      whole_(0, Hash{!test.cased}, Same{!test.cased}) {
  if (op_ == TestOp::Regex) {
    prepare_regexes(test, automaton_bytes);
  } else {
    prepare(test);
  }
}

void PatternSet::prepare(const Test& test) {
  for (const Pattern& pattern : test.patterns) {
    texts_.push_back(pattern.text);
    numbers_.push_back(pattern.number.value_or(std::numeric_limits<double>::quiet_NaN()));
    if (op_ == TestOp::Equals && pattern.number) sorted_numbers_.push_back(*pattern.number);
    if (is_order(op_) && !pattern.number) usable_ = false;
    if (op_ == TestOp::Cidr) {
      const auto network = parse_network(pattern.text);
      if (network) networks_.push_back(*network);
      usable_ = usable_ && network.has_value();
    }
  }
  std::sort(sorted_numbers_.begin(), sorted_numbers_.end());
  const auto fits = [](const std::string& word) { return word.size() >= WordFinder::kShortest; };
  if (op_ == TestOp::Contains && size_ >= kFinderFrom && std::all_of(texts_.begin(), texts_.end(), fits)) {
    finder_.emplace(texts_, fold_case_);
  }
  if (op_ == TestOp::Equals && size_ >= kHashFrom) whole_.insert(texts_.begin(), texts_.end());
}

void PatternSet::prepare_regexes(const Test& test, size_t automaton_bytes) {
  regex_flags_ = test.regex_flags;
  words_ = std::make_unique<Words>();
  for (const Pattern& pattern : test.patterns) {
    texts_.push_back(pattern.text);
    auto regex = pattern.regex ? Result<Regex>(*pattern.regex) : Regex::compile(pattern.text, test.regex_flags);
    if (regex) regexes_.push_back(std::move(*regex));
    usable_ = usable_ && regex.has_value();
  }
  if (!usable_ || size_ < kAutomatonFrom) return;
  auto set = RegexSet::compile(texts_, test.regex_flags, automaton_bytes);
  without_automaton_ = !set.has_value();
  if (set) regex_set_ = std::move(*set);
}

// False: no regular expression matches the text. Other letters than ASCII's have further forms.
bool PatternSet::may_match(std::string_view text) const {
  std::call_once(words_->made, [this] {
    const std::vector<std::string> words = needed_words(texts_, regex_flags_);
    if (!words.empty()) words_->finder.emplace(words, true);
  });
  return !words_->finder || words_->finder->any_in(text) || !is_ascii(text);
}

bool PatternSet::any(const Value& value, uint64_t& set_fallbacks) const {
  if (!whole_.empty() && has_text(value)) {
    return whole_.contains(value.text) ||
           (value.is_number() && std::binary_search(sorted_numbers_.begin(), sorted_numbers_.end(), value.number));
  }
  if (finder_) return has_text(value) && finder_->any_in(value.text);
  if (words_ && has_text(value) && !may_match(value.text)) return false;
  if (regex_set_ && has_text(value)) {
    const RegexSet::Answer answer = regex_set_->matches(value.text);
    if (answer != RegexSet::Answer::Broken) return answer == RegexSet::Answer::Yes;
    ++set_fallbacks;
  }
  for (size_t i = 0; i < size_; ++i) {
    if (one(i, value)) return true;
  }
  return false;
}

bool PatternSet::one(size_t pattern, const Value& value) const {
  if (!has_text(value)) return false;
  if (is_order(op_)) {
    const auto number = numeric(value);
    return number && in_order(op_, *number, numbers_[pattern]);
  }
  if (op_ == TestOp::Equals && value.is_number() && value.number == numbers_[pattern]) return true;
  return text_satisfies(pattern, value.text);
}

bool PatternSet::text_satisfies(size_t pattern, std::string_view text) const {
  const std::string& wanted = texts_[pattern];
  const size_t n = wanted.size();
  switch (op_) {
    case TestOp::Equals:
      return same_text(wanted, text, fold_case_);
    case TestOp::Contains:
      return contains_text(wanted, text, fold_case_);
    case TestOp::StartsWith:
      return text.size() >= n && same_text(wanted, text.substr(0, n), fold_case_);
    case TestOp::EndsWith:
      return text.size() >= n && same_text(wanted, text.substr(text.size() - n), fold_case_);
    case TestOp::Glob:
      return glob_matches(wanted, text, fold_case_);
    case TestOp::Regex:
      return regexes_[pattern].matches(text);
    case TestOp::Cidr: {
      const auto address = parse_address(text);
      return address && networks_[pattern].contains(*address);
    }
    default:
      return false;
  }
}

}  // namespace kubevigil
