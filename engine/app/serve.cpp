#include "engine/app/serve.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "engine/app/context.h"
#include "engine/app/filter_facts.h"
#include "engine/app/rule_facts.h"
#include "engine/app/service.h"
#include "engine/base/file_system.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr auto kLook = std::chrono::milliseconds(200);
constexpr Duration kReviewEvery = Duration::seconds(1);

}  // namespace

Serve::Serve(const Config& config, Disk& disk, const Env& env, Log& log)
    : config_(config), disk_(disk), env_(env), log_(log), self_alerts_(config.instance, env.random()) {}

Serve::~Serve() {
  if (admin_) admin_->forget();
  reload_loop_.reset();
  webhook_.reset();
  if (storage_.spool) storage_.spool->interrupt();
  pipeline_.reset();
  if (sinks_) sinks_->stop(0, {});
}

Result<void> Serve::open_rules() {
  auto redactor = redactor_of(config_);
  if (!redactor) return tl::unexpected(redactor.error());
  rules_ = std::make_unique<ServeRules>(*storage_.rules, *storage_.spool, env_, storage_.key, std::move(*redactor),
                                        owning_kafka_clients(config_, log_));
  auto ready = ready_rules(selection_of(config_.rules), bundle_settings(config_), env_.now());
  if (!ready) return tl::unexpected(ready.error());
  for (const Diagnostic& d : ready->loaded.diagnostics.entries()) {
    if (d.severity == Severity::Note) continue;
    log_.warn("rules", "a rule is not as it should be",
              {{"file", d.span.file}, {"line", d.span.line}, {"what", d.message}});
  }
  for (const std::string& line : ready->loaded.overlays) log_.info("rules", "overlay", {{"changes", line}});
  live_rules_ = rules_->live(*ready);
  ready_rules_ = std::move(*ready);
  return {};
}

// Rules and cursors are on the disk before the journal says more. On a full disk they wait for space, and nothing is
// lost: senders are told to wait, too.
Result<void> Serve::keep_what_is_named(const std::atomic<int>& stop) {
  for (bool said = false; stop == 0; std::this_thread::sleep_for(kLook)) {
    look_at_disk();
    if (disk_watch_->has_room_to_start()) {
      auto kept = rules_->keep(*ready_rules_, storage_.reserve.get());
      if (kept) kept = storage_.outbox->keep_begins();
      if (kept) return {};
      if (kept.error().fault != DiskFault::Full) return fail(kept.error().message);
    }
    notify_service_manager("EXTEND_TIMEOUT_USEC=60000000");
    if (std::exchange(said, true)) continue;
    log_.error("serve", "waiting for space on the disk before anything is processed", {{"folder", config_.data}});
    admin_->view().set_waiting("the disk is full; waiting for space");
  }
  return fail("stopped while it waited for space on the disk; nothing is lost, start again");
}

