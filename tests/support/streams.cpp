#include "tests/support/streams.h"

#include <algorithm>
#include <cstdlib>

#include "tests/support/sanitized.h"

namespace kubevigil {

std::string encoded_text(std::string_view text) {
  return std::string("s") + static_cast<char>(text.size()) + std::string(text);
}

EventRef event_ref(Timestamp time, uint64_t sequence) {
  EventRef ref;
  ref.position.offset = sequence;
  ref.time = time;
  ref.identity = siphash(std::to_string(sequence));
  return ref;
}

Match StreamMatch::match() const {
  Match m;
  m.time = time;
  m.sequence = sequence;
  m.input = input;
  m.key = siphash(key);
  m.key_bytes = key;
  m.value = siphash(value);
  m.value_bytes = value;
  m.number = number;
  m.event = event_ref(time, sequence);
  return m;
}

std::vector<StreamMatch> random_stream(const StreamShape& shape, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return n == 0 ? 0 : random() % n; };
  const auto chance = [&](double p) { return static_cast<double>(random() % 10'000) < p * 10'000; };
  struct Arrival {
    int64_t at, time;
  };
  std::vector<Arrival> arrivals;
  int64_t now = 1'000'000;
  for (size_t i = 0; i < shape.events; ++i) {
    now += static_cast<int64_t>(below(static_cast<uint64_t>(2 * shape.step + 1)));
    arrivals.push_back({now + static_cast<int64_t>(below(static_cast<uint64_t>(shape.disorder + 1))), now});
  }
  std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::vector<StreamMatch> stream;
  uint64_t sequence = 0;
  for (const Arrival& arrival : arrivals) {
    ++sequence;
    const std::string key = "n" + encoded_text("key" + std::to_string(below(shape.keys)));
    const size_t matches = chance(shape.twins) ? 2 : 1;
    for (size_t m = 0; m < matches; ++m) {
      StreamMatch match{Timestamp{arrival.time}, sequence, static_cast<uint32_t>(below(shape.inputs)), key, "", 0};
      match.value = chance(shape.nulls) ? "n" : encoded_text("v" + std::to_string(below(shape.values)));
      match.number = static_cast<double>(below(100)) - 20;
      stream.push_back(match);
    }
  }
  return stream;
}

std::vector<uint64_t> test_seeds(size_t count) {
  if (const char* only = std::getenv("KUBEVIGIL_SEED")) return {std::strtoull(only, nullptr, 10)};
  std::vector<uint64_t> seeds;
  const size_t least = std::min<size_t>(count, 5);
  for (uint64_t seed = 1; seed <= std::max(least, sanitized_share(count)); ++seed) seeds.push_back(seed);
  return seeds;
}

Rule correlation_rule(CorrelationType type, int64_t timespan_micros, double gte, uint32_t inputs) {
  Correlation correlation;
  correlation.type = type;
  correlation.timespan = Duration{timespan_micros};
  correlation.condition.bounds = {{CountCondition::Op::Gte, gte}};
  correlation.inputs.resize(inputs);
  Rule rule;
  rule.meta.id = "00000000-0000-4000-8000-000000000001";
  rule.meta.name = "correlation";
  rule.semantic_hash = "hash";
  rule.body = correlation;
  return rule;
}

std::string to_text(const Firing& f) {
  std::string text = std::to_string(f.time.micros) + " key=" + f.key_bytes + " count=" + std::to_string(f.count) +
                     " first=" + std::to_string(f.first_seen.micros) +
                     " anchor=" + std::to_string(f.anchor.position.offset) + (f.approximate ? " approximate" : "") +
                     (f.degraded ? " degraded" : "");
  for (const auto& value : f.values) text += " " + value;
  for (const auto& event : f.events) text += " #" + std::to_string(event.position.offset);
  return text;
}

bool OperatorDriver::feed(const StreamMatch& match, std::vector<Firing>& out) {
  watermark_ = std::max(watermark_, match.time - slack_);
  op_->on_watermark(watermark_, out);
  if (match.time < watermark_ - lateness_) return false;
  op_->on_match(match.match(), out);
  return true;
}

}  // namespace kubevigil
