#include "inputs/tail_input.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/compress.h"
#include "tests/support/log_writer.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;
using test::event_line;
using test::LogWriter;

// What a follower gives, as words: a number for an event, "cut" and such for bad ones, "gap:kind@from".
class Tail : public testing::Test {
 protected:
  std::string poll(size_t most = SIZE_MAX) {
    TailBatch batch;
    std::string out;
    if (tail_->poll(batch, most) == TailStep::Batch) out = test::words(batch);
    last_ = batch;
    return out;
  }
  // Until nothing comes; a rotation takes two polls that find the end.
  std::string drain() {
    std::string out;
    for (int idle = 0; idle < 3;) {
      const std::string words = poll();
      out += words;
      idle = words.empty() ? idle + 1 : 0;
    }
    return out;
  }
  void start(TailStart where = TailStart::Oldest) {
    tail_ = std::make_unique<TailInput>(TailOptions{.path = log_.path(), .start = where});
  }
  void restart(const TailPosition& from) {
    const auto read = parse_tail_position(to_text(from));
    ASSERT_TRUE(read);
    ASSERT_EQ(*read, from);
    tail_ = std::make_unique<TailInput>(TailOptions{.path = log_.path(), .from = read});
  }

  LogWriter log_;
  std::unique_ptr<TailInput> tail_;
  TailBatch last_;
};

TEST_F(Tail, GivesLinesWhenTheyAreWhole) {
  start();
  EXPECT_EQ(poll(), "");
  EXPECT_FALSE(tail_->position());
  log_.append(event_line(1) + event_line(2).substr(0, 20));
  EXPECT_EQ(poll(), "1 ");
  log_.append(event_line(2).substr(20, 10));
  EXPECT_EQ(poll(), "");
  log_.append(event_line(2).substr(30));
  EXPECT_EQ(poll(), "2 ");
  EXPECT_EQ(last_.to.offset, event_line(1).size() * 2);
  EXPECT_EQ(last_.to.line, 3u);
  EXPECT_EQ(tail_->counters().lag_bytes, 0u);
}

TEST_F(Tail, ReadsTheRenamedFileToItsEnd) {
  start();
  log_.append(event_line(1));
  EXPECT_EQ(poll(), "1 ");
  log_.append(event_line(2));
  log_.rotate();
  log_.append(event_line(3));
  EXPECT_EQ(poll(), "2 ");
  log_.append_to_rotated(event_line(4));  // who writes still holds the old one
  EXPECT_EQ(drain(), "4 3 ");
  EXPECT_EQ(tail_->counters().rotations, 1u);
  EXPECT_EQ(tail_->counters().gaps, 0u);
}

TEST_F(Tail, ATornEndOfARotatedFileTakesNothingWithIt) {
  start();
  log_.append(event_line(1) + event_line(2).substr(0, 30));
  log_.rotate();
  log_.append(event_line(3));
  EXPECT_EQ(drain(), "1 cut-off 3 ");
}

TEST_F(Tail, ATornLineIsResynchronised) {
  start();
  log_.append(event_line(1).substr(0, 60) + event_line(2) + event_line(3));
  const std::string words = drain();
  EXPECT_TRUE(words.ends_with("3 ")) << words;
  EXPECT_NE(words.find('2'), std::string::npos) << words;
}

TEST_F(Tail, GoesOnInTheCompressedFileWherePlainStopped) {
  start();
  for (int i = 0; i < 10; ++i) log_.append(event_line(i));
  EXPECT_EQ(poll(4), "0 1 2 3 ");
  const TailPosition here = last_.to;
  log_.rotate();
  log_.append(event_line(10));
  log_.compress();
  restart(here);
  EXPECT_EQ(drain(), "4 5 6 7 8 9 10 ");
  EXPECT_EQ(last_.to.number, 1u);
}

TEST_F(Tail, ACompressedFileWaitsUntilThePlainOneIsGone) {
  log_.append(event_line(1));
  log_.rotate();
  log_.append(event_line(2));
  log_.write_beside(".gz", test::gzip(event_line(1)).substr(0, 25));
  start();
  EXPECT_EQ(drain(), "1 2 ");
  EXPECT_EQ(tail_->counters().gaps, 0u);
}

TEST_F(Tail, ACutFileStartsAgainAndTheLossIsSaid) {
  start();
  log_.append(event_line(1) + event_line(2).substr(0, 30));
  EXPECT_EQ(poll(), "1 ");
  log_.truncate(false);
  log_.append(event_line(3));
  EXPECT_EQ(drain(), fmt::format("cut-off gap:truncated@{} 3 ", event_line(1).size() + 30));
  // Longer than what was read before: seen by its bytes.
  log_.truncate(false);
  log_.append(event_line(4) + event_line(5) + event_line(6));
  EXPECT_EQ(drain(), fmt::format("gap:truncated@{} 4 5 6 ", event_line(3).size()));
  EXPECT_EQ(tail_->counters().truncations, 2u);
}

TEST_F(Tail, AHoleOfNulsIsSkipped) {
  start();
  log_.append(event_line(1) + event_line(2));
  EXPECT_EQ(poll(), "1 2 ");
  for (int i = 3; i < 5; ++i) {
    log_.truncate_under_writer();
    log_.append(event_line(i));
    const std::string words = drain();
    EXPECT_TRUE(words.starts_with("gap:truncated@") && words.ends_with(fmt::format(" {} ", i))) << words;
  }
}

