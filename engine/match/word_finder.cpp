#include "engine/match/word_finder.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {

WordFinder::WordFinder(const std::vector<std::string>& words, bool fold_case) : fold_case_(fold_case) {
  for (const std::string& word : words) words_.push_back({pair_at(word), word});
  for (const Word& word : words_) pairs_.set(word.pair);
  std::stable_sort(words_.begin(), words_.end(), [](const Word& a, const Word& b) { return a.pair < b.pair; });
}

unsigned char WordFinder::read(char c) const { return static_cast<unsigned char>(fold_case_ ? fold(c) : c); }

uint16_t WordFinder::pair_at(std::string_view text) const {
  return static_cast<uint16_t>(read(text[0]) << 8 | read(text[1]));
}

bool WordFinder::any_in(std::string_view text) const {
  if (text.size() < kShortest) return false;
  uint16_t pair = read(text[0]);
  for (size_t i = 1; i < text.size(); ++i) {
    pair = static_cast<uint16_t>(pair << 8 | read(text[i]));
    if (pairs_[pair] && word_begins(pair, text.substr(i - 1))) return true;
  }
  return false;
}

bool WordFinder::word_begins(uint16_t pair, std::string_view text) const {
  const auto first = std::lower_bound(words_.begin(), words_.end(), pair,
                                      [](const Word& word, uint16_t wanted) { return word.pair < wanted; });
  for (auto word = first; word != words_.end() && word->pair == pair; ++word) {
    const std::string_view head = text.substr(0, word->text.size());
    if (fold_case_ ? equals_folded(word->text, head) : word->text == head) return true;
  }
  return false;
}

}  // namespace kubevigil
