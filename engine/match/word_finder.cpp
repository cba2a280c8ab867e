#include "engine/match/word_finder.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {

WordFinder::WordFinder(const std::vector<std::string>& words, bool fold_case) : fold_case_(fold_case), words_(words) {
  for (const std::string& word : words) pairs_.set(static_cast<size_t>(read(word[0])) << 8 | read(word[1]));
}

unsigned char WordFinder::read(char c) const { return static_cast<unsigned char>(fold_case_ ? fold(c) : c); }

bool WordFinder::any_in(std::string_view text) const {
  if (text.size() < kShortest) return false;
  size_t pair = read(text[0]);
  for (size_t i = 1; i < text.size(); ++i) {
    pair = (pair << 8 | read(text[i])) & 0xffff;
    if (pairs_.test(pair) && word_begins(text.substr(i - 1))) return true;
  }
  return false;
}

bool WordFinder::word_begins(std::string_view text) const {
  return std::any_of(words_.begin(), words_.end(), [&](const std::string& word) {
    const std::string_view head = text.substr(0, word.size());
    return fold_case_ ? equals_folded(word, head) : word == head;
  });
}

}  // namespace kubevigil
