#include "engine/run/spool_input.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/codec/gzip_block.h"
#include "tests/support/daemon.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;

class SpoolInputTest : public testing::Test {
 protected:
  void open() {
    spool_.reset();
    SpoolOptions options;
    options.folder = "/spool";
    options.segment_bytes = 20'000;
    options.secret = 5;
    auto spool = Spool::open(*disk_, options);
    ASSERT_TRUE(spool) << spool.error().message;
    spool_ = std::move(*spool);
  }
  void SetUp() override { open(); }

  uint64_t post(const std::string& bytes, const std::string& peer = "10.0.0.1") {
    auto body = spool_->begin({"prod", "cred", peer, Timestamp{1000 + ++posts_}}, bytes.size());
    EXPECT_TRUE(body && (*body)->write(bytes));
    const auto sequence = (*body)->commit();
    EXPECT_TRUE(sequence);
    return sequence.value_or(0);
  }
  SpoolInput input(size_t batch_bytes = 1u << 20) { return SpoolInput(*spool_, {.batch_bytes = batch_bytes}); }

  std::unique_ptr<SimulatedDisk> disk_ = std::make_unique<SimulatedDisk>();
  std::unique_ptr<Spool> spool_;
  int posts_ = 0;
};

std::string event_line(int n) {
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{:06}","stage":"Panic"}})"
      "\n",
      n);
}

std::string events(int from, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += event_line(from + i);
  return out;
}

std::string event_list(int from, int count) {
  std::string out = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)";
  for (int i = 0; i < count; ++i) {
    std::string line = event_line(from + i);
    line.pop_back();
    out += (i > 0 ? "," : "") + line;
  }
  return out + "]}";
}

// Every record and bad one with its place, batch borders and positions left out.
std::string content(const LiveBatch& batch) {
  std::string out;
  for (const Record& r : batch.batch.records) {
    out += fmt::format("{}:{} {}\n", r.position.offset, r.position.line, batch.batch.text(r));
  }
  for (const BadRecord& b : batch.batch.bad)
    out += fmt::format("{}:{} {}\n", b.position.offset, b.position.line, b.kept);
  return out;
}

std::vector<LiveBatch> drain(SpoolInput& input) {
  std::vector<LiveBatch> out;
  for (;;) {
    LiveBatch batch;
    const LiveStep step = input.poll(batch);
    EXPECT_NE(step, LiveStep::Broken) << input.problem();
    if (step != LiveStep::Batch) return out;
    EXPECT_EQ(batch.to, input.position());
    out.push_back(std::move(batch));
  }
}

TEST_F(SpoolInputTest, JoinsSmallBodiesOfOneStream) {
  const uint64_t first = post(events(1, 1));
  const uint64_t second = post(event_list(2, 2));
  post(events(4, 1), "10.0.0.2");
  post(events(5, 1), "10.0.0.2");
  SpoolInput spool = input();
  const auto batches = drain(spool);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].stream, "webhook/prod/cred/10.0.0.1");
  EXPECT_EQ(batches[1].stream, "webhook/prod/cred/10.0.0.2");
  EXPECT_EQ(batches[0].cluster, "prod");
  EXPECT_EQ(batches[0].taken, Timestamp{1002});  // the last body's
  EXPECT_EQ(batches[0].from, "");
  EXPECT_EQ(batches[0].to, batches[1].from);
  ASSERT_EQ(batches[0].batch.records.size(), 3u);
  const auto place = [&](size_t r) { return batches[0].batch.records[r].position; };
  EXPECT_EQ(place(0).offset, first);
  EXPECT_EQ(place(2).offset, second);
  EXPECT_EQ(place(0).line, 1u);
  EXPECT_EQ(place(1).line, 1u);
  EXPECT_EQ(place(2).line, 2u);
}

TEST_F(SpoolInputTest, UnpacksByContent) {
  post(gzip_compress_block(events(1, 3)));
  post(
      "\xFD"
      "7zXZ no archive of ours");
  const std::string whole = gzip_compress_block(events(4, 1000));
  post(whole.substr(0, whole.size() / 2));
  SpoolInput spool = input();
  size_t records = 0, bad = 0;
  for (const LiveBatch& batch : drain(spool)) {
    records += batch.batch.records.size();
    for (const BadRecord& b : batch.batch.bad) bad += b.reason == BadReason::Encoding ? 1 : 0;
  }
  EXPECT_GT(records, 3u);
  EXPECT_EQ(bad, 2u);  // quarantined, each with its reason
}

