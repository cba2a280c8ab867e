#include "engine/state/pending.h"

#include <utility>
#include <vector>

namespace kubevigil {

// With the node of the set, its three links and the blocks of the allocator.
size_t PendingQuestions::bytes_of(const Question& question) {
  return sizeof(Question) + 96 + question.key_bytes.size();
}

void PendingQuestions::add(Question question) {
  const size_t bytes = bytes_of(question);
  if (questions_.insert(std::move(question)).second) bytes_ += bytes;
  shrink(max_bytes_);
}

std::optional<Question> PendingQuestions::take_before(int64_t end) {
  if (questions_.empty() || questions_.begin()->when >= end) return std::nullopt;
  Question question = std::move(questions_.extract(questions_.begin()).value());
  bytes_ -= bytes_of(question);
  return question;
}

std::optional<int64_t> PendingQuestions::earliest() const {
  if (questions_.empty()) return std::nullopt;
  return questions_.begin()->when;
}

void PendingQuestions::shrink(size_t bytes) {
  for (; bytes_ > bytes && !questions_.empty(); ++dropped_) {
    bytes_ -= bytes_of(*questions_.begin());
    questions_.erase(questions_.begin());
  }
}

void PendingQuestions::archive(Archive& archive) {
  std::vector<Question> questions(questions_.begin(), questions_.end());
  archive.each(questions, [&](Question& q) {
    archive(q.when);
    archive(q.sequence);
    archive(q.key_bytes);
    archive(q.key);
  });
  archive(dropped_);
  if (archive.is_saving()) return;
  questions_ = {questions.begin(), questions.end()};
  bytes_ = 0;
  for (const Question& q : questions_) bytes_ += bytes_of(q);
}

}  // namespace kubevigil