Result<void> Serve::recover(const std::atomic<int>& stop) {
  LiveWorld world{*storage_.journal, *storage_.snapshots, storage_.outbox.get(), env_, log_, self_alerts_, {}};
  world.reserve = storage_.reserve.get();
  world.load_rules = [this](const std::string& hash) { return rules_->load(hash); };
  world.waiting = [this](const std::string& input, const std::string& why) {
    notify_service_manager("EXTEND_TIMEOUT_USEC=60000000");
    admin_->view().set_waiting(fmt::format("recovery has to read {} again: {}", printable(input), why));
    IntakeStatus status;
    status.name = input;
    status.problem = why;
    input_watch_.review(std::span(&status, 1));
  };
  world.needed_rules = [this](const std::set<std::string>& hashes) { rules_->remove_unused(hashes); };
  auto redactor = redactor_of(config_);
  if (!redactor) return tl::unexpected(redactor.error());
  quarantine_ = std::make_unique<Quarantine>(disk_, config_.data + "/bad-records.jsonl", std::move(*redactor));
  world.processed = [this](const LiveBatch& info, const JudgedBatch& judged, std::span<const Alert>) {
    quarantine_->add(info.stream, judged.batch.bad, info.taken);
    if (ServeWebhook* webhook = webhook_seen_.load()) webhook->processed(info, judged);
  };
  LiveOptions options;
  options.threads = config_.threads;
  options.snapshot_every = config_.state.snapshot_every;
  options.version = version_text();
  options.stop = &stop;
  pipeline_ = std::make_unique<LivePipeline>(std::move(world), std::move(options));
  pipeline_->set_paused(intake_paused_);
  const Duration began = env_.monotonic();
  const auto report = pipeline_->recover(live_rules_);
  if (!report) return tl::unexpected(report.error());
  const Duration took = env_.monotonic() - began;
  admin_->view().change([&](ServeParts&, ServeFacts& facts) {
    facts.recovery = *report;
    facts.recovery_took = took;
  });
  log_.line(report->findings.empty() ? LogLevel::Info : LogLevel::Error, "recovery", "the last state is back",
            {{"snapshot", report->from_snapshot},
             {"entries", report->end - report->first},
             {"records", report->records},
             {"alerts_compared", report->compared},
             {"alerts_different", report->different},
             {"degraded", report->degraded},
             {"took", took}});
  for (const RecoveryFinding& finding : report->findings) {
    log_.error("recovery", "found", {{"what", finding.subject}, {"detail", finding.detail}});
  }
  return {};
}

void Serve::open_lease(const StandbyConfig& standby) {
  const auto notice = [this](const LeaseNotice& said) {
    const bool taken = said.kind == LeaseNotice::Kind::Taken;
    const bool trouble = said.kind == LeaseNotice::Kind::Trouble;
    log_.line(trouble ? LogLevel::Error : LogLevel::Warn, "standby",
              taken     ? "this instance sends alerts now"
              : trouble ? "the lease cannot be used"
                        : "the lease has changed",
              {{"detail", said.text}});
    if (taken) {
      self_alerts_.raise({SelfAlertKind::SendingTakenOver, "", config_.instance, said.text, env_.now()});
    }
  };
  LeaseOptions options{standby.lease_file, config_.instance, standby.ttl};
  options.file_system = [folder = std::filesystem::path(standby.lease_file).parent_path().string()] {
    return file_system_of(folder.empty() ? "." : folder);
  };
  options.beside = standby.lease_file + ".key";  // load_hash_key made sure of it
  lease_ = std::make_unique<Lease>(disk_, env_, std::move(options), notice);
}

Result<void> Serve::start_webhook() {
  const auto on_ack = [this](Duration took) {
    admin_->metrics().observe(Metric::WebhookAck, static_cast<double>(took.micros) / 1e6);
  };
  auto webhook = ServeWebhook::start(*config_.inputs.webhook, *storage_.spool, env_, log_, self_alerts_, on_ack);
  if (!webhook) return tl::unexpected(webhook.error());
  webhook_ = std::move(*webhook);
  webhook_seen_ = webhook_.get();
  return {};
}

void Serve::show_parts() {
  admin_->add_certificates(certificates_);
  sinks_->add_certificates(certificates_);
  if (webhook_) webhook_->add_certificates(certificates_);
  admin_->view().change([this](ServeParts& parts, ServeFacts&) {
    parts.spool = storage_.spool.get();
    parts.journal = storage_.journal.get();
    parts.reserve = storage_.reserve.get();
    parts.webhook = webhook_ ? &webhook_->server().counters() : nullptr;
    parts.senders = webhook_ ? &webhook_->senders() : nullptr;
    for (const auto& sink : sinks_->sinks()) parts.sinks.push_back(sink.get());
    parts.lease = lease_.get();
    parts.certificates = &certificates_;
  });
}

