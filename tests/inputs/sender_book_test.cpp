// SenderBook: figures, retries, silences and strangers, on a clock that the test moves.
#include "inputs/sender_book.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = SenderNotice::Kind;

struct TestEnv : Env {
  Timestamp wall{1'000'000'000};
  Duration passed = Duration::hours(1);
  Timestamp now() const override { return wall; }
  Duration monotonic() const override { return passed; }
  size_t peak_memory() const override { return 0; }
};

const SenderKey kOne{"prod", "api", "10.0.0.1"}, kTwo{"prod", "api", "10.0.0.2"};

struct Book : testing::Test {
  TestEnv env;
  SenderBook book{env, {}};
  uint64_t number = 0;

  void pass(int64_t seconds) {
    env.passed = {env.passed.micros + seconds * 1'000'000};
    env.wall = {env.wall.micros + seconds * 1'000'000};
  }
  void post(const SenderKey& key) { book.took(key, 100, ++number); }
  // `times` posts, `gap` seconds apart, the last one now.
  void post_regularly(const SenderKey& key, int times, int64_t gap) {
    for (int i = 0; i < times; ++i) {
      pass(gap);
      post(key);
    }
  }
  std::vector<Kind> review() {
    std::vector<Kind> kinds;
    for (const SenderNotice& notice : book.review()) kinds.push_back(notice.kind);
    return kinds;
  }
};

TEST_F(Book, FiguresOfASender) {
  book.took(kOne, 100, 1);
  book.took(kOne, 50, 2);
  book.took(kTwo, 7, 3);
  book.refused(kOne, WebhookRefusal::Budget);
  book.refused(kOne, WebhookRefusal::Budget);
  book.refused(kTwo, WebhookRefusal::Paused);
  const Timestamp stage{900'000'000};
  book.events_read(kOne, 400, stage, stage + Duration::seconds(8));
  book.events_read(kOne, 10, stage, stage + Duration::seconds(16));
  book.events_read(kOne, 5, std::nullopt, stage, 3);
  const auto all = book.senders();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].key, kOne);
  EXPECT_EQ(all[0].bodies, 2u);
  EXPECT_EQ(all[0].bytes, 150u);
  EXPECT_EQ(all[0].events, 415u);
  EXPECT_EQ(all[0].refused[static_cast<size_t>(WebhookRefusal::Budget)], 2u);
  EXPECT_EQ(all[0].duplicates, 3u);
  EXPECT_EQ(all[0].latency, Duration::seconds(9));
  EXPECT_EQ(all[1].latency, std::nullopt) << "nothing to measure came";
  EXPECT_EQ(all[0].latency_longest, Duration::seconds(16));
  EXPECT_EQ(all[0].heard, env.wall);
  EXPECT_EQ(all[0].certificate_ends, std::nullopt);
  book.showed(kOne, Timestamp{5});
  EXPECT_EQ(book.senders()[0].certificate_ends, Timestamp{5});
  EXPECT_EQ(book.totals().bodies, 3u);
  EXPECT_EQ(book.totals().bytes, 157u);
  EXPECT_EQ(book.totals().refused[static_cast<size_t>(WebhookRefusal::Paused)], 1u);
}

