// What recovery does with snapshots that are of no use.
#include "engine/run/live_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/live_bench.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

EventText event(int64_t second, const std::string& ns) {
  EventText e;
  e.second = second;
  e.ns = ns;
  e.id = std::to_string(second);
  e.user = "alice";
  return e;
}

// Lives that end in order, each with an event in another namespace: three of them are an alert of their own.
void live(LiveBench& bench, const std::vector<std::string>& namespaces) {
  for (const std::string& ns : namespaces) {
    ASSERT_TRUE(bench.start());
    if (!ns.empty()) {
      ASSERT_TRUE(bench.post({event(static_cast<int64_t>(ns[0]), ns)}));
      ASSERT_TRUE(bench.settle());
    }
    ASSERT_TRUE(bench.pipeline().stop());
  }
  bench.end();
}

std::unique_ptr<SnapshotStore> store_of(LiveBench& bench) {
  return std::move(*SnapshotStore::open(bench.disk, "/data/snapshots", "state"));
}

struct Useless {
  const char* what;
  bool note, state;  // is of no use, with good checksums
};

TEST(LiveRecovery, AnOlderSnapshotIsTakenWhereTheNewestIsOfNoUse) {
  for (const Useless& useless : {Useless{"note", true, false}, {"state", false, true}}) {
    SCOPED_TRACE(useless.what);
    LiveBench bench;
    live(bench, {"a", "b"});
    auto store = store_of(bench);
    const auto newest = *store->load();
    ASSERT_TRUE(newest);
    ASSERT_TRUE(store->write(useless.note ? "?" : newest->info.note, useless.state ? "?" : newest->state));
    const std::string path = store->kept().back().path;
    ASSERT_TRUE(bench.start());
    EXPECT_TRUE(bench.report.from_snapshot);
    EXPECT_FALSE(bench.report.degraded);
    ASSERT_THAT(bench.report.findings, SizeIs(1));
    EXPECT_EQ(bench.report.findings[0].kind, SelfAlertKind::SnapshotDamaged);
    EXPECT_THAT(bench.report.findings[0].detail, HasSubstr(path));
    ASSERT_TRUE(bench.post({event('c', "c")}));
    ASSERT_TRUE(bench.settle());
    EXPECT_THAT(bench.alerts().back(), HasSubstr("secrets_across")) << "the state is whole";
    ASSERT_TRUE(bench.pipeline().stop());
    EXPECT_THAT(bench.disk.paths(), testing::Not(testing::Contains(path))) << "a new one has taken its place";
  }
}

// Of two states that are of no use the newest's positions are.
TEST(LiveRecovery, PositionsOutliveStates) {
  LiveBench bench;
  bench.keep_journal = true;
  live(bench, {"a", "b"});
  auto store = store_of(bench);
  const std::string note = store->kept().back().note;
  ASSERT_TRUE(store->write(note, "?"));
  ASSERT_TRUE(store->write(note, "!"));
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.degraded);
  ASSERT_TRUE(bench.post({event('c', "c")}));
  ASSERT_TRUE(bench.settle());
  EXPECT_THAT(bench.alerts(), SizeIs(3)) << bench.journal_text()
                                         << "nothing is read twice, and three of three are lost";
}

// The entries of an input that was silent for long are trimmed: the journal says where it stands nevertheless.
TEST(LiveRecovery, WithoutAnySnapshotATrimmedJournalKnowsAllPositions) {
  LiveBench bench;
  live(bench, {"a", "b", "", "", ""});
  for (const std::string& path : bench.disk.paths()) {
    if (path.starts_with("/data/snapshots/")) bench.disk.set_content(path, "?");
  }
  ASSERT_TRUE(bench.start());
  ASSERT_GT(bench.journal().first_sequence(), 1u);
  EXPECT_FALSE(bench.report.from_snapshot);
  EXPECT_TRUE(bench.report.degraded);
  ASSERT_FALSE(bench.report.findings.empty());
  for (const RecoveryFinding& finding : bench.report.findings) {
    EXPECT_EQ(finding.kind, SelfAlertKind::SnapshotDamaged) << finding.detail;
  }
  ASSERT_TRUE(bench.post({event('c', "c")}));
  ASSERT_TRUE(bench.settle());
  EXPECT_THAT(bench.alerts(), SizeIs(1)) << "nothing is read twice\n" << bench.journal_text();
  ASSERT_TRUE(until([&] { return bench.journal_text(true).find("kubevigil_snapshot_damaged") != std::string::npos; }));
}

// An end on a full disk leaves the room to journal and alerts; the next start has more to read again.
TEST(LiveRecovery, NoLastSnapshotIsWrittenWhileTheReserveIsInUse) {
  LiveBench bench;
  bench.options.snapshot_every = Duration::days(1);
  ASSERT_TRUE(bench.disk.make_folder("/data"));
  const auto reserve = std::move(*DiskReserve::open(bench.disk, "/data", 1000));
  bench.reserve = reserve.get();
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({event('a', "a")}));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(reserve->release());
  ASSERT_TRUE(bench.pipeline().stop()) << "an orderly end";
  for (const std::string& path : bench.disk.paths()) EXPECT_FALSE(path.starts_with("/data/snapshots/")) << path;
  EXPECT_THAT(bench.said, HasSubstr("no last snapshot"));
  ASSERT_TRUE(bench.start());
  EXPECT_FALSE(bench.report.from_snapshot);
  EXPECT_EQ(bench.report.compared, 1u);
  EXPECT_EQ(bench.report.different, 0u);
  ASSERT_TRUE(reserve->refill());
  ASSERT_TRUE(bench.pipeline().stop());
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.from_snapshot);
}

}  // namespace
}  // namespace kubevigil
