#include "tests/support/live_program.h"

#include <fmt/format.h>

#include <random>

#include "engine/alert/alert_reader.h"
#include "engine/base/text.h"
#include "outputs/file_transport.h"
#include "outputs/registry.h"
#include "tests/run/replay_stream.h"

namespace kubevigil::test {
namespace {

constexpr std::chrono::minutes kLongEnough{1};

}  // namespace

const char* const kLiveRules = R"(
title: Secret read
id: 11111111-1111-4111-8111-111111111111
name: secret_read
level: low
logsource: {product: kubernetes, service: audit}
detection:
  sel: {verb: [get, list], objectRef.resource: secrets}
  condition: sel
kubevigil: {message: "{user.username} read {objectRef.namespace}/{objectRef.name}", dedup: {by: [user.username], period: 10m}}
---
title: Secrets of several namespaces
id: 22222222-2222-4222-8222-222222222222
name: secrets_across
level: high
correlation:
  type: value_count
  rules: [secret_read]
  group-by: [user.username]
  timespan: 10m
  generate: true
  condition: {field: objectRef.namespace, gte: 3}
---
title: Pod made
id: 33333333-3333-4333-8333-333333333333
name: pod_made
level: informational
logsource: {product: kubernetes, service: audit}
detection:
  sel: {verb: create, objectRef.resource: pods}
  condition: sel
kubevigil: {dedup: {by: [objectRef.namespace], period: 5m}}
---
title: A pod, then secrets
id: 44444444-4444-4444-8444-444444444444
name: pod_then_secret
level: medium
correlation:
  type: temporal_ordered
  rules: [pod_made, secret_read]
  group-by: [user.username]
  timespan: 3m
  generate: true
---
title: First seen namespace of a user
id: 55555555-5555-4555-8555-555555555555
name: new_namespace
level: low
correlation: {type: new_value, rules: [secret_read], group-by: [user.username], timespan: 1d, generate: true, condition: {field: objectRef.namespace}}
)";

std::vector<std::string> recorded_stream(uint64_t seed, size_t bodies, int64_t ahead) {
  std::mt19937_64 random(seed);
  std::vector<std::string> out;
  int64_t second = 0;
  size_t number = 0;
  for (size_t b = 0; b < bodies; ++b) {
    std::string items;
    for (size_t i = 2 + random() % 6; i > 0; --i) {
      EventText e;
      second += static_cast<int64_t>(random() % 40);
      e.second = ahead + second - static_cast<int64_t>(random() % 3);
      e.id = fmt::format("{:08x}-0000-4000-8000-{:012x}", seed, ++number);
      e.user = fmt::format("user-{}", random() % 4);
      e.ns = fmt::format("ns-{}", random() % 6);
      e.resource = random() % 3 == 0 ? "pods" : "secrets";
      e.verb = e.resource == "pods" ? "create" : "get";
      items += (items.empty() ? "" : ",") + json_of(e);
    }
    out.push_back(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + items + "]}\n");
  }
  return out;
}

std::vector<Delivered> delivered(const SimulatedDisk& disk) {
  std::map<size_t, std::string> files;  // the active one last
  for (const std::string& path : disk.paths()) {
    if (!path.starts_with("/out/alerts.jsonl")) continue;
    const std::string number = path.substr(std::string_view("/out/alerts.jsonl").size());
    files[number.empty() ? SIZE_MAX : std::stoul(number.substr(1))] = disk.content(path);
  }
  std::vector<Delivered> out;
  for (const auto& [number, text] : files) {
    for (const std::string_view line : split(text, '\n')) {
      if (line.empty()) continue;
      const auto alert = alert_from_json(std::string(line));
      if (alert) {
        out.push_back({alert->id, alert->rule_id, std::string(line), alert->revision});
      } else {
        out.push_back({"no alert", "", std::string(line), 0});
      }
    }
  }
  return out;
}

LiveProgram::LiveProgram(Disk& disk, FastEnv& env, const LiveProgramOptions& options)
    : disk_(disk),
      env_(env),
      options_(options),
      log_(env, {LogLevel::Info, LogFormat::Text}, [this](std::string_view line) { lines_ += line; }),
      self_alerts_("test", options.seed) {}

std::unique_ptr<LiveProgram> LiveProgram::start(Disk& disk, FastEnv& env, const LiveProgramOptions& options,
                                                std::string& problem) {
  std::unique_ptr<LiveProgram> program(new LiveProgram(disk, env, options));
  problem = program->open();
  if (!problem.empty()) return nullptr;
  return program;
}

LiveProgram::~LiveProgram() {
  sink_.reset();
  pipeline_.reset();
}

