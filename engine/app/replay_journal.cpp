#include "engine/app/replay_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "engine/app/alert_printer.h"
#include "engine/app/config_load.h"
#include "engine/app/serve_rules.h"
#include "engine/app/serve_storage.h"
#include "engine/app/signals.h"
#include "engine/base/overlay_disk.h"
#include "engine/base/text.h"
#include "engine/run/journal_check.h"

namespace kubevigil {
namespace {

class JournalReplay {
 public:
  JournalReplay(const JournalRequest& request, Context& context)
      : request_(request),
        context_(context),
        disk_(reading_disk()),
        log_(context.env, {LogLevel::Warn, LogFormat::Text}, context.console.err()),
        self_alerts_("replay", 0) {
    config_.data = request.folder;
    config_.redact_key_file = request.redact.key_file;
  }

  void run() {
    if (auto opened = open(); !opened) return context_.fail(kExitUsage, opened.error().message);
    AlertPrinter printer(request_.output, true, context_);
    JournalCheck check([&](const Alert& alert) { printer.print(alert); });
    const auto recovered = run_again(check);
    printer.end();
    if (!recovered) {
      context_.fail(kExitInput, recovered.error().message);
      if (const int signal = watch_signals(); signal > 0) context_.exit_code = 128 + signal;
      return set_output_code();
    }
    check.finish();
    say(check, *recovered);
    set_exit_code(check, *recovered, printer.highest());
  }

 private:
  Result<void> open();
  Result<KafkaClients> kafka();
  Result<std::shared_ptr<const LiveRules>> any_rules();
  Result<RecoveryReport> run_again(JournalCheck& check);
  void say(const JournalCheck& check, const RecoveryReport& report) const;
  void set_exit_code(const JournalCheck& check, const RecoveryReport& report, std::optional<Level> highest);
  void set_output_code();
  Result<LiveRules> load(const std::string& hash);

