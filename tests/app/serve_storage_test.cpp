// What `serve` says when it opens its data folder under another configuration.
#include "engine/app/serve_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/simulated_disk.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

struct Opened {
  ServeStorage storage;
  std::vector<Alert> alerts;
  std::string log;
};

Opened open_with(Disk& disk, const std::vector<std::string>& outputs) {
  const test::SimulatedEnv env;
  Opened out;
  Log log(env, {}, [&](std::string_view line) { out.log += line; });
  SelfAlerts self_alerts("test", 1);
  Config config;
  config.data = "/data";
  for (const std::string& name : outputs) config.outputs.emplace_back().name = name;
  auto lock = lock_data(disk, config, env);
  EXPECT_TRUE(lock) << lock.error().message;
  auto opened = open_storage(std::move(*lock), disk, config, env, log, self_alerts);
  EXPECT_TRUE(opened) << opened.error().message;
  out.storage = std::move(*opened);
  out.alerts = self_alerts.due(env.now());
  return out;
}

TEST(ServeStorage, AnOutputThatIsGoneWithAlertsToSendIsToldOf) {
  test::SimulatedDisk disk;
  {
    const Opened first = open_with(disk, {"soc", "done", "kept"});
    EXPECT_THAT(first.alerts, IsEmpty());
    Journal& journal = *first.storage.journal;
    journal.append(JournalAlert{"a", 1, "{}"});
    journal.append(JournalAlert{"b", 1, "{}"});
    journal.append(JournalControl{"idle", "tail/x", "", {}});
    ASSERT_TRUE(journal.flush());
    const uint64_t last = journal.durable_end() - 1;
    first.storage.outbox->delivered("soc", last - 2);
    first.storage.outbox->delivered("done", last - 1);  // what comes behind it is no alert
    ASSERT_TRUE(first.storage.outbox->flush());
  }
  for (int life = 0; life < 2; ++life) {  // the first one dies before its alert is in the journal
    const Opened renamed = open_with(disk, {"soc-new", "kept"});
    ASSERT_EQ(renamed.alerts.size(), 1u) << life;
    EXPECT_EQ(renamed.alerts[0].rule_id, self_alert_row(SelfAlertKind::AlertsGivenUp).rule_id);
  }
  const Opened renamed = open_with(disk, {"soc-new", "kept"});
  EXPECT_THAT(renamed.log, AllOf(HasSubstr("\"soc\""), HasSubstr("not configured any longer")));
  EXPECT_THAT(renamed.log, testing::Not(HasSubstr("\"done\"")));
}

}  // namespace
}  // namespace kubevigil
