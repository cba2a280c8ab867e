#include "engine/run/group_commit.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/run/log_reader.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

std::unique_ptr<SegmentLog> opened(Disk& disk) {
  SegmentLogOptions options;
  options.folder = "/log";
  options.name = "t";
  options.segment_bytes = 4000;
  auto log = SegmentLog::open(disk, options);
  EXPECT_TRUE(log);
  return log ? std::move(*log) : nullptr;
}

GroupCommitOptions without_thread() { return {.own_thread = false, .queue_bytes = limits::kCommitQueueBytes}; }

std::vector<std::string> payloads(const SegmentLog& log) {
  std::vector<std::string> all;
  LogReader reader(log, 1);
  for (auto step = reader.next(); step && *step == LogReader::Step::Record; step = reader.next()) {
    all.emplace_back(reader.record().payload);
  }
  return all;
}

// Submits and notes the answer: the sequence, "full" or "failed".
void submit(GroupCommit& commit, const std::string& payload, std::string& answer,
            const std::shared_ptr<CommitChain>& chain = nullptr) {
  commit.submit(
      1, payload,
      [&answer](const DiskResult<uint64_t>& result) {
        answer = result ? std::to_string(*result) : result.error().fault == DiskFault::Full ? "full" : "failed";
      },
      chain);
}

TEST(GroupCommit, OneSyncForAllWhoWait) {
  SimulatedDisk disk;
  auto log = opened(disk);
  GroupCommit commit(*log, without_thread());
  std::string answers[3];
  for (std::string& answer : answers) submit(commit, "x", answer);
  EXPECT_EQ(answers[2], "") << "nobody is answered before the sync";
  EXPECT_TRUE(commit.pump());
  EXPECT_FALSE(commit.pump());
  EXPECT_EQ(answers[0] + answers[1] + answers[2], "123");
  EXPECT_EQ(commit.counts().rounds, 1u);
  EXPECT_EQ(commit.counts().records, 3u);
  EXPECT_EQ(commit.queued_bytes(), 0u);
}

TEST(GroupCommit, ManyProducersEachHearsAfterItsBytesAreSafe) {
  SimulatedDisk disk;
  auto log = opened(disk);
  constexpr int kThreads = 8, kEach = 200;
  std::set<uint64_t> sequences;
  {
    GroupCommit commit(*log, {.own_thread = true, .queue_bytes = 50});  // few fit: producers wait for each other
    std::vector<std::thread> threads;
    std::mutex mutex;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const auto sequence = commit.append(1, std::to_string(t) + "/" + std::to_string(i));
          ASSERT_TRUE(sequence);
          ASSERT_LT(*sequence, log->durable_end());
          const std::lock_guard hold(mutex);
          ASSERT_TRUE(sequences.insert(*sequence).second);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(commit.counts().records, static_cast<uint64_t>(kThreads * kEach));
  }
  EXPECT_EQ(sequences.size(), static_cast<size_t>(kThreads * kEach));
  log.reset();
  disk.lose_power(3);
  std::set<std::string> all;
  std::vector<int> next(kThreads);
  for (const std::string& payload : payloads(*opened(disk))) {
    EXPECT_TRUE(all.insert(payload).second);
    EXPECT_EQ(std::stoi(payload.substr(2)), next[payload[0] - '0']++) << "each producer's order";
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kEach));
}

TEST(GroupCommit, ItsEndWritesWhatWaits) {
  SimulatedDisk disk;
  auto log = opened(disk);
  std::string answer, late;
  {
    GroupCommit commit(*log);
    commit.submit(1, "a", [&](const DiskResult<uint64_t>&) { submit(commit, "b", late); });
    submit(commit, "c", answer);
  }
  EXPECT_NE(answer, "");
  EXPECT_NE(late, "") << "submitted by an answer";
  EXPECT_EQ(payloads(*log).size(), 3u);
}

TEST(GroupCommit, AFailureIsEverybodysAndStays) {
  for (uint64_t operation = 1; operation <= 3; ++operation) {  // two writes and the sync
    SimulatedDisk disk;
    auto log = opened(disk);
    GroupCommit commit(*log, without_thread());
    std::string answers[4];
    submit(commit, "0", answers[0]);
    commit.pump();
    EXPECT_EQ(answers[0], "1");
    disk.fault_at(operation, Fault::Broken);
    submit(commit, "1", answers[1]);
    submit(commit, "2", answers[2]);
    commit.pump();
    submit(commit, "3", answers[3]);
    commit.pump();
    EXPECT_EQ(answers[1] + answers[2] + answers[3], "failedfailedfailed") << operation;
    ASSERT_TRUE(commit.broken());
    EXPECT_NE(commit.broken()->message.find("input/output error"), std::string::npos) << commit.broken()->message;
    EXPECT_EQ(payloads(*log), std::vector<std::string>{"0"});
  }
}

TEST(GroupCommit, AFullDiskCostsOneRecordAndItsChain) {
  SimulatedDisk disk;
  auto log = opened(disk);
  GroupCommit commit(*log, without_thread());
  std::string first, big, behind, other;
  submit(commit, "first", first);
  commit.pump();
  disk.set_capacity(500);
  const auto chain = std::make_shared<CommitChain>();
  submit(commit, std::string(1000, 'x'), big, chain);
  submit(commit, "behind", behind, chain);
  submit(commit, "other", other);
  commit.pump();
  EXPECT_EQ(big, "full");
  EXPECT_EQ(behind, "full") << "it would have fitted, but stands for what did not";
  EXPECT_EQ(other, "2");
  EXPECT_FALSE(commit.broken());
  EXPECT_EQ(payloads(*log), (std::vector<std::string>{"first", "other"}));
}

TEST(GroupCommit, ReadersWaitForMoreOrAreInterrupted) {
  SimulatedDisk disk;
  auto log = opened(disk);
  GroupCommit commit(*log);
  std::thread reader([&] {
    EXPECT_TRUE(commit.wait_past(1));
    EXPECT_EQ(payloads(*log).size(), 2u);
    EXPECT_FALSE(commit.wait_past(100));
  });
  ASSERT_TRUE(commit.append(1, "a"));
  ASSERT_TRUE(commit.append(1, "b"));
  commit.interrupt();
  reader.join();
}

}  // namespace
}  // namespace kubevigil
