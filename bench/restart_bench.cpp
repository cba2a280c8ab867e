// A restart of `serve`: from the start of a process until the last state is back, with 1,000,000 keys of a count in the
// snapshot and a journal tail of 30 seconds at 4,000 events/s behind it. What recovery says is checked before the time
// is told: every record read again, every alert the same. An API server tries a batch for about two minutes before it
// gives it up; what it sends meanwhile needs the listener only, which opens before recovery.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/rule/rule_loader.h"
#include "engine/run/batch_judge.h"
#include "engine/run/live_recovery.h"
#include "engine/run/live_snapshot.h"
#include "engine/run/memory_input.h"
#include "engine/run/spool_input.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kKeys = 1'000'000;
constexpr size_t kBodies = 300, kEventsOfBody = 400;  // 30 s x 4,000
constexpr int64_t kBegin = 1'767'312'000'000'000;

constexpr const char* kRules = R"(
title: Secret read
id: 11111111-1111-4111-8111-111111111111
name: secret_read
level: low
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: get, objectRef.resource: secrets}, condition: sel}
---
title: Many secrets
id: 22222222-2222-4222-8222-222222222222
name: many_secrets
level: high
correlation: {type: event_count, rules: [secret_read], group-by: [user.username], timespan: 1h, condition: {gte: 16}}
)";

std::string event(size_t number, size_t user) {
  const std::string time = format_rfc3339({kBegin + static_cast<int64_t>(number) * 250});
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{:08x}-0000-4000-8000-{:012x}",)"
      R"("stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/secrets/s","verb":"get",)"
      R"("user":{{"username":"user-{}","groups":["system:authenticated"]}},"sourceIPs":["10.0.0.1"],)"
      R"("userAgent":"kubectl/v1.31.0","objectRef":{{"resource":"secrets","namespace":"a","name":"s","apiVersion":"v1"}},)"
      R"("responseStatus":{{"metadata":{{}},"code":200}},"requestReceivedTimestamp":"{}","stageTimestamp":"{}"}})",
      number, number, user, time, time);
}

void demand(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "restart_bench: %s\n", what.c_str());
  std::exit(1);
}

struct Storage {
  explicit Storage(const std::string& folder) {
    SpoolOptions spool_options;
    spool_options.folder = folder + "/spool";
    JournalOptions journal_options;
    journal_options.folder = folder + "/journal";
    auto opened = Spool::open(posix_disk(), spool_options);
    auto journal_opened = Journal::open(posix_disk(), journal_options);
    auto snapshots_opened = SnapshotStore::open(posix_disk(), folder + "/snapshots", "state");
    demand(opened && journal_opened && snapshots_opened, "cannot open " + folder);
    spool = std::move(*opened);
    journal = std::move(*journal_opened);
    snapshots = std::move(*snapshots_opened);
  }
  std::unique_ptr<Spool> spool;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<SnapshotStore> snapshots;
};

std::shared_ptr<const LiveRules> rules_over(Spool& spool) {
  auto rules = std::make_shared<LiveRules>();
  LoadedRules loaded = load_rules({{"bench.yaml", kRules, false}}, {});
  demand(!loaded.diagnostics.has_errors(), render(loaded.diagnostics, loaded.sources));
  rules->hash = "bench";
  rules->program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
  rules->detector.state_bytes = size_t{1} << 30;
  rules->open_inputs = [&spool] {
    LiveInputs inputs;
    inputs.push_back(std::make_unique<SpoolInput>(spool, SpoolInputOptions()));
    return inputs;
  };
  return rules;
}

// Judged and processed; the alerts that follow.
std::vector<Alert> process(LiveCore& core, BatchJudge& judge, LiveBatch& batch) {
  JudgedBatch judged;
  std::swap(judged.batch, batch.batch);
  judged.batch.cluster = batch.cluster;
  judged.batch.formats = batch.formats;
  judge.judge(judged);
  std::vector<Alert> out;
  core.process("spool", batch, judged, out);
  return out;
}

