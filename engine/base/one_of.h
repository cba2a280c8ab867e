// is_one_of: whether a short fixed list of words holds this one, exactly.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace kubevigil {

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace kubevigil