TEST_F(SpoolInputTest, LargeBodyComesInPieces) {
  post(event_list(1, 5000));
  SpoolInput spool = input(50'000);
  const auto batches = drain(spool);
  ASSERT_GT(batches.size(), 5u);
  size_t records = 0;
  for (const LiveBatch& batch : batches) {
    EXPECT_LT(batch.batch.memory.size(), 200'000u);
    records += batch.batch.records.size();
  }
  EXPECT_EQ(records, 5000u);
  EXPECT_EQ(batches.back().batch.records.back().position.line, 5000u);
}

// The contract of LiveInput: any batch is read again from its `from`, by another input over a reopened spool, whatever
// the batch size and however the pieces are asked for.
TEST_F(SpoolInputTest, ReadsTheSameAgainFromAnyPosition) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    spool_.reset();
    disk_ = std::make_unique<SimulatedDisk>();
    open();
    int n = 0;
    for (int i = 0; i < 40; ++i) {
      const int count = random() % 8 == 0 ? static_cast<int>(random() % 400) : static_cast<int>(random() % 4);
      const std::string body = random() % 2 == 0 ? events(n, count) : event_list(n, count);
      const std::string broken = random() % 5 == 0 ? "{\"torn\": \n" + body + "\n]] rubbish" : body;
      post(random() % 3 == 0 ? gzip_compress_block(broken) : broken, random() % 2 == 0 ? "a" : "b");
      n += count;
    }
    SpoolInput live = input(1 + random() % 60'000);
    const auto batches = drain(live);
    std::string all;
    for (const LiveBatch& batch : batches) all += content(batch);
    open();
    SpoolInput again = input(1 + random() % 60'000);
    for (size_t i = 0; i < batches.size(); ++i) {
      const LiveBatch& want = batches[i];
      if (want.pieces() == 0) continue;
      if (again.position() != want.from || random() % 3 == 0) {
        ASSERT_TRUE(again.seek("spool", want.from));
      }
      std::string got;
      for (size_t left = want.pieces(); left > 0;) {
        LiveBatch batch;
        ASSERT_EQ(again.poll(batch, random() % 2 == 0 ? left : 1 + random() % left), LiveStep::Batch);
        ASSERT_LE(batch.pieces(), left);
        EXPECT_EQ(batch.stream, want.stream);
        left -= batch.pieces();
        got += content(batch);
      }
      std::string wanted = content(want);
      std::vector<std::string> lines[2];
      for (int side = 0; side < 2; ++side) {
        const std::string& text = side == 0 ? got : wanted;
        for (size_t at = 0; at < text.size();) {
          const size_t end = text.find('\n', at);
          lines[side].push_back(text.substr(at, end - at));
          at = end + 1;
        }
        std::sort(lines[side].begin(), lines[side].end());  // bad ones stand apart in each batch
      }
      ASSERT_EQ(lines[0], lines[1]) << "batch " << i;
    }
  }
}

TEST_F(SpoolInputTest, SaysWhatIsLost) {
  post(events(1, 1));
  const uint64_t lost = post(events(2, 1));
  post(events(3, 1));
  const auto segment = spool_->log().segment_for(1);
  ASSERT_TRUE(segment);
  std::string bytes = disk_->content(segment->path);
  bytes[bytes.size() / 2] ^= 1;
  disk_->set_content(segment->path, bytes);
  open();
  SpoolInput spool = input();
  const auto batches = drain(spool);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].batch.records.size(), 1u);
  EXPECT_EQ(batches[1].pieces(), 0u);
  ASSERT_EQ(batches[1].gaps.size(), 1u);
  EXPECT_EQ(batches[1].gaps[0].what, "gap");
  EXPECT_NE(batches[1].gaps[0].detail.find(std::to_string(lost)), std::string::npos) << batches[1].gaps[0].detail;
  EXPECT_EQ(batches[2].batch.records.size(), 1u);
}

TEST_F(SpoolInputTest, RefusesPositionsThatAreNotItsOwn) {
  post(events(1, 1));
  SpoolInput spool = input();
  for (const char* text : {"x", "1", "1 2", "1 2 3 4", "1  2 3", " 1 2 3", "1 2 3 ", "-1 2 3", "tail1 2 3"}) {
    EXPECT_FALSE(spool.seek("spool", text)) << text;
    EXPECT_FALSE(spool_position(text)) << text;
  }
  EXPECT_EQ(drain(spool).size(), 1u);
  EXPECT_EQ(spool_position("7 3 1"), (SpoolPosition{7, 3}));
}

TEST_F(SpoolInputTest, ASpoolThatWasRemovedIsReadFromItsBeginning) {
  for (int i = 0; i < 3; ++i) post(events(i, 1));
  SpoolInput spool = input();
  const std::string behind = drain(spool).back().to;
  disk_ = std::make_unique<SimulatedDisk>();
  open();
  post(events(9, 1));
  SpoolInput again = input();
  ASSERT_TRUE(again.seek("spool", behind));
  const auto batches = drain(again);
  ASSERT_EQ(batches.size(), 2u);
  ASSERT_EQ(batches[0].gaps.size(), 1u);
  EXPECT_EQ(batches[0].gaps[0].what, "gone");
  EXPECT_EQ(batches[1].batch.records.size(), 1u);
}

TEST_F(SpoolInputTest, ForgetsWhatIsBehind) {
  for (int i = 0; i < 200; ++i) post(events(i * 10, 10));
  SpoolInput spool = input();
  const auto batches = drain(spool);
  const uint64_t before = spool_->bytes();
  spool.forget("spool", batches.front().from);
  EXPECT_EQ(spool_->bytes(), before);
  spool.forget("spool", batches.back().to);
  EXPECT_LT(spool_->bytes(), before / 2);
}

// An input that waits looks up now and then, so that whoever runs it does, too.
TEST_F(SpoolInputTest, WaitsNoLongerThanItIsTold) {
  post(events(1, 1));
  SpoolInput spool = input();
  drain(spool);
  std::atomic<bool> over = false;
  std::thread waiting([&] {
    spool.wait(Duration{1000});
    over = true;
  });
  EXPECT_TRUE(test::becomes([&] { return over.load(); })) << "nothing comes";
  spool_->interrupt();
  waiting.join();
}

TEST_F(SpoolInputTest, WaitsForWhatComesAndForNothingBehindAnInterruption) {
  SpoolInput spool = input(), other = input();
  std::thread sender([&] { post(events(1, 1)); });
  spool.wait(Duration::hours(1));
  sender.join();
  EXPECT_EQ(drain(spool).size(), 1u);
  spool.interrupt();
  spool.wait(Duration::hours(1));
  post(events(2, 1), "10.0.0.2");
  other.wait(Duration::hours(1));
  EXPECT_EQ(drain(other).size(), 2u) << "another input of the spool goes on";
}

}  // namespace
}  // namespace kubevigil
