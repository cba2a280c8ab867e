#include "engine/run/outbox.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

OutboxOptions with_sinks(std::vector<std::string> sinks, uint64_t begin = 0) {
  OutboxOptions options;
  options.folder = "/outbox";
  options.sinks = std::move(sinks);
  options.new_sinks_begin = begin;
  options.segment_bytes = 1000;
  options.commit.own_thread = false;
  return options;
}

std::unique_ptr<Outbox> opened_outbox(Disk& disk, const OutboxOptions& options) {
  auto outbox = Outbox::open(disk, options);
  EXPECT_TRUE(outbox) << outbox.error().message;
  return outbox ? std::move(*outbox) : nullptr;
}

TEST(Outbox, CursorsMoveForwardAndSurvive) {
  SimulatedDisk disk;
  auto outbox = opened_outbox(disk, with_sinks({"file", "slack"}));
  EXPECT_EQ(outbox->oldest(), 0u);
  for (uint64_t i = 1; i <= 100; ++i) {
    outbox->delivered("file", i);
    if (i % 10 == 0) outbox->delivered("slack", i / 2);
  }
  outbox->delivered("file", 3);
  outbox->delivered("unknown", 3);
  EXPECT_EQ(outbox->cursor("file"), 100u);
  EXPECT_EQ(outbox->cursor("unknown"), 0u);
  EXPECT_EQ(outbox->oldest(), 0u) << "the journal from there on is still needed after a crash";
  ASSERT_TRUE(outbox->flush());
  EXPECT_EQ(outbox->oldest(), 50u);
  EXPECT_LE(disk.paths().size(), 2u) << "old tables are removed";
  outbox.reset();
  disk.lose_power(1);
  outbox = opened_outbox(disk, with_sinks({"slack", "file"}));
  EXPECT_EQ(outbox->cursor("file"), 100u);
  EXPECT_EQ(outbox->cursor("slack"), 50u);
}

TEST(Outbox, PlacesGoWithTheirCursors) {
  SimulatedDisk disk;
  auto outbox = opened_outbox(disk, with_sinks({"file", "slack"}));
  EXPECT_EQ(outbox->place("file"), "");
  outbox->delivered("file", 0, "1:0");
  EXPECT_EQ(outbox->place("file"), "1:0") << "a place before the first alert";
  outbox->delivered("file", 5, "1:40");
  outbox->delivered("file", 4, "1:30");
  outbox->delivered("slack", 5);
  ASSERT_TRUE(outbox->flush());
  outbox->delivered("file", 6, "1:50");  // lost, both or none
  outbox.reset();
  disk.lose_power(1);
  outbox = opened_outbox(disk, with_sinks({"file", "slack"}));
  const bool moved = outbox->cursor("file") == 6;
  EXPECT_EQ(outbox->place("file"), moved ? "1:50" : "1:40");
  EXPECT_EQ(outbox->place("slack"), "");
  outbox->delivered("file", 7, std::string(kPlaceBytes + 1, 'x'));
  EXPECT_EQ(outbox->place("file"), "") << "longer than any of ours";
}

// Between the start that found it and the alert about it the process may die.
TEST(Outbox, ASinkThatIsGoneIsFoundUntilItIsForgotten) {
  SimulatedDisk disk;
  auto outbox = opened_outbox(disk, with_sinks({"soc", "file"}));
  outbox->delivered("soc", 3, "place");
  outbox->delivered("file", 9);
  ASSERT_TRUE(outbox->flush());
  for (uint64_t life = 1; life <= 3; ++life) {
    outbox.reset();
    disk.lose_power(life);
    outbox = opened_outbox(disk, with_sinks({"file"}));
    EXPECT_EQ(outbox->dropped(), (Outbox::Cursors{{"soc", {3, "place"}}})) << life;
    outbox->delivered("file", 9 + life);
    ASSERT_TRUE(outbox->flush());
    EXPECT_EQ(outbox->oldest(), 9 + life) << "it holds no journal back";
  }
  outbox.reset();
  outbox = opened_outbox(disk, with_sinks({"soc", "file"}));
  EXPECT_EQ(outbox->cursor("soc"), 3u) << "named again, it goes on";
  outbox.reset();
  outbox = opened_outbox(disk, with_sinks({"file"}));
  outbox->forget_dropped();
  ASSERT_TRUE(outbox->flush());
  outbox.reset();
  EXPECT_TRUE(opened_outbox(disk, with_sinks({"file"}))->dropped().empty());
}

