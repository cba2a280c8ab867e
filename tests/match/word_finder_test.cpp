#include "engine/match/word_finder.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

// As many texts and words over few letters as it takes for both answers to come often.
TEST(WordFinder, AnswersAsASearchForEachWord) {
  std::mt19937_64 random(1);
  const auto text_of = [&](size_t shortest, size_t longest) {
    std::string text;
    for (size_t n = shortest + random() % (longest - shortest + 1); n > 0; --n) text += "abABz-\xe9"[random() % 7];
    return text;
  };
  size_t found = 0, missed = 0;
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::string> words;
    for (size_t n = 1 + random() % 6; n > 0; --n) words.push_back(text_of(2, 6));
    const std::string text = text_of(0, 20);
    for (const bool fold_case : {false, true}) {
      bool expected = false;
      for (const std::string& word : words) {
        expected = expected || (fold_case ? folded(text).find(folded(word)) : text.find(word)) != std::string::npos;
      }
      ASSERT_EQ(WordFinder(words, fold_case).any_in(text), expected) << "round " << round << ": " << text;
      ++(expected ? found : missed);
    }
  }
  EXPECT_GT(found, 1000u);
  EXPECT_GT(missed, 1000u);
}

}  // namespace
}  // namespace kubevigil
