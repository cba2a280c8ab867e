// What vectors and strings take from the heap, for budgets. Counted from the length alone, so that a state that was
// saved and loaded counts the same: a vector that grew by push_back has room for the next power of two.
#pragma once

#include <bit>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kubevigil {

inline constexpr size_t kBlockHead = 16;  // of the allocator, with what it rounds up by

template <typename T>
size_t heap_size(const std::vector<T>& items) {
  return items.empty() ? 0 : std::bit_ceil(items.size()) * sizeof(T) + kBlockHead;
}

inline size_t heap_size(const std::string& text) {
  const size_t inside = std::string().capacity();
  return text.size() > inside ? text.size() + 1 + kBlockHead : 0;
}

// Gives back what heap_size() does not count, after items have left. With `slack` 2 only once it is as much again, for
// lists that lose and get single items.
template <typename T>
void give_back(std::vector<T>& items, size_t slack = 1) {
  const size_t counted = items.empty() ? 0 : std::bit_ceil(items.size());
  if (items.capacity() <= slack * counted) return;
  std::vector<T> fitting;
  fitting.reserve(counted);
  for (T& item : items) fitting.push_back(std::move(item));
  items.swap(fitting);
}

}  // namespace kubevigil
