#include "tests/support/models.h"

#include <algorithm>
#include <cmath>

namespace kubevigil::model {
namespace {

bool null_value(const std::string& value) { return value.find_first_not_of("nu") == std::string::npos; }

std::string encoded_text(const std::string& text) { return std::string("s") + static_cast<char>(text.size()) + text; }

bool chain_from(const std::vector<Seen>& window, size_t steps, size_t step, Timestamp time, uint64_t sequence) {
  if (step == steps) return true;
  return std::any_of(window.begin(), window.end(), [&](const Seen& s) {
    const bool later = step == 0 || s.time > time || (s.time == time && s.sequence > sequence);
    return s.input == step && later && chain_from(window, steps, step + 1, s.time, s.sequence);
  });
}

double events_in(const std::vector<Seen>& window) {
  std::set<uint64_t> sequences;
  for (const Seen& s : window) sequences.insert(s.sequence);
  return static_cast<double>(sequences.size());
}

std::set<std::string> values_in(const std::vector<Seen>& window) {
  std::set<std::string> values;
  for (const Seen& s : window) {
    if (!null_value(s.value)) values.insert(s.value);
  }
  return values;
}

bool holds(const CountCondition& condition, double n) {
  return std::all_of(condition.bounds.begin(), condition.bounds.end(), [&](const CountCondition::Bound& b) {
    switch (b.op) {
      case CountCondition::Op::Gt:
        return n > b.value;
      case CountCondition::Op::Gte:
        return n >= b.value;
      case CountCondition::Op::Lt:
        return n < b.value;
      case CountCondition::Op::Lte:
        return n <= b.value;
      case CountCondition::Op::Eq:
        return n == b.value;
      case CountCondition::Op::Neq:
        return n != b.value;
    }
    return false;
  });
}

bool window_satisfies(const Correlation& c, const std::vector<Seen>& window) {
  switch (c.type) {
    case CorrelationType::EventCount:
      return holds(c.condition, events_in(window));
    case CorrelationType::ValueCount: {
      const auto values = values_in(window);
      const auto& any = c.value_count.require_any;
      const bool required = any.empty() || std::any_of(any.begin(), any.end(), [&](const std::string& text) {
                              return values.contains(encoded_text(text));
                            });
      return required && holds(c.condition, static_cast<double>(values.size()));
    }
    case CorrelationType::Temporal: {
      std::set<uint32_t> steps;
      for (const Seen& s : window) steps.insert(s.input);
      const bool number = !c.condition.bounds.empty() && c.condition.bounds[0].value > 0;
      return number ? holds(c.condition, static_cast<double>(steps.size())) : steps.size() == c.inputs.size();
    }
    case CorrelationType::TemporalOrdered:
      return chain_from(window, c.inputs.size(), 0, {}, 0);
    default:
      return false;
  }
}

int64_t tumbling_number(const Correlation& c, Timestamp time) {
  int64_t number = time.micros / c.timespan.micros;
  while (number * c.timespan.micros > time.micros) --number;
  return number;
}

bool in_window(const Correlation& c, Timestamp time, Timestamp end) {
  if (c.window.kind == WindowSpec::Kind::Tumbling) return tumbling_number(c, time) == tumbling_number(c, end);
  return time > end - c.timespan && time <= end;
}

// Of a session's window only what reaches the end without a pause longer than the gap.
std::vector<Seen> without_pause(const Correlation& c, const std::vector<Seen>& window, Timestamp end) {
  Timestamp reached = end;
  for (bool more = true; more;) {
    more = false;
    for (const Seen& s : window) {
      if (s.time >= reached || reached - s.time > c.window.gap) continue;
      reached = s.time;
      more = true;
    }
  }
  std::vector<Seen> kept;
  for (const Seen& s : window) {
    if (s.time >= reached) kept.push_back(s);
  }
  return kept;
}

// The window that ends with `end` (tumbling: that holds it), of seen[0..count).
std::vector<Seen> window_at(const Correlation& c, const std::vector<Seen>& seen, size_t count, const std::string& key,
                            Timestamp end) {
  std::vector<Seen> window;
  for (size_t i = 0; i < count; ++i) {
    if (c.type == CorrelationType::ValueCount && null_value(seen[i].value)) continue;
    if (seen[i].key == key && in_window(c, seen[i].time, end)) window.push_back(seen[i]);
  }
  return c.window.kind == WindowSpec::Kind::Session ? without_pause(c, window, end) : window;
}

bool holds_match(const std::vector<Seen>& window, const Seen& match) {
  return std::any_of(window.begin(), window.end(),
                     [&](const Seen& s) { return s.time == match.time && s.sequence == match.sequence; });
}

}  // namespace

bool satisfied(const Correlation& c, const std::vector<Seen>& seen, size_t index) {
  const Seen& match = seen[index];
  if (c.type == CorrelationType::ValueCount && null_value(match.value)) return false;
  for (size_t i = 0; i <= index; ++i) {
    if (seen[i].key != match.key || !in_window(c, match.time, seen[i].time)) continue;
    const auto window = window_at(c, seen, index + 1, match.key, seen[i].time);
    if (holds_match(window, match) && window_satisfies(c, window)) return true;
  }
  return false;
}

double most_values(const Correlation& c, const std::vector<Seen>& seen, size_t index) {
  const Seen& match = seen[index];
  double most = 0;
  if (null_value(match.value)) return most;
  for (size_t i = 0; i <= index; ++i) {
    if (seen[i].key != match.key || !in_window(c, match.time, seen[i].time)) continue;
    const auto window = window_at(c, seen, index + 1, match.key, seen[i].time);
    if (holds_match(window, match) && window_satisfies(c, window))
      most = std::max(most, static_cast<double>(values_in(window).size()));
  }
  return most;
}

std::vector<Answer> judged_at_the_end(const Correlation& c, const std::vector<Seen>& seen) {
  std::set<Answer> answers;
  for (const Seen& s : seen) {
    if (c.type == CorrelationType::ValueCount && null_value(s.value)) continue;
    const auto window = window_at(c, seen, seen.size(), s.key, s.time);
    if (!window_satisfies(c, window)) continue;
    const auto last = std::max_element(window.begin(), window.end(), [](const Seen& a, const Seen& b) {
      return std::pair(a.time, a.sequence) < std::pair(b.time, b.sequence);
    });
    const Seen& asked = c.window.kind == WindowSpec::Kind::Tumbling ? *last : s;  // a tumbling window as a whole
    answers.insert({asked.time, asked.sequence, asked.key});
  }
  return {answers.begin(), answers.end()};
}

namespace {

// Sub-windows of a window.
int64_t parts_of(const Correlation& c) { return c.window.kind == WindowSpec::Kind::Tumbling ? 1 : 64; }

int64_t bucket_width(const Correlation& c) {
  return std::max<int64_t>((c.timespan.micros + parts_of(c) - 1) / parts_of(c), 1);
}

// The condition over the sub-windows of the window of one key that ends with `end`, of seen[0..count).
bool buckets_satisfy(const Correlation& c, const std::vector<Seen>& seen, size_t count, const std::string& key,
                     int64_t end) {
  const int64_t width = bucket_width(c);
  std::set<uint64_t> events;
  std::vector<double> numbers;
  for (size_t i = 0; i < count; ++i) {
    const int64_t j = seen[i].time.micros / width;
    if (seen[i].key != key || j > end || j <= end - parts_of(c)) continue;
    events.insert(seen[i].sequence);
    numbers.push_back(seen[i].number);
  }
  std::sort(numbers.begin(), numbers.end());
  double sum = 0;
  for (double n : numbers) sum += n;
  const auto n = static_cast<double>(numbers.size());
  const double rank = std::max(1.0, std::ceil(c.percentile / 100 * n));
  switch (c.type) {
    case CorrelationType::ValueSum:
      return holds(c.condition, sum);
    case CorrelationType::ValueAvg:
      return holds(c.condition, sum / n);
    case CorrelationType::ValuePercentile:
      return holds(c.condition, numbers[static_cast<size_t>(rank) - 1]);
    default:
      return holds(c.condition, static_cast<double>(events.size()));
  }
}

}  // namespace

std::vector<Answer> judged_by_buckets(const Correlation& c, const std::vector<Seen>& seen) {
  std::map<std::pair<std::string, int64_t>, Timestamp> last;
  for (const Seen& s : seen) {
    Timestamp& time = last.try_emplace({s.key, s.time.micros / bucket_width(c)}, s.time).first->second;
    time = std::max(time, s.time);
  }
  std::vector<Answer> answers;
  for (const auto& [bucket, time] : last) {
    if (buckets_satisfy(c, seen, seen.size(), bucket.first, bucket.second)) answers.push_back({time, 0, bucket.first});
  }
  std::sort(answers.begin(), answers.end());
  return answers;
}

bool satisfied_by_buckets(const Correlation& c, const std::vector<Seen>& seen, size_t index) {
  const int64_t width = bucket_width(c);
  const int64_t at = seen[index].time.micros / width;
  std::set<int64_t> ends;
  for (size_t i = 0; i <= index; ++i) {
    const int64_t j = seen[i].time.micros / width;
    if (seen[i].key == seen[index].key && j >= at && j < at + parts_of(c)) ends.insert(j);
  }
  return std::any_of(ends.begin(), ends.end(),
                     [&](int64_t end) { return buckets_satisfy(c, seen, index + 1, seen[index].key, end); });
}

bool NewValue::add(const Seen& match) {
  if (null_value(match.value)) return false;
  const auto same_pair = [&](const Seen& s) { return s.key == match.key && s.value == match.value; };
  const auto role = correlation_.inputs[match.input].role;
  if (role == CorrelationInput::Role::ForgetOn) {
    // The pair is forgotten, the key stays known.
    for (Seen& s : arrived_) {
      if (same_pair(s)) s.value = "n";
    }
    return false;
  }
  const auto recent = [&](const Seen& s) {
    return correlation_.timespan.micros == 0 || match.time - s.time < correlation_.timespan;
  };
  // A sighting that comes late, from before all others, is the first one after all.
  const bool known = std::any_of(arrived_.begin(), arrived_.end(),
                                 [&](const Seen& s) { return same_pair(s) && s.time <= match.time && recent(s); });
  const bool known_key =
      std::any_of(arrived_.begin(), arrived_.end(), [&](const Seen& s) { return s.key == match.key && recent(s); });
  arrived_.push_back(match);
  const auto& spec = correlation_.new_value;
  const bool seeded = std::any_of(spec.seed.begin(), spec.seed.end(), [&](const auto& tuple) {
    std::string bytes;
    for (const std::string& text : tuple) bytes += encoded_text(text);
    return bytes == match.value;
  });
  const bool learning = match.time - start_ < spec.learn || (spec.new_key_learns && !known_key);
  return role == CorrelationInput::Role::Member && !known && !seeded && !learning;
}

bool Absence::answers(const Seen& expect, const Seen& question) const {
  return expect.key == question.key && expect.time >= question.time - correlation_.absence.look_back &&
         expect.time < question.time + correlation_.timespan;
}

std::optional<Seen> Absence::waiting(const std::string& key) const {
  if (correlation_.absence.every) {
    const auto beat = beats_.find(key);
    return beat == beats_.end() ? std::nullopt : std::optional(beat->second);
  }
  std::optional<Seen> first;
  for (const Seen& question : questions_) {
    const auto overlaps = [&](const Seen& f) {
      return f.key == key && f.time < question.time + wait() && question.time < f.time + wait();
    };
    const bool answered =
        std::any_of(expects_.begin(), expects_.end(), [&](const Seen& e) { return answers(e, question); });
    if (question.key != key || answered || std::any_of(fired_.begin(), fired_.end(), overlaps)) continue;
    if (!first || question.time < first->time) first = question;
  }
  return first;
}

std::set<std::string> Absence::keys() const {
  std::set<std::string> keys;
  for (const Seen& question : questions_) keys.insert(question.key);
  for (const auto& [key, beat] : beats_) keys.insert(key);
  return keys;
}

size_t Absence::pending() const {
  const auto all = keys();
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [&](const auto& key) { return waiting(key).has_value(); }));
}