  const JournalRequest& request_;
  Context& context_;
  OverlayDisk disk_;
  Config config_;
  Log log_;
  SelfAlerts self_alerts_;
  std::unique_ptr<DiskLock> lock_;
  ServeStorage storage_;
  std::unique_ptr<ServeRules> rules_;
  bool other_key_ = false;
};

Result<void> JournalReplay::open() {
  const std::string& folder = request_.folder;
  if (!reading_disk().list(folder + "/journal")) {
    return fail(
        fmt::format("--journal {}: no journal is there; name the data folder of a kubevigil serve (`data:` in "
                    "its configuration), or a copy of it",
                    printable(folder)));
  }
  auto lock = disk_.lock(folder + "/lock");
  if (!lock && lock.error().fault == DiskFault::Locked) {
    return fail(
        fmt::format("--journal {}: a kubevigil runs on this folder; stop it, or copy the folder and replay the "
                    "copy",
                    printable(folder)));
  }
  if (!lock) return fail(lock.error().message);
  lock_ = std::move(*lock);
  auto own = lock_data(disk_, config_, context_.env);
  if (!own) return tl::unexpected(own.error());
  auto storage = open_storage(std::move(*own), disk_, config_, context_.env, log_, self_alerts_);
  if (!storage) return tl::unexpected(storage.error());
  storage_ = std::move(*storage);
  auto redactor = make_redactor(request_.redact);
  if (!redactor) return tl::unexpected(redactor.error());
  auto clients = kafka();
  if (!clients) return tl::unexpected(clients.error());
  // Off: whether values are redacted stands in the bundles.
  rules_ = std::make_unique<ServeRules>(*storage_.rules, *storage_.spool, context_.env, storage_.key,
                                        redactor->switched(false), std::move(*clients));
  return {};
}

Result<KafkaClients> JournalReplay::kafka() {
  if (request_.config.empty()) return KafkaClients();
  const auto loaded = load_config(request_.config, environment());
  if (!loaded) return tl::unexpected(loaded.error());
  if (!loaded->diagnostics.has_errors()) return kafka_clients(loaded->config, log_);
  return fail(fmt::format("--config {}: has errors; `kubevigil config check` shows them", printable(request_.config)));
}

// Where the journal does not say which: never, but for one that is damaged.
Result<std::shared_ptr<const LiveRules>> JournalReplay::any_rules() {
  const auto hashes = storage_.rules->hashes();
  if (!hashes) return fail(hashes.error().message);
  std::string why = "none are kept there";
  for (const std::string& hash : *hashes) {
    auto rules = rules_->load(hash);
    if (rules) return std::make_shared<const LiveRules>(std::move(*rules));
    why = rules.error().message;
  }
  return fail(fmt::format("{}/rules: {}", printable(request_.folder), why));
}

// Marks of redacted values hold a keyed hash: with another key every alert that has one differs.
Result<LiveRules> JournalReplay::load(const std::string& hash) {
  const auto bundle = storage_.rules->load(hash);
  if (bundle) {
    const auto used = bundle->settings.find("redact");
    const BundleSettings own = bundle_settings(config_);
    const auto print = [](std::string_view setting) {
      return setting.substr(std::min(setting.find(' '), setting.size()));
    };
    if (used != bundle->settings.end() && print(used->second) != print(own.at("redact"))) other_key_ = true;
  }
  return rules_->load(hash);
}

Result<RecoveryReport> JournalReplay::run_again(JournalCheck& check) {
  const auto present = any_rules();
  if (!present) return tl::unexpected(present.error());
  RecoverySources sources{*storage_.journal, *storage_.snapshots, {}, *present, version_text(), &watch_signals()};
  sources.load_rules = [this](const std::string& hash) { return load(hash); };
  sources.from_oldest = true;
  sources.observer = &check;
  auto recovered = recover(sources);
  if (!recovered) return tl::unexpected(recovered.error());
  return std::move(recovered->report);
}

void JournalReplay::say(const JournalCheck& check, const RecoveryReport& report) const {
  const JournalCheck::Counts& counts = check.counts();
  const Console& console = context_.console;
  for (const std::string& difference : check.differences()) console.say("differs: " + difference);
  if (counts.different > check.differences().size()) {
    console.say(fmt::format("differs: and {} more", counts.different - check.differences().size()));
  }
  for (const RecoveryFinding& finding : report.findings) {
    if (finding.kind != SelfAlertKind::RecoveryMismatch || report.degraded) {
      console.say("gone: " + printable(finding.subject + ": " + finding.detail));
    }
  }
  if (other_key_) {
    console.say(
        "redaction: the alerts were written with another key of redacted values: give --redact-key-file as "
        "serve had it");
  }
  if (request_.output.quiet) return;
  console.say(fmt::format(
      "journal: entries {} to {}, {}; {} records in {} inputs read again", report.first,
      report.end == 0 ? 0 : report.end - 1,
      report.from_snapshot ? "behind the older snapshot (what came before it is trimmed)" : "all that was ever written",
      report.records, report.inputs));
  console.say(
      fmt::format("alerts: {} the same byte for byte, {} different, {} not compared, {} of the program about "
                  "itself; {} follow from the last entry and were not written yet",
                  counts.same, counts.different, counts.not_compared, counts.self, counts.unwritten));
}

void JournalReplay::set_output_code() {
  const int error = context_.console.output_error();
  if (error != 0) context_.exit_code = error == EPIPE ? kExitClosedPipe : kExitInput;
}

void JournalReplay::set_exit_code(const JournalCheck& check, const RecoveryReport& report,
                                  std::optional<Level> highest) {
  const auto gate = parse_level(request_.output.fail_on);
  if (gate && highest && *highest >= *gate) context_.exit_code = kExitGate;
  if (report.degraded) context_.exit_code = kExitInput;
  if (check.counts().different > 0) context_.exit_code = kExitGate;
  set_output_code();
}

}  // namespace

void replay_journal(const JournalRequest& request, Context& context) { JournalReplay(request, context).run(); }

}  // namespace kubevigil
