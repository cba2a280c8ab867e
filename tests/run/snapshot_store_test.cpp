#include "engine/run/snapshot_store.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/codec/crc32c.h"
#include "engine/run/segment_format.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

std::unique_ptr<SnapshotStore> opened_store(Disk& disk, const std::string& name = "state") {
  auto store = SnapshotStore::open(disk, "/snap", name);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

std::string state_of(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(SnapshotStore, TheNewestIsLoadedAndTwoAreKept) {
  SimulatedDisk disk;
  auto store = opened_store(disk);
  auto none = store->load();
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  for (uint64_t i = 1; i <= 5; ++i) {
    const auto info = store->write("note " + std::to_string(i), state_of(1000 * i, i));
    ASSERT_TRUE(info);
    EXPECT_EQ(info->number, i);
  }
  disk.lose_power(1);
  store = opened_store(disk);
  ASSERT_EQ(store->kept().size(), 2u);
  EXPECT_EQ(store->kept()[0].note, "note 4") << "trim behind this one";
  EXPECT_EQ(store->kept()[1].note, "note 5");
  const auto loaded = store->load();
  EXPECT_EQ((*loaded)->info.number, 5u);
  EXPECT_EQ((*loaded)->state, state_of(5000, 5));
  EXPECT_TRUE(store->problems().empty());
  EXPECT_EQ(store->write("", "next")->number, 6u);
  EXPECT_EQ(disk.paths().size(), 2u);
}

TEST(SnapshotStore, TheOlderIsLoadedWhereItIsWhole) {
  SimulatedDisk disk;
  auto store = opened_store(disk);
  EXPECT_FALSE(*store->load_older());
  for (const auto& [state, older] : {std::pair("one", "one"), {"two", "one"}, {"three", "two"}}) {
    ASSERT_TRUE(store->write("", state));
    const auto loaded = opened_store(disk)->load_older();
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_EQ((*loaded)->state, older);
  }
  const std::string path = opened_store(disk)->kept().front().path;
  disk.set_content(path, disk.content(path).substr(0, 40));
  store = opened_store(disk);
  EXPECT_EQ((*store->load_older())->state, "three");
  EXPECT_EQ(store->problems().size(), 1u);
}

TEST(SnapshotStore, AnySizeInAnyPieces) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{1} << 20) + 1, size_t{3} << 20}) {
    SimulatedDisk disk;
    auto store = opened_store(disk);
    const std::string state = state_of(size, size);
    auto writer = store->begin("n");
    for (size_t at = 0; at < size; at += 70'001) ASSERT_TRUE((*writer)->append(state.substr(at, 70'001)));
    ASSERT_TRUE(store->commit(std::move(*writer)));
    EXPECT_EQ((*opened_store(disk)->load())->state, state);
  }
}

TEST(SnapshotStore, NamesDoNotMix) {
  SimulatedDisk disk;
  ASSERT_TRUE(opened_store(disk, "a")->write("", "of a"));
  ASSERT_TRUE(opened_store(disk, "a-b")->write("", "of a-b"));
  EXPECT_EQ((*opened_store(disk, "a")->load())->state, "of a");
  EXPECT_EQ((*opened_store(disk, "a-b")->load())->state, "of a-b");
}

