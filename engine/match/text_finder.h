// Does a text contain another, for tests with one word or two; more of them: WordFinder.
#pragma once

#include <string_view>

namespace kubevigil {

// `fold_case`: ASCII letters of either case are the same; `word` is folded already then. The empty word is everywhere.
bool contains_text(std::string_view word, std::string_view text, bool fold_case);

}  // namespace kubevigil
