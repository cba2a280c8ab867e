// PendingQuestions: what a condition with an upper bound will be asked once the watermark is so far that nothing can
// change the answer. Asked in order (when, sequence, key bytes, key); the same question is kept once. Bounded in bytes:
// beyond `max_bytes` the earliest go unanswered, which is counted. One owner, one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "engine/base/hash.h"
#include "engine/state/archive.h"

namespace kubevigil {

struct Question {
  int64_t when = 0;       // of the operator's choosing: a time or the number of a sub-window
  uint64_t sequence = 0;  // of the match; 0 where the operator asks for whole sub-windows
  std::string key_bytes;
  Hash128 key;
  auto operator<=>(const Question&) const = default;
};

class PendingQuestions {
 public:
  explicit PendingQuestions(size_t max_bytes) : max_bytes_(max_bytes) {}

  void add(Question question);
  // The earliest one with `when` < `end` leaves; nullopt: there is none.
  std::optional<Question> take_before(int64_t end);
  // `when` of the earliest; nullopt: there is none.
  std::optional<int64_t> earliest() const;
  // Drops the earliest until at most `bytes` are used.
  void shrink(size_t bytes);

  size_t size() const { return questions_.size(); }
  size_t bytes() const { return bytes_; }
  uint64_t dropped() const { return dropped_; }
  void archive(Archive& archive);

 private:
  static size_t bytes_of(const Question& question);

  std::set<Question> questions_;
  size_t max_bytes_;
  size_t bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace kubevigil
