// FileTransport on a disk that loses power, breaks and fills up: every message once, in order, whole.
#include "outputs/file_transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "engine/base/text.h"
#include "tests/support/gated_disk.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

const FileTransportOptions kOptions = {"/var/alerts.jsonl", 100, 1000, true};

Message message(std::string body) { return {std::move(body), "application/x-ndjson", {}}; }

std::unique_ptr<FileTransport> open(SimulatedDisk& disk, std::string_view position,
                                    const FileTransportOptions& options = kOptions) {
  auto opened = FileTransport::open(options, position, disk);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  return opened ? std::move(*opened) : nullptr;
}

// The position without its hash.
std::string extent(const FileTransport& file) {
  const std::string position = file.position();
  return position.substr(0, position.rfind(':'));
}

// Rotated files by number, then the active one.
std::string all_text(SimulatedDisk& disk, const std::string& path = kOptions.path) {
  std::string out;
  for (uint64_t n = 1; n < 2000; ++n) {
    for (const std::string& name : disk.paths()) {
      if (name == fmt::format("{}.{}", path, n)) out += disk.content(name);
    }
  }
  for (const std::string& name : disk.paths()) {
    if (name == path) out += disk.content(name);
  }
  return out;
}

TEST(FileTransport, AppendsAndRotates) {
  SimulatedDisk disk;
  auto file = open(disk, "");
  EXPECT_EQ(file->send(message("one\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(extent(*file), "1:4");
  EXPECT_EQ(file->send(message("without a newline")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(disk.content(kOptions.path), "one\nwithout a newline\n");
  file->send(message(std::string(90, 'x')));
  EXPECT_EQ(extent(*file), "2:91");
  EXPECT_EQ(disk.content(kOptions.path + ".1"), "one\nwithout a newline\n");
  file->send(message(std::string(500, 'y')));
  EXPECT_EQ(extent(*file), "3:501") << "larger than a file: alone in one";
  EXPECT_EQ(file->note(), "");
}

TEST(FileTransport, OldFilesAreRemoved) {
  SimulatedDisk disk;
  FileTransportOptions options = kOptions;
  options.keep = 2;
  auto file = open(disk, "", options);
  for (int i = 0; i < 6; ++i) file->send(message(std::string(80, static_cast<char>('a' + i))));
  EXPECT_EQ(disk.paths(),
            (std::vector<std::string>{"/var/alerts.jsonl", "/var/alerts.jsonl.4", "/var/alerts.jsonl.5"}));
  EXPECT_EQ(extent(*open(disk, file->position(), options)), "6:81") << "numbers go on";
  options.keep = 1;
  open(disk, file->position(), options)->send(message(std::string(80, 'z')));
  EXPECT_EQ(disk.paths(), (std::vector<std::string>{"/var/alerts.jsonl", "/var/alerts.jsonl.6"})) << "all that are old";
}

TEST(FileTransport, WhatStandsBehindThePositionIsCutOff) {
  SimulatedDisk disk;
  auto file = open(disk, "");
  file->send(message("one\n"));
  const std::string stored = file->position();
  file->send(message("two\n"));
  EXPECT_EQ(extent(*open(disk, stored)), "1:4");
  EXPECT_EQ(disk.content(kOptions.path), "one\n");
  file = open(disk, stored);
  file->send(message(std::string(99, 'r')));  // rotates
  EXPECT_EQ(extent(*open(disk, stored)), "1:4") << "the rotation is undone";
  EXPECT_EQ(all_text(disk), "one\n");
}

struct OddPosition {
  const char* position;
  const char* content;  // of the active file before
  const char* after;
  bool noted;
};

TEST(FileTransport, PositionsThatDoNotFitCostNothing) {
  constexpr OddPosition kRows[] = {
      {"", "one\n", "one\n", false},
      {"", "somebody's", "somebody's\n", false},
      {"1:2", "one\n", "one\n", true},
      {"1:2:0123456789abcdef", "one\n", "one\n", true},
      {"1:2:0123456789abcdef", "one\ntwo", "one\ntwo\n", true},
      {"1:90:0123456789abcdef", "one\n", "one\n", true},
      {"7:2:0123456789abcdef", "one\n", "one\n", true},
      {"rubbish", "one\n", "one\n", true},
      {"1:-2:", "one\n", "one\n", true},
      {"1:04:0123456789abcdef", "one\n", "one\n", true},
      {"::", "one\n", "one\n", true},
      {"99999999999999999999:1:0123456789abcdef", "one\n", "one\n", true},
  };
  for (const OddPosition& row : kRows) {
    SimulatedDisk disk;
    ASSERT_TRUE(disk.make_folder("/var"));
    ASSERT_TRUE(disk.create(kOptions.path));
    disk.set_content(kOptions.path, row.content);
    const auto file = open(disk, row.position);
    EXPECT_EQ(disk.content(kOptions.path), row.after) << row.position;
    EXPECT_EQ(!file->note().empty(), row.noted) << row.position << " " << file->note();
  }
}

// The outbox keeps one position an output, whatever path its configuration names.
TEST(FileTransport, APositionInAnotherFileCutsNothing) {
  FileTransportOptions other = kOptions;
  other.path = "/var/other.jsonl";
  SimulatedDisk disk;
  auto file = open(disk, "");
  for (const char* line : {"one\n", "two\n", "three\n"}) file->send(message(line));
  file = open(disk, file->position(), other);
  EXPECT_THAT(file->note(), testing::HasSubstr("/var/other.jsonl is not as this sink left it"));
  file->send(message("one\n"));
  const std::string in_other = file->position();
  EXPECT_EQ(extent(*file), "1:4");
  file = open(disk, in_other);  // back again: the same number, a smaller size, the same last line in front of it
  EXPECT_EQ(disk.content(kOptions.path), "one\ntwo\nthree\n");
  EXPECT_NE(file->note(), "");
  file->send(message("four\n"));
  EXPECT_EQ(disk.content(kOptions.path), "one\ntwo\nthree\nfour\n");
  for (int i = 0; i < 2; ++i) file->send(message(std::string(99, 'r')));
  ASSERT_EQ(extent(*file), "3:100");
  const std::string before = all_text(disk);
  open(disk, "2:4" + in_other.substr(3));
  EXPECT_EQ(all_text(disk), before) << "no rotation is undone for it";
}

TEST(FileTransport, AFileThatWasPutInThePlaceOfOursIsNotCut) {
  SimulatedDisk disk;
  auto file = open(disk, "");
  file->send(message("one\n"));
  const std::string stored = file->position();
  disk.set_content(kOptions.path, "somebody else's\n");
  EXPECT_NE(open(disk, stored)->note(), "");
  EXPECT_EQ(disk.content(kOptions.path), "somebody else's\n");
}

// By hand, by logrotate, by a cleaner of old files: what is sent afterwards must not go into a file without a name.
TEST(FileTransport, AFileThatLostItsNameIsBegunAnew) {
  SimulatedDisk disk;
  auto file = open(disk, "");
  file->send(message("one\n"));
  ASSERT_TRUE(disk.remove(kOptions.path));
  EXPECT_EQ(file->send(message("two\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(disk.content(kOptions.path), "two\n");
  EXPECT_EQ(extent(*file), "1:4");
  ASSERT_TRUE(disk.rename(kOptions.path, "/var/elsewhere"));
  EXPECT_EQ(file->send(message("three\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(disk.content("/var/elsewhere"), "two\n");
  EXPECT_EQ(disk.content(kOptions.path), "three\n");
  ASSERT_TRUE(disk.rename(kOptions.path, kOptions.path + ".1"));
  ASSERT_TRUE(disk.create(kOptions.path));
  disk.set_content(kOptions.path, "somebody's\n");
  EXPECT_EQ(file->send(message("four\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(all_text(disk), "three\nsomebody's\nfour\n") << "what others put there stays";
  EXPECT_EQ(extent(*open(disk, file->position())), "2:16");
  EXPECT_EQ(all_text(disk), "three\nsomebody's\nfour\n");
}

TEST(FileTransport, AMessageIsNotDeliveredIntoAFileThatIsRemovedMeanwhile) {
  SimulatedDisk disk;
  test::GatedDisk gated(disk);
  auto opened = FileTransport::open(kOptions, "", gated);
  ASSERT_TRUE(opened);
  gated.close_gate();
  std::thread other([&] {
    while (gated.waiting() == 0) std::this_thread::yield();  // the bytes are written, the sync is not done
    EXPECT_TRUE(disk.remove(kOptions.path));
    gated.open_gate();
  });
  const Delivery torn = (*opened)->send(message("one\n"));
  other.join();
  EXPECT_EQ(torn.kind, Delivery::Kind::Retry);
  EXPECT_THAT(torn.reason, testing::HasSubstr("was removed or replaced"));
  EXPECT_EQ((*opened)->send(message("one\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(disk.content(kOptions.path), "one\n");
}

TEST(FileTransport, StalePositionsRemoveNothing) {
  SimulatedDisk disk;
  auto file = open(disk, "");
  file->send(message("one\n"));
  const std::string stale = file->position();
  for (int i = 0; i < 5; ++i) file->send(message(std::string(80, 'x')));
  const std::string before = all_text(disk);
  EXPECT_NE(open(disk, stale)->note(), "");
  EXPECT_EQ(all_text(disk), before);
}

TEST(FileTransport, FullDisksAreTriedAgain) {
  SimulatedDisk disk;
  disk.set_capacity(10);
  auto file = open(disk, "");
  EXPECT_EQ(file->send(message("12345\n")).kind, Delivery::Kind::Delivered);
  const Delivery refused = file->send(message("678901234\n"));
  EXPECT_EQ(refused.kind, Delivery::Kind::Retry);
  EXPECT_NE(refused.reason, "");
  disk.set_capacity(100);
  EXPECT_EQ(file->send(message("678901234\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(all_text(disk), "12345\n678901234\n");
}

// A half line of somebody else is ended before ours: on a full disk that waits for the first message.
TEST(FileTransport, OpensOnAFullDisk) {
  SimulatedDisk disk;
  disk.set_content(kOptions.path, "half a line");
  disk.set_capacity(disk.used_bytes());
  auto file = open(disk, "");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->send(message("1\n")).kind, Delivery::Kind::Retry);
  disk.set_capacity(UINT64_MAX);
  EXPECT_EQ(file->send(message("1\n")).kind, Delivery::Kind::Delivered);
  EXPECT_EQ(all_text(disk), "half a line\n1\n");
}

// Sends `count` messages while the disk fails at random; the sink's cursor and position survive, as the outbox does it.
// Returns what is in the files at the end.
std::string survive(uint64_t seed, int count, SimulatedDisk& disk) {
  std::mt19937_64 random(seed);
  std::string position;
  int cursor = 0;
  int crashes = 0;
  std::unique_ptr<FileTransport> file;
  while (cursor < count) {
    if (file == nullptr) {
      auto opened = FileTransport::open(kOptions, position, disk);
      if (!opened) {  // power is off
        disk.lose_power(random());
        continue;
      }
      file = std::move(*opened);
      position = file->position();
    }
    if (crashes < 6 && random() % 4 == 0) {
      constexpr Fault kFaults[] = {Fault::PowerOff, Fault::Broken, Fault::Full, Fault::Short, Fault::Interrupt};
      disk.fault_at(1 + random() % 8, kFaults[random() % 5]);
      ++crashes;
    }
    const Delivery sent = file->send(message(fmt::format("{} {}\n", cursor, std::string(random() % 60, 'x'))));
    const bool dies = random() % 8 == 0;  // with the cursor stored, or a moment before
    if (sent.kind == Delivery::Kind::Delivered && (!dies || random() % 2 == 0)) {
      ++cursor;
      position = file->position();
    }
    if (dies || (sent.kind != Delivery::Kind::Delivered && random() % 2 == 0)) {
      file.reset();
      disk.lose_power(random());
    }
  }
  disk.lose_power(random());
  return all_text(disk);
}

bool every_message_once(const std::string& text, int count) {
  const std::vector<std::string_view> lines = split(text, '\n');
  if (lines.size() != static_cast<size_t>(count) + 1 || !lines.back().empty()) return false;
  for (int i = 0; i < count; ++i) {
    const std::string start = fmt::format("{} ", i);
    const std::string_view line = lines[static_cast<size_t>(i)];
    if (!line.starts_with(start) || line.find_first_not_of('x', start.size()) != std::string_view::npos) return false;
  }
  return true;
}

TEST(FileTransport, EveryMessageOnceThroughLossOfPower) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedDisk disk;
    const std::string text = survive(seed, 40, disk);
    ASSERT_TRUE(every_message_once(text, 40)) << "seed " << seed << "\n" << text;
  }
}

TEST(FileTransport, NoSyncIsForShow) {
  SimulatedDisk plain;
  for (uint64_t seed = 1; seed <= 20; ++seed) survive(seed, 40, plain);
  std::vector<std::string> places;
  for (const std::string& place : plain.sync_places()) {
    if (place.starts_with("file_transport.cpp:")) places.push_back(place);
  }
  EXPECT_EQ(places.size(), 6u) << "undo, open, cut, rotate twice, write";
  for (const std::string& place : places) {
    bool noticed = false;
    for (uint64_t seed = 1; seed <= 400 && !noticed; ++seed) {
      SimulatedDisk disk;
      disk.ignore_sync(place);
      noticed = !every_message_once(survive(seed, 40, disk), 40);
    }
    EXPECT_TRUE(noticed) << place << " can be left out";
  }
}

}  // namespace
}  // namespace kubevigil
