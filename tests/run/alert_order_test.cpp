#include "engine/run/alert_order.h"

#include <gtest/gtest.h>

#include "engine/run/bad_lines.h"
#include "engine/run/batch_judge.h"

namespace kubevigil {
namespace {

OpenAlert named(const std::string& id, size_t bytes = 0) {
  OpenAlert open;
  open.alert.id = id;
  open.alert.message = std::string(bytes, 'x');
  return open;
}

TEST(AlertOrder, GivesOutInOrderOfOpening) {
  std::string seen;
  AlertOrder order([&](const Alert& alert) { seen += alert.id; });
  order.open(0, named("a"));
  order.open(1, named("b"));
  order.open(2, named("c"));
  order.close(1);
  EXPECT_EQ(seen, "");
  order.find(0)->alert.id = "A";
  order.close(0);
  EXPECT_EQ(seen, "Ab");
  EXPECT_EQ(order.find(1), nullptr);
  order.finish();
  EXPECT_EQ(seen, "Abc");
  EXPECT_EQ(order.early(), 0u);
}

TEST(AlertOrder, MemoryIsBounded) {
  size_t given = 0;
  AlertOrder order([&](const Alert&) { ++given; });
  for (uint64_t i = 0; i < 100; ++i) order.open(i, named("x", 1 << 20));
  EXPECT_GE(given, 70u);
  EXPECT_EQ(order.early(), given);
  order.close(3);  // long gone: nothing happens
  order.finish();
  EXPECT_EQ(given, 100u);
}

TEST(AlertOrder, WhatAnAlertGrewByCountsToo) {
  size_t given = 0;
  AlertOrder order([&](const Alert&) { ++given; });
  for (uint64_t i = 0; i < 100; ++i) order.open(i, named("x"));
  for (uint64_t i = 1; i < 100; ++i) {
    order.find(i)->alert.message = std::string(1 << 20, 'x');
    order.close(i);
    if (given > 0) break;
  }
  EXPECT_GT(given, AlertOrder::kHeldBytes >> 21) << "the first one never closes";
  EXPECT_EQ(order.early(), 1u);
  order.finish();
  EXPECT_EQ(given, 100u);
}

TEST(BadLines, KeepsTheFirstByPlaceWhateverTheOrder) {
  for (const bool forward : {true, false}) {
    BadLines lines(3);
    for (uint64_t i = 0; i < 10; ++i) {
      BadRecord bad{BadReason::NotJson, {}, "", ""};
      bad.position.offset = forward ? i : 9 - i;
      lines.add(bad);
    }
    EXPECT_EQ(lines.total(), 10u);
    const std::vector<BadRecord> kept = lines.take();
    ASSERT_EQ(kept.size(), 3u);
    for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(kept[i].position.offset, i);
  }
}

TEST(Uuid, BytesAndText) {
  EXPECT_EQ(uuid_text(uuid_bytes("6a3f2b10-0102-4A00-8000-00000000ff01")), "6a3f2b10-0102-4a00-8000-00000000ff01");
  for (const char* bad :
       {"", "6a3f2b10", "6a3f2b10-0102-4a00-8000-00000000ff0g", "6a3f2b10x0102-4a00-8000-00000000ff01"}) {
    EXPECT_EQ(uuid_text(uuid_bytes(bad)), "");
  }
}

}  // namespace
}  // namespace kubevigil
