// Rules of an earlier life under another redaction: what recovery says, and in which words.
#include "engine/app/serve_rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/run/live_recovery.h"
#include "tests/app/shell_rule.h"
#include "tests/support/certificates.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::SimulatedDisk;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSecret = "hunter2hunter2";
const std::string kRule = std::string(kShellRule) + R"(kubevigil: {message: "{user.username} ran {userAgent}"})";

// A life whose last entry is an event with a secret; it ended before the alert was written.
class EarlierLife {
 public:
  explicit EarlierLife(const std::string& redact) {
    folder_.write("rule.yaml", kRule);
    SpoolOptions spool;
    spool.folder = "/spool";
    spool_ = std::move(*Spool::open(disk_, spool));
    JournalOptions journal;
    journal.folder = "/journal";
    journal_ = std::move(*Journal::open(disk_, journal));
    snapshots_ = std::move(*SnapshotStore::open(disk_, "/snapshots", "state"));
    store_ = std::move(*RuleStore::open(disk_, "/rules"));
    live(redact);
  }

  Recovered recovered(const std::string& redact) {
    const Config now = config(redact);
    ServeRules rules(*store_, *spool_, system_env(), HashKey{1, 2}, *redactor_of(now));
    const auto ready = ready_rules(selection_of(now.rules), bundle_settings(now), {});
    RecoverySources sources{*journal_, *snapshots_, {}, rules.live(*ready), "1"};
    sources.load_rules = [&](const std::string& hash) { return rules.load(hash); };
    auto out = recover(sources);
    EXPECT_TRUE(out) << out.error().message;
    EXPECT_THAT(out->report.findings, IsEmpty());
    return std::move(*out);
  }

  void write_down(const Alert& alert) {
    journal_->append(journal_alert(alert));
    ASSERT_TRUE(journal_->flush());
  }

 private:
  Config config(const std::string& redact) {
    Config config;
    config.rules.paths = {folder_.path("rule.yaml")};
    config.inputs.webhook.emplace().formats = {"native"};
    config.redact = !redact.starts_with("off");
    const size_t blank = redact.find(' ');
    if (blank != std::string::npos) {
      config.redact_key_file = folder_.write("key" + redact.substr(blank + 1), redact + " 0123456789abcdef");
    }
    return config;
  }

  void live(const std::string& redact) {
    const auto ready = ready_rules(selection_of(config(redact).rules), bundle_settings(config(redact)), {});
    ASSERT_TRUE(ready) << ready.error().message;
    ASSERT_TRUE(store_->keep(ready->bundle));
    auto body = spool_->begin({"lab", "token", "10.0.0.9", {1'767'312'000'000'000}}, std::nullopt);
    ASSERT_TRUE((*body)->write(fmt::format(
        R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete",)"
        R"("verb":"create","user":{{"username":"eve"}},"userAgent":"curl --password={}","objectRef":{{"resource":"pods",)"
        R"("subresource":"exec"}},"stageTimestamp":"2026-01-02T00:00:00Z"}})",
        kSecret)));
    ASSERT_TRUE((*body)->commit());
    const LiveInputs inputs = open_inputs(ready->bundle.settings, *spool_, system_env());
    LiveBatch batch;
    ASSERT_EQ(inputs.front()->poll(batch), LiveStep::Batch);
    journal_->append(JournalControl{kControlStart, "", "1", {}});
    journal_->append(JournalControl{kControlRules, "", ready->hash, {}});
    journal_->append(JournalInput{inputs.front()->name(), batch.from, batch.to, batch.pieces(), batch.taken});
    ASSERT_TRUE(journal_->flush());
  }

  const TestFolder folder_;
  SimulatedDisk disk_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<RuleStore> store_;
};

struct Change {
  const char *then, *now;
  bool shown;     // the secret, in what recovery has to add
  bool compared;  // its names with the journal's
};

// Only who never had it redacted, and has not now, sees the secret. Marks of another key are as long as the old ones,
// so that all else is as it was; whole texts are not.
TEST(RulesOfAnEarlierLife, NothingLeavesInPlainWordsThatWasRedactedThenOrIsNow) {
  const std::vector<Change> changes = {
      {"off", "off", true, true},    {"on", "on", false, true},    {"on A", "on B", false, true},
      {"on A", "on", false, true},   {"on A", "off", false, true}, {"on", "off", false, true},
      {"off", "on A", false, false},
  };
  for (const Change& change : changes) {
    SCOPED_TRACE(fmt::format("then {}, now {}", change.then, change.now));
    EarlierLife life(change.then);
    const Recovered first = life.recovered(change.now);
    ASSERT_EQ(first.missing.size(), 1u);
    EXPECT_EQ(to_json(first.missing[0]).find(kSecret) != std::string::npos, change.shown) << to_json(first.missing[0]);
    EXPECT_THAT(first.missing[0].message, HasSubstr(change.shown ? kSecret : "redacted(sha256:"));
    life.write_down(life.recovered(change.then).missing[0]);
    const Recovered again = life.recovered(change.now);
    EXPECT_THAT(again.missing, IsEmpty());
    EXPECT_EQ(again.report.compared, change.compared ? 1u : 0u);
    EXPECT_EQ(again.report.different, 0u);
  }
}

// Rules that change every minute for a year: only what is needed stays, and what may be on its way into the journal.
TEST(ServeRules, BundlesOfALongLifeAreRemoved) {
  const TestFolder folder;
  SimulatedDisk disk;
  SpoolOptions options;
  options.folder = "/spool";
  const auto spool = std::move(*Spool::open(disk, options));
  const auto store = std::move(*RuleStore::open(disk, "/rules"));
  ServeRules rules(*store, *spool, system_env(), HashKey{1, 2}, Redactor());
  RuleSelection selection;
  selection.paths = {folder.write("rule.yaml", kRule)};
  selection.no_builtin = true;
  std::string before;
  for (int i = 0; i < 20; ++i) {
    const auto ready = ready_rules(selection, {{"state", std::to_string(i)}}, {});
    ASSERT_TRUE(ready) << ready.error().message;
    ASSERT_TRUE(rules.keep(*ready));
    rules.remove_unused({before});  // of the older snapshot
    const std::set<std::string> left = *store->hashes();
    EXPECT_LE(left.size(), 3u);
    EXPECT_TRUE(left.contains(ready->hash));
    EXPECT_TRUE(before.empty() || left.contains(before));
    before = ready->hash;
  }
}

}  // namespace
}  // namespace kubevigil