Result<void> Serve::start(const std::atomic<int>& stop) {
  auto lock = lock_data(disk_, config_, env_);
  if (!lock) return tl::unexpected(lock.error());
  auto admin = ServeAdmin::start(config_, disk_, env_, log_, self_alerts_);
  if (!admin) return tl::unexpected(admin.error());
  admin_ = std::move(*admin);
  admin_->view().set_waiting("opening what is on the disk");
  auto storage = open_storage(std::move(*lock), disk_, config_, env_, log_, self_alerts_);
  if (!storage) return tl::unexpected(storage.error());
  storage_ = std::move(*storage);
  disk_watch_.emplace(disk_, config_.data, *storage_.reserve, *storage_.spool, env_, log_, self_alerts_);
  if (auto opened = open_rules(); !opened) return opened;
  if (config_.standby) open_lease(*config_.standby);
  auto sinks = ServeSinks::open(config_, storage_, disk_, env_, log_, self_alerts_, lease_.get());
  if (!sinks) return tl::unexpected(sinks.error());
  sinks_ = std::move(*sinks);
  if (config_.inputs.webhook) {
    if (auto started = start_webhook(); !started) return started;
  }
  look_at_disk();
  show_parts();
  admin_->view().set_waiting("bringing back the last state from snapshot and journal");
  if (auto recovered = recover(stop); !recovered) return recovered;
  if (auto kept = keep_what_is_named(stop); !kept) return kept;
  look_at_disk();  // rules may have taken the reserve
  if (auto started = pipeline_->start(); !started) return started;
  if (lease_) lease_->start();
  admin_->view().change([this](ServeParts& parts, ServeFacts&) {
    parts.pipeline = pipeline_.get();
    parts.quarantine = quarantine_.get();
  });
  admin_->follow(*storage_.journal);
  sinks_->start();
  start_reloading();
  if (webhook_) {
    for (const std::string& stream : awaited_streams(pipeline_->status().consumer.streams)) webhook_->expect(stream);
  }
  say_start();
  return {};
}

void Serve::start_reloading() {
  RuleWatch::Options options;
  options.selection = selection_of(config_.rules);
  options.settings = bundle_settings(config_);
  options.take = [this](ReadyRules ready) -> Result<void> {
    // Not at the cost of the reserve: the old rules go on, and alerts need it.
    if (const auto kept = rules_->keep(ready); !kept) return fail(kept.error().message);
    pipeline_->swap_rules(rules_->live(ready));
    admin_->view().change([this](ServeParts&, ServeFacts& facts) {
      ++facts.reloads_taken;
      facts.rules_taken = env_.now();
    });
    return {};
  };
  options.rejected = [this](const std::string& detail) {
    self_alerts_.raise({SelfAlertKind::RulesRejected, "", "rules", detail, env_.now()});
    admin_->view().change([](ServeParts&, ServeFacts& facts) {
      ++facts.reloads_rejected;
      facts.rules_behind = true;
    });
  };
  options.mended = [this] {
    self_alerts_.clear({SelfAlertKind::RulesRejected, "", "rules", "what is on the disk is in use", env_.now()});
    admin_->view().change([](ServeParts&, ServeFacts& facts) { facts.rules_behind = false; });
  };
  rule_watch_ = std::make_unique<RuleWatch>(std::move(options), *ready_rules_, log_);
  triggers_ = std::make_unique<ReloadTriggers>(log_);
  if (webhook_) webhook_->add_triggers(*triggers_);
  admin_->add_triggers(*triggers_);
  sinks_->add_triggers(*triggers_);
  reload_loop_ = std::make_unique<ReloadLoop>(env_, *rule_watch_, *triggers_);
}

