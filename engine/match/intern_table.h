// InternTable: distinct values of one field, each with a bit set over the rules, for one worker. Bounded: at
// limits::kInternedValues, or at its share of bytes, it is emptied and starts again. Keys are bytes that attackers
// choose, and the key of the hash may be public: a look-up compares the whole key, and looks at a bounded number of
// them; when too many collide, the table is emptied, too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"

namespace kubevigil {

class InternTable {
 public:
  // `words`: 64-bit words of one bit set. `max_bytes`: beyond it no further value comes in before it is emptied.
  InternTable(size_t words, HashKey key, size_t max_bytes = SIZE_MAX)
      : words_(words), max_bytes_(max_bytes), key_(key) {
    clear();
  }

  // The bit set of a value, or an empty span when it is not known. Dead after the next add().
  std::span<const uint64_t> find(std::string_view value) const;
  std::span<uint64_t> find(std::string_view value);
  // REQUIRES: the value is not in the table. Returns its bit set, all zero, to be filled at once.
  std::span<uint64_t> add(std::string_view value);

  size_t size() const { return entries_.size(); }
  uint64_t clears() const { return clears_; }

 private:
  struct Entry {
    uint64_t hash;
    uint32_t begin, size;  // in keys_
  };

  void clear();
  void grow();
  bool place(size_t entry);  // false: no free bucket near the entry's own
  uint64_t hash(std::string_view value) const;
  bool is(const Entry& entry, uint64_t hash, std::string_view value) const;
  size_t place_of(std::string_view value) const;  // in bits_; SIZE_MAX: not known

  size_t bytes() const {
    return keys_.size() + entries_.size() * (sizeof(Entry) + words_ * sizeof(uint64_t)) +
           buckets_.size() * sizeof(uint32_t);
  }

  size_t words_;
  size_t max_bytes_;
  HashKey key_;
  uint64_t clears_ = 0;
  std::string keys_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> buckets_;  // open addressing, entry + 1, 0 = free; a power of two, at most half full
  std::vector<uint64_t> bits_;     // entry i owns words [i * words_, (i + 1) * words_)
};

}  // namespace kubevigil
