// KeyIndex: the flat hash tables of this layer (boost::unordered_flat_map), behind one header. Their order depends on
// the hash: nothing that can be observed may iterate over them.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>

#include "engine/base/hash.h"

namespace kubevigil {

// Keys are SipHash outputs: their low half is as good as any hash of it.
struct PassHash {
  using is_avalanching = void;
  size_t operator()(const Hash128& h) const noexcept { return h.low; }
  size_t operator()(uint64_t h) const noexcept { return h; }
};

template <typename Key, typename Value>
using KeyIndex = boost::unordered_flat_map<Key, Value, PassHash>;
template <typename Key>
using KeySet = boost::unordered_flat_set<Key, PassHash>;

}  // namespace kubevigil