// What cannot be seen depends on what the API servers write, which nobody knows yet: say what it takes.
void Serve::say_start() const {
  const RuleSet& rules = ready_rules_->program->rules();
  std::map<std::string, size_t> needed;
  for (const Rule& rule : rules.rules) ++needed[facts_of(rule, rules).needed_level];
  log_.info("serve", "ready",
            {{"version", version_text()},
             {"instance", config_.instance},
             {"data", config_.data},
             {"rules", rules.rules.size()},
             {"preset", to_text(config_.rules.preset)},
             {"rules_left_out", rules.left_out.size()},
             {"rules_hash", ready_rules_->hash},
             {"webhook_listeners", config_.inputs.webhook ? config_.inputs.webhook->listen.size() : 0},
             {"tails", config_.inputs.tail.size()},
             {"kafka_inputs", config_.inputs.kafka.size()},
             {"outputs", config_.outputs.size()}});
  if (needed.size() > 1) {
    log_.info("rules", "rules that read bodies are blind where the audit policy leaves them out",
              {{"need_metadata", needed["Metadata"]},
               {"need_request", needed["Request"]},
               {"need_request_response", needed["RequestResponse"]},
               {"see", "kubevigil policy check"}});
  }
  for (const IdlePattern& idle : idle_patterns(config_, rules)) {
    log_.warn("sink", "a pattern of a filter fits nothing that is loaded or configured",
              {{"sink", idle.output}, {"filter", idle.key}, {"pattern", idle.pattern}});
  }
  for (const TailConfig& tail : config_.inputs.tail) {
    log_.info("serve", "follows a log", {{"path", tail.path}, {"cluster", tail.cluster}});
  }
  for (const KafkaInputConfig& kafka : config_.inputs.kafka) {
    log_.info("serve", "reads topics", {{"input", kafka.name}, {"brokers", kafka.brokers}});
  }
}

void Serve::look_at_disk() {
  const bool paused = disk_watch_->look();
  if (std::exchange(intake_paused_, paused) != paused) pause_intake(paused);
}

void Serve::pause_intake(bool paused) {
  if (pipeline_) pipeline_->set_paused(paused);
  if (webhook_) webhook_->receiver().set_accepting(!paused, paused ? "the disk is full" : "");
}

Result<void> Serve::watch(const std::atomic<int>& stop, const std::atomic<unsigned>& hangups) {
  unsigned heard = hangups;
  Duration reviewed = env_.monotonic();
  while (stop == 0) {
    if (const std::string failure = pipeline_->failure(); !failure.empty()) return fail(failure);
    if (const auto broken = storage_.spool->commit().broken()) return fail("spool: " + broken->message);
    if (const auto broken = storage_.outbox->broken()) return fail("outbox: " + broken->message);
    if (hangups != heard) {
      heard = hangups;
      log_.info("serve", "asked to look at rules and certificates (SIGHUP)");
      reload_loop_->ask();
    }
    look_at_disk();
    if (env_.monotonic() - reviewed >= kReviewEvery) {
      reviewed = env_.monotonic();
      if (webhook_) webhook_->review();
      certificates_.review(webhook_ ? &webhook_->senders() : nullptr, self_alerts_, env_.now());
      const auto status = pipeline_->status();
      live_watch_.review(status.consumer, env_.now());
      input_watch_.review(status.inputs);
    }
    std::this_thread::sleep_for(kLook);
  }
  return {};
}

Result<void> Serve::end() {
  notify_service_manager("STOPPING=1");
  admin_->view().set_waiting("stopping");
  reload_loop_.reset();
  if (webhook_) webhook_->shutdown(kLastRequests);
  const auto stopped = pipeline_->stop();
  if (!stopped) log_.error("serve", "did not end as it should", {{"why", stopped.error().message}});
  sinks_->stop(storage_.journal->durable_end(), stopped ? kLastDeliveries : Duration{});
  if (lease_) lease_->release();
  if (stopped) storage_.outbox->forget_dropped();  // that alert is in the journal
  (void)storage_.outbox->flush();                  // else some alerts are sent again, under the same ids
  return stopped;
}

Result<void> Serve::run(const std::atomic<int>& stop, const std::atomic<unsigned>& hangups) {
  if (auto started = start(stop); !started) return stop != 0 ? Result<void>() : started;
  admin_->view().set_ready();
  notify_service_manager("READY=1");
  const auto watched = watch(stop, hangups);
  if (watched) log_.info("serve", "stopping", {{"signal", stop.load()}});
  const auto ended = end();
  if (!watched) return watched;
  if (ended) log_.info("serve", "stopped; everything taken in is processed");
  return ended;
}

}  // namespace kubevigil
