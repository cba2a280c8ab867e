#include "tests/support/models.h"

#include <algorithm>

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
      return steps.size() == c.inputs.size();
    }
    case CorrelationType::TemporalOrdered:
      return chain_from(window, c.inputs.size(), 0, {}, 0);
    default:
      return false;
  }
}

std::vector<Seen> window_at(const std::vector<Seen>& seen, size_t count, const std::string& key, Timestamp end,
                            Duration size) {
  std::vector<Seen> window;
  for (size_t i = 0; i < count; ++i) {
    if (seen[i].key == key && seen[i].time > end - size && seen[i].time <= end) window.push_back(seen[i]);
  }
  return window;
}

}  // namespace

bool satisfied(const Correlation& c, const std::vector<Seen>& seen, size_t index) {
  const Seen& match = seen[index];
  if (c.type == CorrelationType::ValueCount && null_value(match.value)) return false;
  for (size_t i = 0; i <= index; ++i) {
    const bool holds_match = seen[i].time >= match.time && seen[i].time - c.timespan < match.time;
    if (seen[i].key != match.key || !holds_match) continue;
    if (window_satisfies(c, window_at(seen, index + 1, match.key, seen[i].time, c.timespan))) return true;
  }
  return false;
}

std::vector<Answer> judged_at_the_end(const Correlation& c, const std::vector<Seen>& seen) {
  std::set<Answer> answers;
  for (const Seen& s : seen) {
    if (c.type == CorrelationType::ValueCount && null_value(s.value)) continue;
    if (window_satisfies(c, window_at(seen, seen.size(), s.key, s.time, c.timespan))) {
      answers.insert({s.time, s.sequence, s.key});
    }
  }
  return {answers.begin(), answers.end()};
}

}  // namespace kubevigil::model