TEST(Outbox, ANewSinkBeginsWhereItWasToldAlsoAfterACrash) {
  SimulatedDisk disk;
  opened_outbox(disk, with_sinks({"a"}))->delivered("a", 7);
  opened_outbox(disk, with_sinks({"a", "b"}, 20));
  disk.lose_power(1);
  const auto outbox = opened_outbox(disk, with_sinks({"a", "b"}, 90));
  EXPECT_EQ(outbox->cursor("a"), 7u);
  EXPECT_EQ(outbox->cursor("b"), 20u) << "alerts 21 to 90 are still owed";
}

TEST(Outbox, ASinkThatIsGoneHoldsNothingBack) {
  SimulatedDisk disk;
  opened_outbox(disk, with_sinks({"a", "b"}, 5))->delivered("a", 7);
  auto outbox = opened_outbox(disk, with_sinks({"a"}));
  EXPECT_EQ(outbox->oldest(), 7u);
  EXPECT_EQ(outbox->dropped(), (Outbox::Cursors{{"b", {5, ""}}})) << "somebody may have to be told";
  outbox.reset();
  EXPECT_FALSE(opened_outbox(disk, with_sinks({}))->oldest());
}

TEST(Outbox, NeverAheadOfWhatWasDeliveredNorBehindWhatWasFlushed) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    SimulatedDisk disk;
    uint64_t delivered = 0, flushed = 0;
    for (int life = 0; life < 4; ++life) {
      disk.fault_at(1 + random() % 40, random() % 4 == 0 ? Fault::Full : Fault::PowerOff);
      if (auto opening = Outbox::open(disk, with_sinks({"a"}))) {
        Outbox& outbox = **opening;
        ASSERT_LE(outbox.cursor("a"), delivered);
        ASSERT_GE(outbox.cursor("a"), flushed);
        delivered = flushed = outbox.cursor("a");
        for (size_t i = random() % 40; i > 0; --i) {
          outbox.delivered("a", ++delivered);
          if (random() % 4 == 0 && outbox.flush()) flushed = delivered;
        }
      }
      if (random() % 3 == 0) {
        disk.kill_process();
      } else {
        disk.lose_power(random());
      }
    }
    ASSERT_GE(opened_outbox(disk, with_sinks({"a"}))->cursor("a"), flushed);
  }
}

void flip_every_byte(uint64_t delivered) {
  SimulatedDisk whole;
  {
    auto outbox = opened_outbox(whole, with_sinks({"a"}));
    for (uint64_t i = 1; i <= delivered; ++i) {
      outbox->delivered("a", i);
      ASSERT_TRUE(outbox->flush());
    }
  }
  for (const std::string& path : whole.paths()) {
    const std::string content = whole.content(path);
    for (size_t at = 0; at < content.size(); ++at) {
      SimulatedDisk disk;
      for (const std::string& other : whole.paths()) disk.set_content(other, whole.content(other));
      std::string changed = content;
      changed[at] = static_cast<char>(changed[at] ^ 16);
      disk.set_content(path, changed);
      ASSERT_LE(opened_outbox(disk, with_sinks({"a"}, 90))->cursor("a"), delivered) << path << " byte " << at;
    }
  }
}

TEST(Outbox, DamageSendsAgainAndLeavesNothingOut) {
  flip_every_byte(5);
  flip_every_byte(0);  // the only table
}

// A full disk keeps nobody from starting; where a new sink begins is written when there is space.
TEST(Outbox, NewSinksBeginWhereTheyDidOnAFullDisk) {
  SimulatedDisk disk;
  opened_outbox(disk, with_sinks({"file"}));
  disk.set_capacity(disk.used_bytes());
  auto outbox = opened_outbox(disk, with_sinks({"file", "slack"}, 40));
  ASSERT_TRUE(outbox);
  EXPECT_EQ(outbox->cursor("slack"), 40u);
  const auto refused = outbox->keep_begins();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, DiskFault::Full);
  disk.set_capacity(UINT64_MAX);
  ASSERT_TRUE(outbox->keep_begins());
  outbox.reset();
  disk.lose_power(1);
  outbox = opened_outbox(disk, with_sinks({"file", "slack"}, 50));
  EXPECT_EQ(outbox->cursor("slack"), 40u);
}

}  // namespace
}  // namespace kubevigil
