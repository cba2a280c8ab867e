#include "engine/match/intern_table.h"

#include <cstring>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

constexpr size_t kFirstBuckets = 64;
// Buckets looked at for one value. At half load honest values need far fewer; those that were made to collide must not
// make each look-up as long as the table.
constexpr size_t kProbes = 128;

uint64_t load(const char* bytes, size_t n) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, n);
  return word;
}

// Multiply and fold the 128-bit product, as in wyhash (https://github.com/wangyi-fudan/wyhash).
uint64_t mixed(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

uint64_t InternTable::hash(std::string_view value) const {
  uint64_t state = key_.k0 ^ value.size();
  const char* at = value.data();
  size_t left = value.size();
  for (; left > 8; at += 8, left -= 8) state = mixed(state ^ load(at, 8), key_.k1 | 1);
  state = mixed(state ^ load(at, left), 0x9e3779b97f4a7c15ULL ^ key_.k1);
  return mixed(state, key_.k0 | 1);
}

bool InternTable::is(const Entry& entry, uint64_t hash, std::string_view value) const {
  return entry.hash == hash && entry.size == value.size() &&
         std::memcmp(keys_.data() + entry.begin, value.data(), value.size()) == 0;
}

size_t InternTable::place_of(std::string_view value) const {
  const uint64_t wanted = hash(value);
  for (size_t i = 0; i < kProbes; ++i) {
    const uint32_t entry = buckets_[(wanted + i) & (buckets_.size() - 1)];
    if (entry == 0) return SIZE_MAX;
    if (is(entries_[entry - 1], wanted, value)) return (entry - 1) * words_;
  }
  return SIZE_MAX;
}

std::span<const uint64_t> InternTable::find(std::string_view value) const {
  const size_t place = place_of(value);
  return place == SIZE_MAX ? std::span<const uint64_t>{} : std::span(bits_).subspan(place, words_);
}

std::span<uint64_t> InternTable::find(std::string_view value) {
  const size_t place = place_of(value);
  return place == SIZE_MAX ? std::span<uint64_t>{} : std::span(bits_).subspan(place, words_);
}

std::span<uint64_t> InternTable::add(std::string_view value) {
  if (entries_.size() >= limits::kInternedValues || (bytes() >= max_bytes_ && !entries_.empty())) {
    clear();
    ++clears_;
  }
  if (2 * (entries_.size() + 1) > buckets_.size()) grow();
  entries_.push_back({hash(value), static_cast<uint32_t>(keys_.size()), static_cast<uint32_t>(value.size())});
  keys_.append(value);
  bits_.resize(bits_.size() + words_);
  if (!place(entries_.size() - 1)) {
    clear();
    ++clears_;
    return add(value);  // finds its bucket free
  }
  return {bits_.data() + (entries_.size() - 1) * words_, words_};
}

void InternTable::clear() {
  keys_.clear();
  entries_.clear();
  bits_.clear();
  buckets_.assign(kFirstBuckets, 0);
}

void InternTable::grow() {
  buckets_.assign(buckets_.size() * 2, 0);
  for (size_t i = 0; i < entries_.size(); ++i) place(i);  // none further from its bucket than before
}

bool InternTable::place(size_t entry) {
  for (size_t i = 0; i < kProbes; ++i) {
    uint32_t& bucket = buckets_[(entries_[entry].hash + i) & (buckets_.size() - 1)];
    if (bucket != 0) continue;
    bucket = static_cast<uint32_t>(entry + 1);
    return true;
  }
  return false;
}

}  // namespace kubevigil
