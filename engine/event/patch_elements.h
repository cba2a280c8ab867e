// ElementNames: whether a JSON Patch may name one element of an array in two ways. A reader of the patch alone, who
// takes the same number for the same element, would then see two elements with half of what was put into each:
//   add /c/- {"a":1}, add /c/2/b 2      the appended element may be number 2
//   add /c/0/a 1, add /c/0 {}, add /c/1/b 2      the insertion moved number 0 to 1
//   add /c/0/a 1, add /c/-1/b 2         counted from the end, which depends on the length
// Told one operation after the other; remembers a few facts for each array that was named, and where values were put,
// by hashes of their pointers, kPatchPlaces of both at most: beyond them every element counts as named in two ways. One
// patch each.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"

namespace kubevigil {

inline constexpr size_t kPatchPlaces = 32'768;

// A token that may name an element: "-", 12, -1, +3.
bool is_element(std::string_view token);

class ElementNames {
 public:
  enum class Change : uint8_t { Insert, Replace, Remove, Read };  // what happens at the end of the pointer

  // `tokens`: the pointer, its numbers in one spelling (json_patch.cpp). False: it names an element that an earlier
  // operation may have written under another name.
  bool note(const std::vector<std::string_view>& tokens, Change change);

 private:
  struct Array {
    bool written = false;   // something was put into an element, or an element was put there
    bool appended = false;  // at a place that only the length tells
    bool from_end = false;  // written by a number from the end
    bool moved = false;     // elements that were written have other numbers now
    std::string inserted;   // number of the last insertion, which moved the others
  };
  static bool is_clear(const Array& array, std::string_view token);
  static void change_at(Array& array, std::string_view token, Change change);

  std::map<Hash128, Array> arrays_;
  std::set<Hash128> values_;  // where a value was put: arrays in it came with their elements
};

}  // namespace kubevigil
