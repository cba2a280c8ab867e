// WordFinder: does a text contain any of many words? One pass over the text, which looks at pairs of bytes: few texts
// have a pair that begins a word, and few words begin with it, so that 35 words cost little more than one. Immutable;
// any number of threads.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

class WordFinder {
 public:
  static constexpr size_t kShortest = 2;

  // REQUIRES: each word has kShortest bytes or more. `fold_case`: ASCII letters of either case are the same.
  WordFinder(const std::vector<std::string>& words, bool fold_case);

  bool any_in(std::string_view text) const;

 private:
  unsigned char read(char c) const;
  uint16_t pair_at(std::string_view text) const;
  bool word_begins(uint16_t pair, std::string_view text) const;

  bool fold_case_;
  struct Word {
    uint16_t pair;  // its first two bytes
    std::string text;
  };
  std::vector<Word> words_;      // by pair
  std::bitset<1u << 16> pairs_;  // by the first two bytes of a word, folded as asked
};

}  // namespace kubevigil