// Several API servers under one credential add up, and one that is forgotten does not take its share with it: sums are
// counters.
TEST_F(Book, SumsOfACredentialNeverFall) {
  book.took(kOne, 100, 1);
  book.took(kTwo, 50, 2);
  book.took(kTwo, 50, 2);
  book.events_read(kOne, 4, std::nullopt, env.wall, 1);
  book.events_read(kTwo, 6, std::nullopt, env.wall, 2);
  book.refused(kTwo, WebhookRefusal::Busy);
  for (size_t i = 0; i < limits::kSenders; ++i) {
    pass(1);
    book.took({"lab", "other", fmt::format("10.1.{}.{}", i / 250, i % 250)}, 1, 100 + i);
  }
  ASSERT_EQ(book.totals().forgotten, 2u);
  book.events_read(kOne, 8, std::nullopt, env.wall, 8);  // taken before
  const auto sums = book.sums();
  ASSERT_EQ(sums.size(), 2u);
  EXPECT_EQ(sums[0].bodies, limits::kSenders);
  const SenderSums& prod = sums[1];
  EXPECT_EQ(prod.cluster, "prod");
  EXPECT_EQ(prod.credential, "api");
  EXPECT_EQ(prod.bodies, 3u);
  EXPECT_EQ(prod.bytes, 200u);
  EXPECT_EQ(prod.retries, 1u);
  EXPECT_EQ(prod.events, 18u);
  EXPECT_EQ(prod.duplicates, 11u);
  EXPECT_EQ(prod.refused[static_cast<size_t>(WebhookRefusal::Busy)], 1u);
}

TEST_F(Book, TheRateIsThatOfTheLastMinutes) {
  post(kOne);
  for (int i = 0; i < 600; ++i) {
    pass(1);
    book.events_read(kOne, 40, std::nullopt, env.wall);
  }
  EXPECT_NEAR(book.senders()[0].events_per_second, 40, 1);
  pass(600);
  EXPECT_LT(book.senders()[0].events_per_second, 0.1);
}

TEST_F(Book, TheSameBodyAgainIsARetryOfItsCluster) {
  const SenderKey other{"lab", "api", "10.0.0.1"};
  book.took(kOne, 100, 1);
  book.took(kOne, 100, 2);
  book.took(kOne, 101, 1);
  book.took(other, 100, 1);
  EXPECT_EQ(book.totals().retries, 0u);
  pass(599);
  book.took(kTwo, 100, 1);  // through another address
  EXPECT_EQ(book.totals().retries, 1u);
  pass(1300);
  book.took(kOne, 100, 2);
  EXPECT_EQ(book.totals().retries, 1u);
}

TEST_F(Book, SilenceIsToldOnceAndSoIsItsEnd) {
  post_regularly(kOne, 30, 2);
  pass(75);
  EXPECT_THAT(review(), IsEmpty());
  pass(1);
  const auto notices = book.review();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].kind, Kind::Silent);
  EXPECT_EQ(notices[0].key, kOne);
  EXPECT_EQ(notices[0].lasts, Duration::seconds(76));
  EXPECT_TRUE(book.senders()[0].silent);
  pass(3600);
  EXPECT_THAT(review(), IsEmpty());
  post(kOne);
  const auto again = book.review();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].kind, Kind::Heard);
  EXPECT_EQ(again[0].lasts, Duration::seconds(3676));
  EXPECT_EQ(book.senders()[0].usual_gap, Duration::seconds(2));  // the silence is not usual now
  pass(76);
  EXPECT_THAT(review(), ElementsAre(Kind::Silent));
  EXPECT_EQ(book.senders()[0].silences, 2u);
  EXPECT_EQ(book.senders()[0].longest_silence, Duration::seconds(3676));
}

TEST_F(Book, WhoIsRefusedIsNotSilent) {
  post_regularly(kOne, 30, 2);
  for (int i = 0; i < 100; ++i) {
    pass(3);
    book.refused(kOne, WebhookRefusal::DiskFull);
  }
  EXPECT_THAT(review(), IsEmpty());
  pass(76);
  EXPECT_THAT(review(), ElementsAre(Kind::Silent));
  book.refused(kOne, WebhookRefusal::DiskFull);
  EXPECT_THAT(review(), ElementsAre(Kind::Heard));
}

TEST_F(Book, WhoPostsRarelyIsGivenTime) {
  post_regularly(kOne, 30, 60);
  pass(240);
  EXPECT_THAT(review(), IsEmpty());
  pass(1);
  EXPECT_THAT(review(), ElementsAre(Kind::Silent));
}