TEST_F(Tail, TheCopyOfACutFileIsReadFirst) {
  start();
  log_.append(event_line(1));
  EXPECT_EQ(poll(), "1 ");
  log_.append(event_line(2));
  log_.truncate(true);
  log_.append(event_line(3));
  EXPECT_EQ(drain(), "2 3 ");
  EXPECT_EQ(tail_->counters().gaps, 0u);
  EXPECT_EQ(tail_->counters().truncations, 1u);
}

TEST_F(Tail, TheCopyOfAFileOfWhichNothingWasReadIsReadFirst) {
  start();
  log_.append("");
  EXPECT_EQ(poll(), "");
  for (int round = 0; round < 3; ++round) {  // each is gone again before the reader looks
    log_.append(event_line(1 + 3 * round));
    log_.truncate(true);
    log_.truncate(true);
    log_.append(event_line(2 + 3 * round));
    log_.truncate(true);
    if (round == 1) log_.append(event_line(3 + 3 * round));
    EXPECT_EQ(drain(), round == 0 ? "1 2 " : round == 1 ? "4 5 6 " : "7 8 ");
  }
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(tail_->counters().gaps, 0u);
}

TEST_F(Tail, BackfillGoesByTheTimeInTheName) {
  for (int i = 0; i < 6; ++i) {
    log_.append(event_line(i));
    log_.rotate();
    if (i % 2 == 0) log_.compress();
  }
  log_.append(event_line(6));
  start();
  EXPECT_EQ(drain(), "0 1 2 3 4 5 6 ");
  start(TailStart::Live);
  EXPECT_EQ(drain(), "6 ");
  start(TailStart::End);
  log_.append(event_line(7));
  EXPECT_EQ(poll(), "");  // found the end only now
  log_.append(event_line(8));
  log_.rotate();
  log_.append(event_line(9));
  EXPECT_EQ(drain(), "8 9 ");
}

TEST_F(Tail, ADeletedFileIsReadToItsEnd) {
  start();
  log_.append(event_line(1));
  EXPECT_EQ(poll(), "1 ");
  log_.append(event_line(2));
  log_.rotate();
  log_.remove_oldest();
  log_.append(event_line(3));
  EXPECT_EQ(drain(), fmt::format("2 gap:behind@{} 3 ", 2 * event_line(1).size()));
}

TEST_F(Tail, ACheckpointWhoseFileIsGoneIsAGap) {
  start();
  log_.append(event_line(1) + event_line(2));
  EXPECT_EQ(poll(1), "1 ");
  const TailPosition here = last_.to;
  log_.rotate();
  log_.remove_oldest();
  for (int i = 3; i < 5; ++i) {
    log_.append(event_line(i));
    log_.rotate();
  }
  log_.append(event_line(5));
  restart(here);
  EXPECT_EQ(drain(), fmt::format("gap:gone@{} 3 4 5 ", event_line(1).size()));
}

TEST_F(Tail, PartsOfContainerLinesAreJoinedAcrossFilesAndRestarts) {
  const std::string text = event_line(1);
  const std::string time = "2024-05-01T10:00:00.000000001Z";
  start();
  log_.append(fmt::format("{} stdout P {}\n", time, text.substr(0, 40)));
  log_.append(fmt::format("{} stderr F {}", time, event_line(2)));
  EXPECT_EQ(poll(), "2 ");
  const TailPosition here = last_.to;
  EXPECT_EQ(here.offset, 0u);
  EXPECT_EQ(here.given, 1u);
  log_.rotate();
  log_.append(fmt::format("{} stdout F {}", time, text.substr(40)));
  log_.append(event_line(3));
  EXPECT_EQ(drain(), "1 3 ");
  EXPECT_EQ(last_.to.given, 0u);
  restart(here);
  EXPECT_EQ(drain(), "1 3 ");
}

TEST_F(Tail, ADamagedCompressedFileIsAGap) {
  for (int i = 0; i < 3; ++i) log_.append(event_line(i));
  log_.rotate();
  log_.compress();
  log_.damage_compressed();
  log_.append(event_line(9));
  start();
  const std::string words = drain();
  EXPECT_NE(words.find("gap:damaged@"), std::string::npos) << words;
  EXPECT_TRUE(words.ends_with("9 ")) << words;
}

TEST_F(Tail, LogrotateNumbersAndAFolderThatIsNotThereYet) {
  LogWriter log(LogWriter::Names::Numbers);
  TailInput tail({.path = log.path()});
  TailBatch batch;
  fs::rename(log.folder(), log.folder() + ".away");
  EXPECT_EQ(tail.poll(batch), TailStep::Waiting);
  EXPECT_NE(tail.problem(), "");
  fs::rename(log.folder() + ".away", log.folder());
  for (int i = 0; i < 4; ++i) {
    log.append(event_line(i));
    log.rotate();
  }
  std::string words;
  for (int idle = 0; idle < 3; ++idle) {
    if (tail.poll(batch) == TailStep::Batch) words += test::words(batch);
  }
  EXPECT_EQ(words, "0 1 2 3 ");
}

TEST_F(Tail, WaitReturnsWhenTheFolderChangesOrWhenStopped) {
  std::atomic<int> stop{0};
  TailInput tail({.path = log_.path(), .stop = &stop});
  log_.append(event_line(1));
  tail.wait(Duration::hours(1));
  stop = 1;
  tail.wait(Duration::hours(1));
}

}  // namespace
}  // namespace kubevigil
