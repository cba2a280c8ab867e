// Runs a yardstick and a candidate in turn, A B A B ..., and reports the median of the pairs' ratios. Machines drift
// by half within minutes; two numbers of one pair drift together, so only their ratio means something.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kubevigil::bench {

inline constexpr int kPairs = 9;

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

enum class Clock : uint8_t {
  Thread,   // processor time of this thread: other programs on the machine count less
  Wall,     // for work that has threads of its own
  Process,  // processor time of all threads: what such work costs, not how well it is spread
};

inline clockid_t id_of(Clock clock) {
  switch (clock) {
    case Clock::Thread:
      return CLOCK_THREAD_CPUTIME_ID;
    case Clock::Wall:
      return CLOCK_MONOTONIC;
    case Clock::Process:
      return CLOCK_PROCESS_CPUTIME_ID;
  }
  return CLOCK_MONOTONIC;
}

template <typename Work>
double seconds_of(Clock clock, Work&& work) {
  const auto now = [clock] {
    timespec time{};
    clock_gettime(id_of(clock), &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  work();
  return now() - begin;
}

// The body of a benchmark registered with ->Iterations(kPairs)->UseManualTime(). Counters: ratio (speed of the
// candidate over speed of the yardstick), GBps and Mevents of the candidate, yardstick_GBps; all medians.
template <typename Yardstick, typename Candidate>
void interleave(benchmark::State& state, size_t bytes, uint64_t events, Yardstick&& yardstick, Candidate&& candidate,
                Clock clock = Clock::Thread) {
  std::vector<double> ratios, times, yardstick_times;
  yardstick();  // warm
  candidate();
  for (auto _ : state) {
    const double a = seconds_of(clock, yardstick), b = seconds_of(clock, candidate);
    state.SetIterationTime(b);
    ratios.push_back(a / b);
    times.push_back(b);
    yardstick_times.push_back(a);
  }
  state.counters["ratio"] = median(ratios);
  state.counters["GBps"] = static_cast<double>(bytes) / median(times) / 1e9;
  state.counters["Mevents"] = static_cast<double>(events) / median(times) / 1e6;
  state.counters["yardstick_GBps"] = static_cast<double>(bytes) / median(yardstick_times) / 1e9;
}

}  // namespace kubevigil::bench
