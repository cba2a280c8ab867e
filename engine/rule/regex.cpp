#include "engine/rule/regex.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options(size_t max_bytes) {
  RE2::Options result;
  result.set_log_errors(false);
  result.set_max_mem(static_cast<int64_t>(max_bytes));
  return result;
}

std::string with_flags(std::string_view pattern, std::string_view flags) {
  if (flags.empty()) return std::string(pattern);
  return "(?" + std::string(flags) + ")" + std::string(pattern);
}

}  // namespace

struct Regex::Code {
  Code(const std::string& pattern, const RE2::Options& opts) : re(pattern, opts) {}
  RE2 re;
  bool any_character = false;  // the pattern ".": rules ask so whether a value is not empty
};

Result<Regex> Regex::compile(std::string_view pattern, std::string_view flags) {
  auto code = std::make_shared<Code>(with_flags(pattern, flags), options(limits::kRegexProgramBytes));
  code->any_character = pattern == "." && flags.empty();
  if (code->re.ok()) return Regex(std::move(code));
  std::string message = "RE2 refuses this regular expression: " + code->re.error();
  if (!code->re.error_arg().empty()) message += " (at '" + code->re.error_arg() + "')";
  return fail(std::move(message));
}

bool Regex::matches(std::string_view text) const {
  if (code_->any_character && !text.empty() && text.front() >= ' ') return true;
  return RE2::PartialMatch(piece(text), code_->re);
}

int Regex::groups() const { return code_->re.NumberOfCapturingGroups(); }

bool Regex::is_apart_from(const Regex& other) const {
  constexpr int kPrefix = 256;  // of a pattern is looked at
  std::string least, most, other_least, other_most;
  if (!code_->re.PossibleMatchRange(&least, &most, kPrefix)) return false;
  if (!other.code_->re.PossibleMatchRange(&other_least, &other_most, kPrefix)) return false;
  return most < other_least || other_most < least;
}

std::optional<std::string> Regex::first_group(std::string_view text) const {
  re2::StringPiece taken;
  if (groups() < 1 || !RE2::PartialMatch(piece(text), code_->re, &taken) || taken.data() == nullptr)
    return std::nullopt;
  return std::string(taken.data(), taken.size());
}

std::vector<std::string> needed_words(std::span<const std::string> patterns, std::string_view flags) {
  constexpr int kShortest = 3;  // shorter ones are in every other text
  re2::FilteredRE2 filter(kShortest);
  for (const std::string& pattern : patterns) {
    int id = 0;
    if (filter.Add(with_flags(pattern, flags), options(limits::kRegexProgramBytes), &id) != RE2::NoError) return {};
  }
  std::vector<std::string> words;
  filter.Compile(&words);
  std::vector<int> without_words;  // patterns that may match a text with none of them
  filter.AllPotentials({}, &without_words);
  const auto is_ascii = [](const std::string& word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  };
  if (!without_words.empty() || !std::all_of(words.begin(), words.end(), is_ascii)) return {};
  return words;
}

struct RegexSet::Code {
  explicit Code(const RE2::Options& opts) : set(opts, RE2::UNANCHORED) {}
  RE2::Set set;
};

Result<RegexSet> RegexSet::compile(std::span<const std::string> patterns, std::string_view flags, size_t max_bytes) {
  auto code = std::make_shared<Code>(options(max_bytes));
  for (const std::string& pattern : patterns) {
    std::string error;
    if (code->set.Add(with_flags(pattern, flags), &error) < 0) return fail("RE2 refuses '" + pattern + "': " + error);
  }
  if (!code->set.Compile()) return fail("the patterns do not fit into one automaton");
  return RegexSet(std::move(code));
}

RegexSet::Answer RegexSet::matches(std::string_view text) const {
  RE2::Set::ErrorInfo error{};
  if (code_->set.Match(piece(text), nullptr, &error)) return Answer::Yes;  // no list: the first match ends it
  return error.kind == RE2::Set::kNoError ? Answer::No : Answer::Broken;
}

}  // namespace kubevigil