std::string LiveProgram::open() {
  if (std::string problem = open_files(); !problem.empty()) return problem;
  if (std::string problem = open_pipeline(); !problem.empty()) return problem;
  return open_sink();
}

std::string LiveProgram::open_files() {
  if (options_.reserve_bytes > 0) {
    if (auto made = disk_.make_folder("/data"); !made) return made.error().message;
    auto reserve = DiskReserve::open(disk_, "/data", options_.reserve_bytes);
    if (!reserve) return reserve.error().message;
    reserve_ = std::move(*reserve);
  }
  const auto take = [&](auto& member, auto opened) {
    if (!opened) return opened.error().message;
    member = std::move(*opened);
    return std::string();
  };
  SpoolOptions spool;
  spool.folder = "/data/spool";
  spool.segment_bytes = 8000;
  spool.secret = options_.seed * 3 + 1;
  spool.reserve = reserve_.get();
  JournalOptions journal;
  journal.folder = "/data/journal";
  journal.segment_bytes = 6000;
  journal.secret = options_.seed * 5 + 1;
  journal.reserve = reserve_.get();
  OutboxOptions outbox;
  outbox.folder = "/data/outbox";
  outbox.sinks = {"file"};
  outbox.segment_bytes = 2000;
  outbox.secret = options_.seed * 7 + 1;
  outbox.reserve = reserve_.get();
  std::string problem = take(rules_, RuleStore::open(disk_, "/data/rules"));
  if (problem.empty()) problem = take(spool_, Spool::open(disk_, spool));
  if (problem.empty()) problem = take(journal_, Journal::open(disk_, journal));
  if (problem.empty()) problem = take(outbox_, Outbox::open(disk_, outbox));
  if (problem.empty()) problem = take(snapshots_, SnapshotStore::open(disk_, "/data/snapshot", "state"));
  if (!problem.empty()) return problem;
  for (const auto* found : {&spool_->damage(), &journal_->damage(), &outbox_->damage()}) {
    damage_.insert(damage_.end(), found->begin(), found->end());
  }
  return {};
}

Result<LiveRules> LiveProgram::rules_of(const RuleBundle& bundle) {
  LoadedRules loaded = kubevigil::load_rules(bundle.sources, bundle.options);
  EXPECT_EQ(render(loaded.diagnostics, loaded.sources), "");
  LiveRules rules;
  rules.hash = bundle_hash(bundle);
  rules.program = Program::compile(std::make_shared<const RuleSet>(std::move(loaded.rules)));
  rules.open_inputs = [this] {
    SpoolInputOptions options;
    options.slack = Duration::seconds(5);
    options.idle_after = options_.idle_after;
    options.batch_bytes = 4000;
    LiveInputs inputs;
    inputs.push_back(std::make_unique<SpoolInput>(*spool_, options));
    return inputs;
  };
  return rules;
}

namespace {

RuleBundle bundle_number(uint64_t number) {
  RuleBundle bundle;
  bundle.sources = {{"live.yaml", kLiveRules, false}};
  bundle.settings = {{"number", std::to_string(number)}};
  return bundle;
}

}  // namespace

LoadRules LiveProgram::load_rules() {
  return [this](const std::string& hash) -> Result<LiveRules> {
    const auto loaded = rules_->load(hash);
    if (!loaded) return fail(loaded.error().message);
    return rules_of(*loaded);
  };
}

std::string LiveProgram::run_again(Disk& disk, FastEnv& env, JournalCheck& check, RecoveryReport& report) {
  LiveProgram program(disk, env, {});
  if (std::string problem = program.open_files(); !problem.empty()) return problem;
  RecoverySources sources{*program.journal_, *program.snapshots_, program.load_rules(), {}, "1", nullptr, true, &check};
  sources.present = std::make_shared<const LiveRules>(*program.rules_of(bundle_number(0)));
  auto recovered = recover(sources);
  if (!recovered) return recovered.error().message;
  check.finish();
  report = std::move(recovered->report);
  return {};
}