std::vector<Answer> Absence::advance(Timestamp watermark) {
  watermark_ = std::max(watermark_, watermark);
  std::vector<Answer> answers;
  for (const std::string& key : keys()) {
    for (auto next = waiting(key); next && next->time + wait() <= watermark_; next = waiting(key)) {
      answers.push_back({next->time + wait(), next->sequence, key});
      if (correlation_.absence.every) {
        missed_[key].push_back(*next);
        beats_.erase(key);
      } else {
        fired_.push_back(*next);
      }
    }
  }
  std::sort(answers.begin(), answers.end(),
            [](const Answer& a, const Answer& b) { return a.time != b.time ? a.time < b.time : a.key < b.key; });
  return answers;
}

// Of alerts behind which there is no gap any more, or only that of a later alert.
std::vector<Answer> Absence::contradicted_beats(const std::string& key) {
  std::vector<Answer> contradicted;
  std::vector<Seen>& missed = missed_[key];
  for (size_t i = missed.size(); i-- > 0;) {
    Timestamp last = missed[i].time;
    for (bool more = true; more;) {
      more = false;
      for (const Seen& beat : heard_[key]) {
        if (beat.time <= last || beat.time >= last + wait()) continue;
        last = beat.time;
        more = true;
      }
    }
    const bool of_another = i + 1 < missed.size() && last >= missed[i + 1].time;
    if (!of_another && last + wait() <= watermark_) continue;
    contradicted.push_back({missed[i].time + wait(), missed[i].sequence, key});
    missed.erase(missed.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::sort(contradicted.begin(), contradicted.end());
  return contradicted;
}

std::vector<Answer> Absence::add_beat(const Seen& match) {
  heard_[match.key].push_back(match);
  std::vector<Answer> contradicted = contradicted_beats(match.key);
  const auto beat = beats_.find(match.key);
  const bool stale = match.time + wait() <= watermark_;
  if (!stale && (beat == beats_.end() || beat->second.time < match.time)) beats_[match.key] = match;
  return contradicted;
}

std::vector<Answer> Absence::add(const Seen& match) {
  if (correlation_.absence.every) return add_beat(match);
  if (correlation_.inputs[match.input].role != CorrelationInput::Role::Expect) {
    questions_.push_back(match);
    return {};
  }
  expects_.push_back(match);
  std::vector<Answer> contradicted;
  std::erase_if(fired_, [&](const Seen& starter) {
    if (!answers(match, starter)) return false;
    contradicted.push_back({starter.time + wait(), starter.sequence, starter.key});
    return true;
  });
  std::sort(contradicted.begin(), contradicted.end());
  return contradicted;
}

}  // namespace kubevigil::model
