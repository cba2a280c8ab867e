// AskedKeys: the keys of one correlation and the questions that wait about them, under one budget of bytes. What the
// operators over lists of matches have in common. One owner, one thread.
#pragma once

#include "engine/state/key_table.h"
#include "engine/state/operator.h"
#include "engine/state/pending.h"

namespace kubevigil {

template <typename List>
struct AskedKeys {
  explicit AskedKeys(const OperatorLimits& limits) : keys(limits.bytes, limits.keys), pending(limits.bytes) {}

  size_t bytes() const { return keys.bytes() + pending.bytes(); }
  // As Operator::shrink; `expired` says which lists no match can need any more.
  template <typename Expired>
  void shrink(size_t to, const Expired& expired) {
    keys.shrink(to > pending.bytes() ? to - pending.bytes() : 0, expired);
    pending.shrink(to);
  }
  // `stats` with what the tables say about themselves.
  OperatorStats counted(OperatorStats stats) const {
    stats.evictions = keys.evictions() + pending.dropped();
    stats.lost = keys.lost();
    stats.keys = keys.size();
    stats.bytes = bytes();
    stats.pending = pending.size();
    return stats;
  }
  void archive(Archive& archive) {
    keys.archive(archive);
    pending.archive(archive);
  }

  KeyTable<List> keys;
  PendingQuestions pending;
};

}  // namespace kubevigil
