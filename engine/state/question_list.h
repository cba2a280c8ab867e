// QuestionList: the questions of one key of an absence, until no answer to them can come any more. What stays
// unanswered fires at its deadline, the earliest first; a question whose time lies within one that has fired is the
// same absence and does not fire beside it. A late answer takes back what has fired, and then such a question may fire
// after all. So what has fired in the end depends on questions and answers, not on the order in which they came.
//
// Bound: kQuestions of a key. Of questions closer than 1/64 of what one waits for only the first is kept, which makes
// no difference where events come in order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/state/operator.h"

namespace kubevigil {

class QuestionList {
 public:
  static constexpr size_t kQuestions = 256;

  struct Question {
    EventRef event;
    Timestamp time;
    bool fired = false;
  };
  // An answer at [time - look_back, time + wait) is one to the question at `time`.
  struct Terms {
    Duration look_back, wait;
  };

  void ask(Timestamp time, const EventRef& event, const Terms& terms);
  // Removes the questions that `time` answers. Returns those of them that had fired.
  std::vector<Question> answer(Timestamp time, const Terms& terms);
  // The deadline of the next question to fire; nullopt: none waits.
  std::optional<Timestamp> next_due(const Terms& terms) const;
  // Fires the question that is next due.
  const Question& fire(const Terms& terms);
  // No answer from before `horizon` comes any more.
  void forget_before(Timestamp horizon, const Terms& terms);

  // forget_before() would leave none.
  bool is_over(Timestamp horizon, const Terms& terms) const {
    return questions_.empty() || questions_.back().time + terms.wait <= horizon;
  }
  size_t heap_bytes() const;
  void archive(Archive& archive);

 private:
  std::optional<size_t> next(const Terms& terms) const;

  std::vector<Question> questions_;  // by time
};

}  // namespace kubevigil