void fill_keys(LiveCore& core, BatchJudge& judge) {
  for (size_t at = 0; at < kKeys; at += 1000) {
    std::vector<std::string> records;
    for (size_t i = at; i < at + 1000; ++i) records.push_back(event(i, i));
    MemoryInput input("fill", 0, std::move(records), size_t{1} << 30);
    LiveBatch batch;
    input.next(batch.batch);
    batch.stream = "webhook/prod/token/10.0.0.9";
    batch.cluster = "prod";
    batch.taken = {kBegin + static_cast<int64_t>(at) * 250};
    process(core, judge, batch);
  }
}

// A data folder as it is left behind: a snapshot, and a journal over bodies in the spool behind it.
size_t prepare(const std::string& folder) {
  Storage storage(folder);
  const auto rules = rules_over(*storage.spool);
  LiveCore core(rules);
  BatchJudge judge(rules->program, {});
  fill_keys(core, judge);
  storage.journal->append(JournalControl{kControlStart, "", "bench", {}});
  storage.journal->append(JournalControl{kControlRules, "", "bench", {}});
  demand(storage.journal->flush().has_value(), "the journal");
  const std::string state = core.save();
  const LiveNote note{"bench", {"bench"}, storage.journal->durable_end(), {}, {{"spool", ""}}, {}};
  demand(storage.snapshots->write(encode_note(note), state).has_value(), "the snapshot");
  for (size_t b = 0; b < kBodies; ++b) {
    std::string items;
    for (size_t i = 0; i < kEventsOfBody; ++i) {
      const size_t number = kKeys + b * kEventsOfBody + i;
      items += (i == 0 ? "" : ",") + event(number, number % 7919);
    }
    const std::string body =
        R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + items + "]}\n";
    auto spooled = storage.spool->begin({"prod", "token", "10.0.0.9", {kBegin + int64_t(b) * 100'000}}, body.size());
    demand(spooled && (*spooled)->write(body) && (*spooled)->commit(), "the spool");
  }
  SpoolInput input(*storage.spool, {});
  for (LiveBatch batch; input.poll(batch) == LiveStep::Batch; batch = {}) {
    const JournalInput entry{"spool", batch.from, batch.to, batch.pieces(), batch.taken};
    storage.journal->append(entry);
    for (const Alert& alert : process(core, judge, batch)) storage.journal->append(journal_alert(alert));
  }
  demand(storage.journal->flush().has_value(), "the journal");
  return state.size();
}

void restart(const std::string& folder, std::chrono::steady_clock::time_point began) {
  Storage storage(folder);
  const auto rules = rules_over(*storage.spool);
  const auto recovered = recover({*storage.journal, *storage.snapshots, {}, rules, "bench"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  demand(recovered.has_value(), "no recovery");
  const RecoveryReport& report = recovered->report;
  const std::string found = report.findings.empty() ? std::string() : ": " + report.findings.front().detail;
  demand(report.from_snapshot && !report.degraded && report.different == 0, "another state than before" + found);
  demand(report.compared > 0, "no alert in the tail");
  demand(report.records == kBodies * kEventsOfBody, fmt::format("{} records", report.records));
  demand(recovered->core->detector().operator_stats(1).keys >= kKeys, "fewer keys than before");
  std::printf("restart: %.2f s from the start of the process to the last state, %zu keys, %zu records and %zu alerts\n",
              took.count(), static_cast<size_t>(recovered->core->detector().operator_stats(1).keys),
              static_cast<size_t>(report.records), static_cast<size_t>(report.compared));
  std::printf("         %.0f MiB resident at most\n", static_cast<double>(system_env().peak_memory()) / (1 << 20));
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  const auto began = std::chrono::steady_clock::now();
  if (argc == 2) {
    kubevigil::bench::restart(argv[1], began);
    return 0;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "kubevigil-restart-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const size_t state = kubevigil::bench::prepare(folder);
  std::printf("snapshot of %.0f MiB\n", static_cast<double>(state) / (1 << 20));
  std::fflush(stdout);
  const int result = std::system(fmt::format("'{}' '{}'", argv[0], folder).c_str());
  std::filesystem::remove_all(folder);
  return result == 0 ? 0 : 1;
}
