#include "engine/run/segment_log.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/run/log_reader.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

SegmentLogOptions small_segments(uint64_t secret = 7) {
  SegmentLogOptions options;
  options.folder = "/log";
  options.name = "t";
  options.segment_bytes = 400;
  options.secret = secret;
  return options;
}

std::string payload_of(uint64_t sequence) {
  return "record " + std::to_string(sequence) + std::string(sequence * 37 % 90, static_cast<char>('a' + sequence % 26));
}

std::unique_ptr<SegmentLog> opened_log(Disk& disk, SegmentLogOptions options = small_segments()) {
  auto log = SegmentLog::open(disk, std::move(options));
  EXPECT_TRUE(log) << log.error().message;
  return log ? std::move(*log) : nullptr;
}

void append(SegmentLog& log, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; ++i) {
    const auto sequence = log.append(static_cast<uint32_t>(i), payload_of(i));
    ASSERT_TRUE(sequence) << sequence.error().message;
    ASSERT_EQ(*sequence, i);
  }
  ASSERT_TRUE(log.sync());
}

// "1 2 (3 4) 5": records, and gaps in brackets. Every payload is checked.
std::string read_all(LogReader& reader) {
  std::string out;
  for (;;) {
    const auto step = reader.next();
    if (!step) return out + "error: " + step.error().message;
    if (*step == LogReader::Step::End) return out;
    if (!out.empty()) out += ' ';
    if (*step == LogReader::Step::Gap) {
      out += "(" + std::to_string(reader.gap().first) + "-" + std::to_string(reader.gap().end - 1) + ")";
    } else {
      const LogRecord& record = reader.record();
      out += std::to_string(record.sequence);
      EXPECT_EQ(record.payload, payload_of(record.sequence));
      EXPECT_EQ(record.kind, static_cast<uint32_t>(record.sequence));
    }
  }
}
std::string read_all(const SegmentLog& log, uint64_t from = 1) {
  LogReader reader(log, from);
  return read_all(reader);
}
std::string numbers(uint64_t from, uint64_t to) {
  std::string out;
  for (uint64_t i = from; i < to; ++i) out += (out.empty() ? "" : " ") + std::to_string(i);
  return out;
}

TEST(SegmentLog, GivesBackWhatIsDurable) {
  SimulatedDisk disk;
  auto log = opened_log(disk);
  LogReader follower(*log, 1);
  EXPECT_EQ(read_all(follower), "");
  append(*log, 1, 4);
  EXPECT_EQ(read_all(follower), "1 2 3");
  ASSERT_TRUE(log->append(4, payload_of(4)));
  EXPECT_EQ(read_all(follower), "") << "not durable yet";
  ASSERT_TRUE(log->sync());
  EXPECT_EQ(read_all(follower), "4");
  append(*log, 5, 30);
  EXPECT_EQ(read_all(follower), numbers(5, 30));
  EXPECT_GT(disk.paths().size(), 4u);
  EXPECT_EQ(read_all(*log, 17), numbers(17, 30));
  log.reset();
  log = opened_log(disk);
  EXPECT_TRUE(log->damage().empty());
  EXPECT_EQ(read_all(*log), numbers(1, 30));
  append(*log, 30, 40);
  EXPECT_EQ(read_all(*log, 25), numbers(25, 40));
}

TEST(SegmentLog, TrimsWholeSegmentsAndNeverForgetsItsNumbers) {
  SimulatedDisk disk;
  auto log = opened_log(disk);
  append(*log, 1, 30);
  const uint64_t bytes = log->bytes();
  ASSERT_TRUE(log->trim(20));
  EXPECT_LE(log->first_sequence(), 20u);
  EXPECT_GT(log->first_sequence(), 10u);
  EXPECT_LT(log->bytes(), bytes);
  EXPECT_EQ(read_all(*log, 20), numbers(20, 30));
  EXPECT_EQ(read_all(*log, 1),
            "(1-" + std::to_string(log->first_sequence() - 1) + ") " + numbers(log->first_sequence(), 30));
  ASSERT_TRUE(log->trim(1000));
  EXPECT_EQ(disk.paths().size(), 1u);
  for (int i = 0; i < 3; ++i) {  // restarts without a record in between
    log.reset();
    log = opened_log(disk);
  }
  append(*log, 30, 31);
  EXPECT_EQ(read_all(*log, 30), "30");
}