TEST_F(Book, WithoutAHabitNobodyIsSilent) {
  post_regularly(kOne, static_cast<int>(SenderBook::kHabitGaps), 2);  // one gap too few
  for (int i = 0; i < 1000; ++i) post(kTwo);                          // all in one second
  pass(100'000);
  EXPECT_THAT(review(), IsEmpty());
}

TEST_F(Book, ManyPostsASecondAreOneHabit) {
  for (int i = 0; i < 30; ++i) {
    pass(1);
    for (int n = 0; n < 50; ++n) post(kOne);
  }
  EXPECT_EQ(book.senders()[0].usual_gap, Duration::seconds(1));
  pass(76);
  EXPECT_THAT(review(), ElementsAre(Kind::Silent));
}

TEST_F(Book, SendersOfTheLastLifeMustComeBack) {
  book.expect(kOne);
  book.expect(kTwo);
  pass(200);
  post(kTwo);
  pass(101);
  const auto notices = book.review();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].key, kOne);
  EXPECT_EQ(book.senders()[0].heard, std::nullopt);
  post(kOne);
  EXPECT_THAT(review(), ElementsAre(Kind::Heard));
}

TEST_F(Book, TheWallClockMayJump) {
  post_regularly(kOne, 30, 2);
  env.wall = {env.wall.micros + Duration::days(3650).micros};
  EXPECT_THAT(review(), IsEmpty());
  env.wall = {0};
  pass(76);
  EXPECT_THAT(review(), ElementsAre(Kind::Silent));
}

TEST_F(Book, GuessersAreToldAndOthersOnlyCounted) {
  const std::string peer = "192.0.2.7";
  for (int i = 0; i < 3; ++i) {
    for (const Refusal refusal : {Refusal::UnknownPath, Refusal::NoCredential, Refusal::BadCluster,
                                  Refusal::AmbiguousCluster, Refusal::UnknownToken, Refusal::OtherCluster}) {
      book.turned_away(peer, refusal, "/k8s-audit/\x1b[2Jlab");
    }
  }
  const auto notices = book.review();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0].refusal, Refusal::UnknownToken);
  EXPECT_EQ(notices[1].refusal, Refusal::OtherCluster);
  EXPECT_EQ(notices[1].key.peer, peer);
  EXPECT_EQ(notices[1].path, "/k8s-audit/\\x1b[2Jlab");
  const auto strangers = book.strangers();
  ASSERT_EQ(strangers.size(), 1u);
  EXPECT_EQ(strangers[0].refused[static_cast<size_t>(Refusal::NoCredential)], 3u);
  EXPECT_EQ(book.totals().turned_away[static_cast<size_t>(Refusal::OtherCluster)], 3u);
  EXPECT_THAT(book.senders(), IsEmpty());
}

TEST_F(Book, EverythingIsBounded) {
  post(kOne);
  for (size_t i = 0; i < limits::kSenders + 50; ++i) {
    pass(1);
    post({"prod", "api", fmt::format("peer {}", i)});
    if (i % 100 == 0) post(kOne);  // seen again and again: it stays
    book.turned_away(fmt::format("stranger {}", i), Refusal::UnknownToken, std::string(10'000, 'x'));
  }
  EXPECT_EQ(book.senders().size(), limits::kSenders);
  EXPECT_EQ(book.totals().forgotten, 51u);
  EXPECT_EQ(book.senders()[0].key, kOne);
  EXPECT_EQ(book.strangers().size(), limits::kStrangers);
  EXPECT_EQ(book.totals().strangers_forgotten, 50u);
  EXPECT_LE(book.strangers()[0].path.size(), 256u);
  const size_t notices = book.review().size();
  EXPECT_LT(notices, 1000u);
  EXPECT_EQ(book.totals().notices_dropped, limits::kStrangers + 50 - notices);
  for (uint64_t i = 0; i < 3 * limits::kBodiesRemembered; ++i) book.took(kOne, 7, 1'000'000 + i);
  book.took(kOne, 7, 1'000'005);  // long forgotten
  EXPECT_EQ(book.totals().retries, 0u);
}

}  // namespace
}  // namespace kubevigil