// One bit anywhere in the newest, or the newest cut anywhere: said with its place, and the older one is taken.
TEST(SnapshotStore, ATornOrDamagedOneFallsBack) {
  SimulatedDisk whole;
  ASSERT_TRUE(opened_store(whole)->write("old", state_of(300, 1)));
  ASSERT_TRUE(opened_store(whole)->write("new", state_of(900, 2)));
  const std::string old_path = whole.paths()[0], path = whole.paths()[1];
  const std::string bytes = whole.content(path);
  std::mt19937_64 random(1);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const bool cut : {false, true}) {
      std::string changed = bytes;
      if (cut) {
        changed.resize(at);
      } else {
        changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
      }
      SimulatedDisk disk;
      disk.set_content(old_path, whole.content(old_path));
      disk.set_content(path, changed);
      auto store = opened_store(disk);
      const auto loaded = store->load();
      ASSERT_TRUE(loaded && *loaded) << at;
      ASSERT_EQ((*loaded)->info.note, "old") << at;
      ASSERT_EQ((*loaded)->state, state_of(300, 1));
      ASSERT_EQ(store->problems().size(), 1u);
      ASSERT_NE(store->problems()[0].find(path), std::string::npos);
      ASSERT_NE(store->problems()[0].find(", bytes "), std::string::npos);
      ASSERT_EQ(store->write("newer", "x")->number, 3u) << "the number of the damaged one is not used again";
      ASSERT_EQ(disk.paths().size(), 2u) << "the damaged one is removed, the old one is not";
      ASSERT_EQ(disk.content(old_path), whole.content(old_path));
    }
  }
}

TEST(SnapshotStore, ChunksCannotChangePlaces) {
  SimulatedDisk disk;
  const size_t chunk = 1 << 20;
  ASSERT_TRUE(opened_store(disk)->write("", state_of(2 * chunk, 1)));
  const std::string path = disk.paths()[0];
  const std::string bytes = disk.content(path);
  const size_t framed = chunk + 8;
  disk.set_content(path, bytes.substr(0, 32) + bytes.substr(32 + framed, framed) + bytes.substr(32, framed) +
                             bytes.substr(32 + 2 * framed));
  auto store = opened_store(disk);
  EXPECT_FALSE(*store->load());
  ASSERT_EQ(store->problems().size(), 1u);
  EXPECT_NE(store->problems()[0].find("damaged chunk, bytes 32 to "), std::string::npos) << store->problems()[0];
}

TEST(SnapshotStore, AnotherVersionIsAnErrorAndNotRemoved) {
  SimulatedDisk disk;
  ASSERT_TRUE(opened_store(disk)->write("", "state"));
  const std::string path = disk.paths()[0];
  const std::string bytes = disk.content(path);
  std::string head = bytes.substr(0, 8);
  put_u32(head, 2);
  head += bytes.substr(12, 16);
  put_u32(head, crc32c(head));
  disk.set_content(path, head + bytes.substr(32));
  const auto store = SnapshotStore::open(disk, "/snap", "state");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("has format version 2, this program reads version 1"), std::string::npos);
  EXPECT_EQ(disk.paths().size(), 1u);
}

TEST(SnapshotStore, AFullDiskGetsBackTheRoomOfWhatFailed) {
  SimulatedDisk disk;
  auto store = opened_store(disk);
  ASSERT_TRUE(store->write("1", "first"));
  const auto before = disk.paths();
  disk.set_capacity(4'000);
  EXPECT_FALSE(store->write("2", std::string(10u << 20, 'x')));
  EXPECT_EQ(disk.paths(), before);
}

TEST(SnapshotStore, WhatFailsLeavesTheOthersAlone) {
  for (const Fault fault : {Fault::Broken, Fault::Full}) {
    for (uint64_t operation = 1;; ++operation) {
      SimulatedDisk disk;
      auto store = opened_store(disk);
      ASSERT_TRUE(store->write("1", "first"));
      ASSERT_TRUE(store->write("2", "second"));
      disk.fault_at(operation, fault);
      const bool written = store->write("3", "third").has_value();
      if (written) disk.kill_process();  // the fault lies ahead: forget it
      const auto now = opened_store(disk)->load();
      ASSERT_TRUE(now && *now);
      if (written) {
        EXPECT_EQ((*now)->state, "third");
        break;
      }
      EXPECT_TRUE((*now)->state == "second" || (*now)->state == "third") << operation;
      EXPECT_TRUE(store->write("3", "again")) << "the next attempt works";
      EXPECT_EQ((*opened_store(disk)->load())->state, "again");
      ASSERT_LT(operation, 20u);
    }
  }
}

}  // namespace
}  // namespace kubevigil
