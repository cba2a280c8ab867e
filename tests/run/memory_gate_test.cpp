#include "engine/run/memory_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace kubevigil {
namespace {

// Each thread holds passes of many sizes, also larger than the gate; the sum inside never exceeds the gate, and all
// end.
TEST(MemoryGate, WhatIsInsideNeverExceedsItAndNobodyWaitsForEver) {
  constexpr size_t kGate = 1000;
  MemoryGate gate(kGate);
  std::atomic<size_t> inside = 0, highest = 0, passed = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 500; ++i) {
        const size_t record = 1 + (i * 7919 + t * 104'729) % 2500;
        const MemoryGate::Pass pass(gate, record);
        const size_t bytes = std::min(record, kGate);
        const size_t now = inside.fetch_add(bytes) + bytes;
        for (size_t seen = highest.load(); seen < now && !highest.compare_exchange_weak(seen, now);) {
        }
        ++passed;
        inside.fetch_sub(bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 8u * 500);
  EXPECT_LE(highest, kGate);
  EXPECT_EQ(inside, 0u);
}

}  // namespace
}  // namespace kubevigil
