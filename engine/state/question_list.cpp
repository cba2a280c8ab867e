#include "engine/state/question_list.h"

#include <algorithm>

#include "engine/state/archive.h"
#include "engine/state/heap_size.h"
#include "engine/state/recent_list.h"

namespace kubevigil {

void QuestionList::ask(Timestamp time, const EventRef& event, const Terms& terms) {
  const auto at = std::upper_bound(questions_.begin(), questions_.end(), time,
                                   [](Timestamp t, const Question& question) { return t < question.time; });
  if (at != questions_.begin()) {
    const int64_t apart = (time - (at - 1)->time).micros;
    if (!(at - 1)->fired && apart < (terms.look_back.micros + terms.wait.micros) / 64) return;
  }
  if (questions_.size() >= kQuestions) return;
  questions_.insert(at, {event, time, false});
}

std::vector<QuestionList::Question> QuestionList::answer(Timestamp time, const Terms& terms) {
  std::vector<Question> taken_back;
  std::erase_if(questions_, [&](const Question& question) {
    if (time < question.time - terms.look_back || time >= question.time + terms.wait) return false;
    if (question.fired) taken_back.push_back(question);
    return true;
  });
  give_back(questions_, 2);
  return taken_back;
}

std::optional<size_t> QuestionList::next(const Terms& terms) const {
  std::optional<Timestamp> fired_before;
  for (size_t i = 0; i < questions_.size(); ++i) {
    const Question& question = questions_[i];
    if (question.fired) {
      fired_before = question.time;
      continue;
    }
    if (fired_before && question.time < *fired_before + terms.wait) continue;
    const auto behind = std::find_if(questions_.begin() + static_cast<std::ptrdiff_t>(i), questions_.end(),
                                     [](const Question& q) { return q.fired; });
    if (behind != questions_.end() && behind->time < question.time + terms.wait) continue;
    return i;
  }
  return std::nullopt;
}

std::optional<Timestamp> QuestionList::next_due(const Terms& terms) const {
  const auto at = next(terms);
  return at ? std::optional(questions_[*at].time + terms.wait) : std::nullopt;
}

const QuestionList::Question& QuestionList::fire(const Terms& terms) {
  Question& question = questions_[*next(terms)];
  question.fired = true;
  return question;
}

void QuestionList::forget_before(Timestamp horizon, const Terms& terms) {
  Timestamp settled = Timestamp::min();  // up to here something has fired that stands
  size_t over = 0;
  for (const Question& question : questions_) {
    const Timestamp deadline = question.time + terms.wait;
    if (deadline > horizon && question.time >= settled) break;
    if (question.fired) settled = deadline;
    ++over;
  }
  questions_.erase(questions_.begin(), questions_.begin() + static_cast<std::ptrdiff_t>(over));
  give_back(questions_, 2);
}

size_t QuestionList::heap_bytes() const { return heap_size(questions_); }

void QuestionList::archive(Archive& archive) {
  archive.each(questions_, [&](Question& question) {
    archive_event(archive, question.event);
    archive(question.time);
    archive(question.fired);
  });
}

}  // namespace kubevigil