TEST(SegmentLog, ATornTailIsCutAtEveryLength) {
  SimulatedDisk whole;
  auto log = opened_log(whole);
  append(*log, 1, 4);  // one segment
  const std::string path = whole.paths().front();
  const std::string bytes = whole.content(path);
  std::vector<uint64_t> ends = {kSegmentDataBegin};
  for (uint64_t i = 1; i < 4; ++i) ends.push_back(ends.back() + kRecordHeaderBytes + payload_of(i).size());
  ASSERT_EQ(ends.back(), bytes.size());
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    SimulatedDisk disk;
    disk.set_content(path, bytes.substr(0, cut));
    auto torn = opened_log(disk, small_segments(8));
    const size_t whole_records = std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin();
    const size_t kept = whole_records == 0 ? 0 : whole_records - 1;
    ASSERT_EQ(read_all(*torn), numbers(1, kept + 1)) << cut;
    const bool on_border = std::find(ends.begin(), ends.end(), cut) != ends.end();
    ASSERT_EQ(torn->damage().size(), on_border ? 0u : 1u) << cut;
    if (!on_border) {
      const LogDamage& damage = torn->damage().front();
      EXPECT_EQ(damage.kind, LogDamage::Kind::TornTail);
      EXPECT_EQ(damage.begin_byte, whole_records == 0 ? 0 : ends[kept]);
      EXPECT_EQ(damage.end_byte, cut);
    }
    append(*torn, kept + 1, kept + 9);
    ASSERT_EQ(read_all(*torn), numbers(1, kept + 9)) << cut;
  }
}

// What is readable in a log of records [1, end) after one byte of record `hit` changed: all but that record.
TEST(SegmentLog, AFlippedBitCostsOneRecordAndIsReportedExactly) {
  SimulatedDisk whole;
  auto log = opened_log(whole);
  for (uint64_t i = 1; i < 30; ++i) append(*log, i, i + 1);
  log.reset();
  const std::vector<std::string> paths = whole.paths();
  std::mt19937_64 random(1);
  size_t gaps = 0, tails = 0, headers = 0;
  for (int round = 0; round < 1000; ++round) {
    SimulatedDisk disk;
    for (const std::string& path : paths) disk.set_content(path, whole.content(path));
    const std::string& path = paths[random() % paths.size()];
    std::string bytes = disk.content(path);
    const size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    disk.set_content(path, bytes);
    SCOPED_TRACE(path + " byte " + std::to_string(at));

    auto damaged = opened_log(disk, small_segments(9));
    LogReader reader(*damaged, 1);
    std::vector<uint64_t> seen;
    std::vector<LogDamage> reported = damaged->damage();
    for (;;) {
      const auto step = reader.next();
      ASSERT_TRUE(step);
      if (*step == LogReader::Step::End) break;
      if (*step == LogReader::Step::Gap) {
        reported.push_back(reader.gap());
        continue;
      }
      ASSERT_EQ(reader.record().payload, payload_of(reader.record().sequence));
      ASSERT_TRUE(seen.empty() || seen.back() < reader.record().sequence);
      seen.push_back(reader.record().sequence);
    }
    if (at < kSegmentDataBegin) {
      EXPECT_EQ(seen.size(), 29u) << "a header has its copy";
      ASSERT_EQ(reported.size(), 1u);
      EXPECT_EQ(reported[0].kind, LogDamage::Kind::Header);
      EXPECT_EQ(reported[0].file, path);
      ++headers;
      continue;
    }
    ASSERT_EQ(seen.size(), 28u);
    ASSERT_FALSE(reported.empty());
    for (const LogDamage& damage : reported) {
      EXPECT_EQ(damage.file, path);
      EXPECT_LE(damage.begin_byte, at);
      EXPECT_GT(damage.end_byte, at);
    }
    const bool tail = reported.front().kind == LogDamage::Kind::TornTail;
    tails += tail;
    gaps += !tail;
    if (!tail) {
      EXPECT_EQ(reported.back().end - reported.back().first, 1u);
      EXPECT_EQ(std::count(seen.begin(), seen.end(), reported.back().first), 0);
    }
  }
  EXPECT_GT(gaps, 500u);
  EXPECT_GT(tails, 5u) << "the last record: nothing proves that it was safe once";
  EXPECT_GT(headers, 50u);
}

TEST(SegmentLog, AMissingSegmentIsAGap) {
  SimulatedDisk disk;
  auto log = opened_log(disk);
  append(*log, 1, 30);
  const auto lost = log->segment_for(15);
  ASSERT_TRUE(disk.remove(lost->path));
  const std::string expected = numbers(1, lost->first) + " (" + std::to_string(lost->first) + "-" +
                               std::to_string(lost->end - 1) + ") " + numbers(lost->end, 30);
  EXPECT_EQ(read_all(*log), expected);
  log = opened_log(disk);
  EXPECT_EQ(read_all(*log), expected);
}

