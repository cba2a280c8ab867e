#include "engine/run/live_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "engine/run/live_snapshot.h"
#include "tests/run/replay_stream.h"

namespace kubevigil {
namespace {

std::shared_ptr<const LiveRules> rules(const std::string& hash) {
  auto made = std::make_shared<LiveRules>();
  made->hash = hash;
  made->program = program();
  return made;
}

LiveBatch batch_of(const std::string& stream, int first, int count) {
  std::vector<std::string> records;
  for (int i = 0; i < count; ++i) {
    EventText event;
    event.second = first + i;
    event.id = std::to_string(first + i);
    records.push_back(json_of(event));
  }
  LiveBatch live;
  MemoryInput input(stream, 0, records, size_t{1} << 30);
  input.next(live.batch);
  live.stream = stream;
  return live;
}

TEST(LiveQueue, GivesBatchesInTheOrderOfSubmissionHoweverManyJudge) {
  for (const size_t threads : {1, 2, 8}) {
    LiveQueue queue(rules("a"), {.threads = threads, .bytes = 1u << 30});
    std::mt19937 random(7);
    for (int i = 0; i < 100; ++i) {
      LiveBatch batch = batch_of(std::to_string(i), i * 100, 1 + static_cast<int>(random() % 20));
      ASSERT_TRUE(queue.submit(batch));
      EXPECT_TRUE(batch.stream.empty());
      EXPECT_EQ(batch.pieces(), 0u);
    }
    queue.close();
    LiveBatch late = batch_of("late", 0, 1);
    EXPECT_FALSE(queue.submit(late));
    EXPECT_EQ(late.pieces(), 1u);  // not taken
    int seen = 0;
    LiveItem item;
    for (auto next = queue.next(item, Duration::minutes(1)); next == LiveQueue::Next::Item;
         next = queue.next(item, Duration::minutes(1))) {
      EXPECT_EQ(item.info.stream, std::to_string(seen++));
      EXPECT_EQ(item.judged->result.events.size(), item.pieces);
      EXPECT_FALSE(item.judged->result.hits.empty());
      queue.recycle(item);
    }
    EXPECT_EQ(seen, 100);
    EXPECT_TRUE(queue.idle());
    EXPECT_EQ(queue.next(item, {}), LiveQueue::Next::Closed);
  }
}

TEST(LiveQueue, SubmitWaitsForRoom) {
  LiveQueue queue(rules("a"), {.threads = 1, .bytes = 3000});
  std::atomic<int> submitted = 0;
  std::thread intake([&] {
    for (int i = 0; i < 20; ++i) {
      LiveBatch batch = batch_of("s", i * 10, 2);
      if (!queue.submit(batch)) return;
      ++submitted;
    }
  });
  LiveItem item;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(queue.next(item, Duration::minutes(1)), LiveQueue::Next::Item);
    EXPECT_LE(queue.bytes(), 3000u);
    queue.recycle(item);
  }
  intake.join();
  EXPECT_EQ(submitted, 20);
  EXPECT_TRUE(queue.idle());
}

TEST(LiveQueue, ABatchLargerThanTheBoundPassesAlone) {
  LiveQueue queue(rules("a"), {.threads = 2, .bytes = 10});
  LiveBatch batch = batch_of("s", 0, 50);
  ASSERT_TRUE(queue.submit(batch));
  LiveItem item;
  ASSERT_EQ(queue.next(item, Duration::minutes(1)), LiveQueue::Next::Item);
  queue.recycle(item);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(LiveQueue, RulesChangeBetweenTwoBatches) {
  LiveQueue queue(rules("a"), {.threads = 4, .bytes = 1u << 30});
  for (int i = 0; i < 3; ++i) {
    LiveBatch batch = batch_of("s", i, 1);
    ASSERT_TRUE(queue.submit(batch));
    queue.swap(rules("b" + std::to_string(i)));
  }
  queue.close();
  std::string order;
  LiveItem item;
  while (queue.next(item, Duration::minutes(1)) == LiveQueue::Next::Item) {
    order += (item.judged ? "judged by " : "now ") + item.rules->hash + "\n";
    queue.recycle(item);
  }
  EXPECT_EQ(order, "judged by a\nnow b0\njudged by b0\nnow b1\njudged by b1\nnow b2\n");
}

TEST(LiveSnapshot, NotesComeBack) {
  LiveNote note{"1.2", {"hash", "older"}, 4711, Timestamp{99}, {{"spool", "1 2 3"}, {"tail/x", ""}}, {}};
  std::string older = encode_note(note);  // in front of the self-alerts
  older.resize(older.size() - 4);
  EXPECT_EQ(decode_note(older), note);
  note.open_self_alerts = {"{}", "{\"a\":1}"};
  const std::string bytes = encode_note(note);
  EXPECT_EQ(decode_note(bytes), note);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(decode_note(bytes.substr(0, cut)).has_value(), cut == older.size()) << cut;
  }
  EXPECT_FALSE(decode_note(bytes + "x"));
  EXPECT_FALSE(decode_note(encode_note({"1", {}, 1, {}, {}, {}})));
}

}  // namespace
}  // namespace kubevigil
