#include "engine/run/journal.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

JournalOptions small_journal() {
  JournalOptions options;
  options.folder = "/journal";
  options.segment_bytes = 1500;
  options.commit.own_thread = false;
  return options;
}

std::unique_ptr<Journal> opened_journal(Disk& disk, const JournalOptions& options = small_journal()) {
  auto journal = Journal::open(disk, options);
  EXPECT_TRUE(journal) << journal.error().message;
  return journal ? std::move(*journal) : nullptr;
}

JournalEntry entry_of(uint64_t n) {
  const std::string text(n * 13 % 200, static_cast<char>(n));
  switch (n % 3) {
    case 0:
      return JournalInput{"spool", std::to_string(n), text, n, Timestamp{-static_cast<int64_t>(n)}};
    case 1:
      return JournalControl{"idle", text, "", Timestamp{static_cast<int64_t>(n)}};
    default:
      return JournalAlert{"id" + std::to_string(n), static_cast<uint32_t>(n), text};
  }
}

// How many entries from `from` on are as entry_of says; fails on others and on gaps.
uint64_t count_good(const Journal& journal, uint64_t from) {
  JournalReader reader(journal, from);
  uint64_t count = 0;
  for (auto step = reader.next(); *step != JournalReader::Step::End; step = reader.next()) {
    EXPECT_EQ(*step, JournalReader::Step::Entry);
    EXPECT_EQ(reader.sequence(), from + count);
    EXPECT_EQ(reader.entry(), entry_of(from + count));
    ++count;
  }
  return count;
}

TEST(Journal, EntriesComeBackInOrder) {
  SimulatedDisk disk;
  auto journal = opened_journal(disk);
  for (uint64_t n = 1; n <= 50; ++n) journal->append(entry_of(n));
  EXPECT_EQ(count_good(*journal, 1), 0u) << "nothing is shown before it is durable";
  ASSERT_TRUE(journal->flush());
  EXPECT_EQ(count_good(*journal, 1), 50u);
  disk.lose_power(1);
  journal = opened_journal(disk);
  EXPECT_EQ(count_good(*journal, 1), 50u);
  ASSERT_TRUE(journal->trim(30));
  EXPECT_GT(journal->first_sequence(), 1u);
  EXPECT_EQ(count_good(*journal, 30), 21u);
}

TEST(Journal, CrashesAnywhereKeepAPrefixWithAllThatWasFlushed) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    SimulatedDisk disk;
    uint64_t flushed = 0, appended = 0;
    for (int life = 0; life < 4; ++life) {
      disk.fault_at(1 + random() % 30, Fault::PowerOff);
      if (auto opening = Journal::open(disk, small_journal())) {
        auto& journal = **opening;
        const uint64_t there = count_good(journal, 1);
        ASSERT_GE(there, flushed);
        ASSERT_LE(there, appended);
        flushed = appended = there;
        for (size_t i = random() % 40; i > 0; --i) {
          journal.append(entry_of(++appended));
          if (random() % 4 == 0 && journal.flush()) flushed = appended;
        }
      }
      if (random() % 3 == 0) {
        disk.kill_process();
      } else {
        disk.lose_power(random());
      }
    }
    auto journal = opened_journal(disk);
    ASSERT_GE(count_good(*journal, 1), flushed);
  }
}

TEST(Journal, AfterARefusedEntryThereIsNoOther) {
  SimulatedDisk disk;
  auto journal = opened_journal(disk);
  for (uint64_t n = 1; n <= 3; ++n) journal->append(entry_of(n));
  ASSERT_TRUE(journal->flush());
  disk.set_capacity(0);
  journal->append(entry_of(4));
  EXPECT_EQ(journal->flush().error().fault, DiskFault::Full);
  disk.set_capacity(1 << 20);
  journal->append(entry_of(5));
  EXPECT_FALSE(journal->flush()) << "there would be a hole in the order";
  ASSERT_TRUE(journal->broken());
  EXPECT_EQ(journal->broken()->fault, DiskFault::Full);
  EXPECT_EQ(count_good(*journal, 1), 3u);
  journal = opened_journal(disk);
  EXPECT_FALSE(journal->broken());
  journal->append(entry_of(4));
  EXPECT_TRUE(journal->flush());
}

TEST(Journal, TheReserveKeepsItGoing) {
  SimulatedDisk disk;
  disk.set_capacity(20'000);
  auto reserve = DiskReserve::open(disk, "/journal", 8'000);
  JournalOptions options = small_journal();
  options.reserve = reserve->get();
  auto journal = opened_journal(disk, options);
  uint64_t n = 0, at_release = 0;
  while (!journal->broken()) {
    journal->append(entry_of(++n));
    static_cast<void>(journal->flush());
    if (at_release == 0 && !(*reserve)->held()) at_release = n;
  }
  EXPECT_GT(n - at_release, 30u);
  EXPECT_EQ(count_good(*journal, 1), n - 1);
}

TEST(Journal, AFlippedBitIsAGapWithItsRange) {
  SimulatedDisk disk;
  auto journal = opened_journal(disk);
  for (uint64_t n = 1; n <= 30; ++n) {
    journal->append(entry_of(n));
    ASSERT_TRUE(journal->flush());
  }
  const auto view = journal->log().segment_for(12);
  std::string bytes = disk.content(view->path);
  const size_t at =
      bytes.find("id" + std::to_string(view->first % 3 == 2 ? view->first : view->first + 2 - view->first % 3));
  ASSERT_NE(at, std::string::npos);
  const uint64_t hit = std::stoul(bytes.substr(at + 2));
  bytes[at] ^= 1;
  disk.set_content(view->path, bytes);
  JournalReader reader(*journal, 1);
  uint64_t good = 0, gaps = 0;
  for (auto step = reader.next(); *step != JournalReader::Step::End; step = reader.next()) {
    if (*step == JournalReader::Step::Entry) {
      EXPECT_EQ(reader.entry(), entry_of(reader.sequence()));
      ++good;
      continue;
    }
    ++gaps;
    EXPECT_EQ(reader.gap().first, hit);
    EXPECT_EQ(reader.gap().end, hit + 1);
    EXPECT_LE(reader.gap().begin_byte, at);
    EXPECT_GT(reader.gap().end_byte, at);
  }
  EXPECT_EQ(good, 29u);
  EXPECT_EQ(gaps, 1u);
}

TEST(JournalEntry, OtherBytesAreNoEntry) {
  for (uint64_t n = 0; n < 6; ++n) {
    const JournalRecord record = encode_entry(entry_of(n));
    EXPECT_EQ(decode_entry(record.kind, record.payload), entry_of(n));
    for (size_t cut = 0; cut < record.payload.size(); ++cut) {
      EXPECT_FALSE(decode_entry(record.kind, std::string_view(record.payload).substr(0, cut)));
    }
    EXPECT_FALSE(decode_entry(record.kind, record.payload + "x"));
    EXPECT_FALSE(decode_entry(99, record.payload));
  }
}

}  // namespace
}  // namespace kubevigil