// A payload that looks like a record, written by somebody who knows everything but the mark.
TEST(SegmentLog, APayloadCannotPassForARecord) {
  SimulatedDisk disk;
  auto log = opened_log(disk);
  ASSERT_TRUE(log->append(1, "first"));
  std::string forged = encode_record_header({0, 3, 2, 666, 4, 0}) + "evil";
  ASSERT_TRUE(log->append(2, forged));
  ASSERT_TRUE(log->append(3, "third"));
  ASSERT_TRUE(log->sync());
  ASSERT_TRUE(log->append(4, "fourth"));
  ASSERT_TRUE(log->sync());
  const std::string path = log->segment_for(1)->path;
  std::string bytes = disk.content(path);
  bytes[kSegmentDataBegin + kRecordHeaderBytes + 5 + 8] ^= 1;  // sequence of the second record
  disk.set_content(path, bytes);
  LogReader reader(*log, 1);
  std::string kinds;
  for (auto step = reader.next(); step && *step != LogReader::Step::End; step = reader.next()) {
    kinds += *step == LogReader::Step::Gap ? "gap " : std::to_string(reader.record().kind) + " ";
  }
  EXPECT_EQ(kinds, "1 gap 3 4 ");
}

TEST(SegmentLog, AnotherFormatVersionIsRefused) {
  SimulatedDisk disk;
  disk.set_content("/log/t-0000000000000001.log", encode_segment_header({2, 1, 99}));
  const auto log = SegmentLog::open(disk, small_segments());
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("format version 2, this program reads version 1"), std::string::npos);
}

TEST(SegmentLog, AFullDiskCostsTheRecordOnly) {
  SimulatedDisk disk;
  auto log = opened_log(disk);
  append(*log, 1, 3);
  disk.set_capacity(0);
  for (int i = 0; i < 20; ++i) {  // also when a new segment is wanted
    const auto refused = log->append(3, std::string(100 * i, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, DiskFault::Full);
  }
  disk.set_capacity(1 << 20);
  append(*log, 3, 12);
  disk.fault_at(1, Fault::Full);  // in the middle of a write
  EXPECT_EQ(log->append(12, payload_of(12)).error().fault, DiskFault::Full);
  append(*log, 12, 20);
  EXPECT_EQ(read_all(*log), numbers(1, 20));
  disk.lose_power(1);
  EXPECT_EQ(read_all(*opened_log(disk)), numbers(1, 20));
}

TEST(SegmentLog, TheReserveIsUsedWhenTheDiskIsFull) {
  SimulatedDisk disk;
  disk.set_capacity(10'000);
  auto reserve = DiskReserve::open(disk, "/log", 4'000);
  ASSERT_TRUE(reserve);
  ASSERT_TRUE((*reserve)->held());
  SegmentLogOptions options = small_segments();
  options.reserve = reserve->get();
  auto log = opened_log(disk, options);
  uint64_t next = 1;
  while ((*reserve)->held()) {
    append(*log, next, next + 1);
    ++next;
  }
  const uint64_t without = next;
  while (log->append(static_cast<uint32_t>(next), payload_of(next))) ++next;
  EXPECT_GT((next - without) * 130, 3'000u) << "the room of the reserve was not used";
  EXPECT_FALSE((*reserve)->refill()) << "still full";
  EXPECT_FALSE((*reserve)->release()) << "only once";
  ASSERT_TRUE(log->sync());
  ASSERT_TRUE(log->trim(next));
  EXPECT_TRUE((*reserve)->refill());
  EXPECT_TRUE((*DiskReserve::open(disk, "/log", 4'000))->held());
}

TEST(SegmentLog, ABrokenDiskClosesTheLog) {
  for (uint64_t operation = 1; operation <= 2; ++operation) {
    SimulatedDisk disk;
    auto log = opened_log(disk);
    append(*log, 1, 3);
    disk.fault_at(operation, Fault::Broken);  // the write, then the sync
    const bool written = log->append(3, payload_of(3)).has_value();
    EXPECT_EQ(written, operation == 2);
    if (written) {
      EXPECT_EQ(log->sync().error().fault, DiskFault::Failed);
    }
    const uint64_t operations = disk.operations();
    EXPECT_EQ(log->append(4, "x").error().fault, DiskFault::Failed);
    EXPECT_FALSE(log->sync());
    EXPECT_TRUE(log->dead());
    EXPECT_EQ(disk.operations(), operations) << "nothing is tried again";
    EXPECT_EQ(read_all(*log), "1 2");
    log.reset();
    disk.kill_process();
    log = opened_log(disk, small_segments(8));
    EXPECT_EQ(read_all(*log), "1 2") << "what the failed sync left in memory is not believed";
    append(*log, 3, 9);
    disk.lose_power(operation);
    EXPECT_EQ(read_all(*opened_log(disk, small_segments(9))), numbers(1, 9));
  }
}

}  // namespace
}  // namespace kubevigil