std::string LiveProgram::open_pipeline() {
  const RuleBundle bundle = bundle_number(0);
  const auto kept = rules_->keep(bundle);
  if (!kept) return kept.error().message;
  kept_.insert(*kept);
  LiveWorld world{*journal_, *snapshots_, outbox_.get(), env_, log_, self_alerts_, {}, {}, {}};
  world.load_rules = load_rules();
  world.needed_rules = [this](std::set<std::string> hashes) {
    {
      const std::lock_guard hold(mutex_);
      hashes.insert(kept_.begin(), kept_.end());
    }
    (void)rules_->remove_unused(hashes);
  };
  world.processed = [this](const LiveBatch& info, const JudgedBatch&, std::span<const Alert>) {
    const std::lock_guard hold(mutex_);
    if (const auto position = spool_position(info.to)) processed_ = position->after;
    changed_.notify_all();
  };
  LiveOptions options;
  options.threads = 2;
  options.snapshot_every = Duration(1);  // as often as it can
  options.version = options_.version;
  pipeline_ = std::make_unique<LivePipeline>(std::move(world), options);
  const auto rules = rules_of(bundle);
  auto recovered = pipeline_->recover(std::make_shared<const LiveRules>(*rules));
  if (!recovered) return recovered.error().message;
  recovery_ = *recovered;
  const auto started = pipeline_->start();
  return started ? std::string() : started.error().message;
}

std::string LiveProgram::open_sink() {
  EncodingOptions encoding;
  encoding.revisions = true;
  FileTransportOptions file;
  file.path = "/out/alerts.jsonl";
  file.rotate_bytes = 150'000;  // less often than the cursor is written
  file.keep = 1000;
  auto transport = FileTransport::open(file, outbox_->place("file"), disk_);
  if (!transport) return transport.error().message;
  SinkOptions options;
  options.name = "file";
  options.back_off.first = Duration::seconds(1);
  options.back_off.most = Duration::seconds(2);
  options.dead_letters.path = "/out/dead";
  SinkConnection connection;
  connection.encoding = make_encoding("jsonl", encoding);
  connection.transport = std::move(*transport);
  const auto notice = [this](const SinkNotice& said) { log_.error("sink", said.text); };
  sink_ = std::make_unique<Sink>(SinkWorld{*journal_, *outbox_, disk_, env_, nullptr, notice}, std::move(connection),
                                 options);
  sink_->start();
  return {};
}

bool LiveProgram::post(const std::string& body, Timestamp arrival, const std::string& peer) {
  auto begun = spool_->begin({"prod", "token", peer, arrival}, body.size());
  if (!begun) return refusal_ = begun.error().reason, false;
  if (const auto written = (*begun)->write(body); !written) return refusal_ = written.error().reason, false;
  const auto sequence = (*begun)->commit();
  if (!sequence) return refusal_ = sequence.error().reason, false;
  answered_ = *sequence;
  return true;
}

bool LiveProgram::settle() {
  {
    std::unique_lock hold(mutex_);
    const auto done = [&] {  // what this life was posted, and what earlier ones left
      const LiveStatus now = pipeline_->status();
      return processed_ >= answered_ && now.inputs.front().caught_up && now.queued_bytes == 0;
    };
    const auto until = std::chrono::steady_clock::now() + kLongEnough;
    while (!done()) {
      if (changed_.wait_for(hold, std::chrono::milliseconds(20)) == std::cv_status::timeout &&
          (!pipeline_->failure().empty() || std::chrono::steady_clock::now() > until)) {
        return false;
      }
    }
  }
  if (!journal_->flush()) return false;
  return sink_->wait_delivered(journal_->durable_end() - 1, Duration::minutes(1));
}

std::string LiveProgram::stop() {
  const auto stopped = pipeline_->stop();
  if (!stopped) return stopped.error().message;
  if (const auto flushed = journal_->flush(); !flushed) return flushed.error().message;
  const bool all = sink_->wait_delivered(journal_->durable_end() - 1, Duration::minutes(1));
  sink_->stop();
  return all ? "" : "the sink has not delivered everything";
}

bool LiveProgram::swap_rules(uint64_t number) {
  const RuleBundle bundle = bundle_number(number);
  const auto kept = rules_->keep(bundle);
  if (!kept) return false;
  {
    const std::lock_guard hold(mutex_);
    kept_.insert(*kept);
  }
  pipeline_->swap_rules(std::make_shared<const LiveRules>(*rules_of(bundle)));
  return true;
}

bool LiveProgram::look_at_disk() {
  const bool full = reserve_ != nullptr && !reserve_->held() && !reserve_->refill();
  pipeline_->set_paused(full);
  return full;
}

std::string LiveProgram::reported() const {
  std::string out;
  for (const LogDamage& damage : damage_) out += to_text(damage) + "\n";
  for (const RecoveryFinding& finding : recovery_.findings) out += finding.detail + "\n";
  const std::lock_guard hold(mutex_);
  for (const std::string_view line : split(lines_, '\n')) {
    if (line.find("lost") != std::string_view::npos) out += std::string(line) + "\n";
  }
  return out;
}

}  // namespace kubevigil::test
