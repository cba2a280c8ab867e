#include "engine/run/replay.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "engine/run/alert_order.h"
#include "engine/run/bad_lines.h"
#include "engine/run/batch_judge.h"
#include "engine/run/files_reached.h"
#include "engine/run/replay_watermark.h"
#include "engine/state/baseline.h"

namespace kubevigil {
namespace {

constexpr size_t kActorsCounted = 10'000;  // distinct users of alerts; further ones are not counted
constexpr size_t kActorsShown = 10;

TimeRange widened(const ReplayOptions& options) {
  TimeRange range = options.range;
  if (range.from != Timestamp::min()) range.from = range.from - options.warm_up;
  return range;
}

// Counts of alerts: by rule as they open, the rest as they are handed out.
struct AlertCounts {
  std::vector<uint64_t> by_rule;
  std::map<uint32_t, Level> raised;                     // rules with alerts above their own level
  std::array<uint64_t, kLevelNames.size()> by_level{};  // the level they had in the end
  std::map<std::string, ActorReport> actors;

  void add(const Alert& alert) {
    ++by_level[static_cast<size_t>(alert.level)];
    const std::string& name = alert.actor.username;
    if (name.empty() || (actors.size() >= kActorsCounted && !actors.contains(name))) return;
    ActorReport& actor = actors[name];
    actor.username = name;
    ++actor.alerts;
    actor.highest = std::max(actor.highest, alert.level);
  }

  std::vector<ActorReport> top() const {
    std::vector<ActorReport> out;
    for (const auto& [name, actor] : actors) out.push_back(actor);
    std::stable_sort(out.begin(), out.end(), [](const ActorReport& a, const ActorReport& b) {
      return std::tie(a.alerts, a.highest) > std::tie(b.alerts, b.highest);
    });
    if (out.size() > kActorsShown) out.resize(kActorsShown);
    return out;
  }
};

// Everything that stands on the caller's thread.
class Run : public EventSource {
 public:
  Run(std::vector<std::unique_ptr<Input>>& inputs, std::shared_ptr<const Program> program, const ReplayOptions& options,
      const ReplayHooks& hooks, const Env& env);

  Result<void> learn_baseline();
  ReplayReport go();
  EventRef ref(const MatchResult& result, const EventMark& mark) override;

 private:
  std::vector<SourceStart> starts();
  void on_event(const MergedEvent& event);
  void count_blind(const MergedEvent& event);
  void on_raise(uint32_t rule, Level before, Level after);
  void on_batch(const MergedEvent& event);
  void on_begun(const MergedEvent& head);
  void on_changes(const EventMark* mark);
  void open(const EpisodeChange& change, const EventMark* mark);
  void report_progress();
  bool is_stopped() const { return hooks_.stop != nullptr && hooks_.stop->load() != 0; }
  bool take_all(Merge& merge);
  std::vector<SourceReach> take_begun(const Merge& merge);
  ReplayReport report(const Merge& merge, const std::vector<SourceReach>& reach);
  MatchProfile* profile_of_worker();

  std::vector<std::unique_ptr<Input>>& inputs_;
  std::shared_ptr<const Program> program_;
  const ReplayOptions& options_;
  const ReplayHooks& hooks_;
  const Env& env_;
  TimeRange range_;
  const std::shared_ptr<MemoryGate> gate_ = std::make_shared<MemoryGate>(limits::kJudgedBytes);
  BatchJudge judge_;
  Correlator correlator_;
  ReplayWatermark watermark_;
  AlertBuilder builder_;
  AlertOrder order_;
  std::map<uint32_t, std::string> file_names_;
  AlertCounts counts_;
  Tally tally_;
  std::vector<std::array<uint64_t, kAuditLevels.size()>> not_evaluable_;  // by rule; events, by audit level
  BadLines bad_;
  std::vector<EpisodeChange> changes_;
  JudgedBatch* batch_ = nullptr;  // of the event at hand
  ReplayProgress progress_;
  Duration started_, reported_;
  struct StrictStop {
    uint32_t source;
    SourceReach reach;  // the bad record is the next one
  };
  std::optional<StrictStop> strict_stop_;
  std::vector<std::vector<InputFile>> files_before_;  // by input, as they were before they were read
  std::vector<std::string> baseline_notes_;
  std::mutex profiles_mutex_;
  std::deque<MatchProfile> profiles_;  // of the workers: read when these have ended
};

Run::Run(std::vector<std::unique_ptr<Input>>& inputs, std::shared_ptr<const Program> program,
         const ReplayOptions& options, const ReplayHooks& hooks, const Env& env)
    : inputs_(inputs),
      program_(program),
      options_(options),
      hooks_(hooks),
      env_(env),
      range_(widened(options)),
      judge_(program, {range_, options.cluster, options.key, options.strict, gate_, options.threads}),
      correlator_(program, {.state_bytes = options.state_bytes,
                            .open_from = options.range.from,
                            .learn_until = options.learn_until,
                            .key = options.key}),
      builder_(program, options.redactor,
               [this](uint32_t file) {
                 const auto it = file_names_.find(file);
                 return it == file_names_.end() ? std::string("?") : it->second;
               }),
      order_([this](const Alert& alert) {
        counts_.add(alert);
        hooks_.alert(alert);
      }),
      bad_(options.bad_kept),
      started_(env.monotonic()),
      reported_(started_) {
  counts_.by_rule.resize(program_->rules().rules.size());
  not_evaluable_.resize(program_->rules().rules.size());
  for (const auto& input : inputs_) {
    uint32_t number = input->first_file();
    files_before_.emplace_back(input->files().begin(), input->files().end());
    for (const InputFile& file : input->files()) {
      file_names_[number++] = file.path;
      progress_.total_bytes += file.skipped ? 0 : file.size;
    }
  }
}

Result<void> Run::learn_baseline() {
  if (!options_.baseline) return {};
  auto loaded = load_baseline(*options_.baseline, program_->rules(), correlator_);
  if (!loaded) return fail(loaded.error().message);
  baseline_notes_ = std::move(loaded->notes);
  return {};
}

std::vector<SourceStart> Run::starts() {
  std::vector<SourceStart> starts;
  Batch batch;
  for (const auto& input : inputs_) {
    batch = {};
    const bool any = input->peek(batch);
    starts.push_back({input->name(), any ? judge_.start_of(batch) : Timestamp::min()});
  }
  return starts;
}

EventRef Run::ref(const MatchResult& result, const EventMark& mark) {
  const Record& record = batch_->batch.records[mark.record];
  const auto index = static_cast<size_t>(&mark - result.events.data());
  EventRef ref = EventSource::ref(result, mark);
  ref.position = record.position;
  ref.inner = mark.inner;
  ref.size = static_cast<uint32_t>(record.size);
  ref.audit_id = batch_->audit_ids[index];
  return ref;
}

void Run::on_event(const MergedEvent& event) {
  batch_ = event.batch;
  const EventMark& mark = batch_->result.events[event.index];
  ++progress_.events;
  if (!range_.holds(mark.time)) {
    ++tally_.outside_range;
    return;
  }
  changes_.clear();
  const Timestamp watermark = watermark_.with(event.merge_time);
  if (correlator_.on_event(watermark, event.merge_time, batch_->result, mark, *this, changes_)) {
    watermark_.take(event.merge_time);
    count_blind(event);
  }
  on_changes(&mark);
}

void Run::count_blind(const MergedEvent& event) {
  const auto& blind = event.batch->blind;
  const auto before = [](const BlindMark& mark, uint32_t index) { return mark.event < index; };
  for (auto it = std::lower_bound(blind.begin(), blind.end(), event.index, before);
       it != blind.end() && it->event == event.index; ++it) {
    ++not_evaluable_[it->rule][it->level];
  }
}

void Run::on_batch(const MergedEvent& event) {
  tally_.add(event.batch->tally);
  for (const BadRecord& bad : event.batch->batch.bad) bad_.add(bad);
  progress_.bytes += event.batch->batch.input_bytes;
}

// A run that ends early: a batch of which only the events before `head` were given.
void Run::on_begun(const MergedEvent& head) {
  const std::vector<EventMark>& events = head.batch->result.events;
  if (head.index == events.size()) return on_batch(head);
  const RecordPosition& at = head.batch->batch.records[events[head.index].record].position;
  tally_.add(judge_.tally_before(*head.batch, events[head.index]));
  for (const BadRecord& bad : head.batch->batch.bad) {
    if (!head.batch->halted && position_before(bad.position, at)) bad_.add(bad);
  }
}

void Run::on_changes(const EventMark* mark) {
  for (const EpisodeChange& change : changes_) {
    const Episode& episode = change.episode;
    if (change.kind == EpisodeChange::Kind::Opened) {
      open(change, mark);
    } else if (OpenAlert* alert = order_.find(episode.number)) {
      const Level before = alert->alert.level;
      if (change.kind == EpisodeChange::Kind::Closed) {
        builder_.update(*alert, episode);
      } else {  // the rest follows when it closes; an episode may be joined a million times
        alert->alert.count = episode.count;
        alert->alert.last_seen = episode.last_seen;
        alert->alert.level = level_at(program_->rules().rules[episode.rule], episode.measure);
      }
      if (alert->alert.level != before) on_raise(episode.rule, before, alert->alert.level);
      if (change.kind == EpisodeChange::Kind::Closed) order_.close(episode.number);
    }
  }
}

void Run::on_raise(uint32_t rule, Level before, Level after) {
  --progress_.alerts[static_cast<size_t>(before)];
  ++progress_.alerts[static_cast<size_t>(after)];
  Level& raised = counts_.raised[rule];
  raised = std::max(raised, after);
}

void Run::open(const EpisodeChange& change, const EventMark* mark) {
  const Episode& episode = change.episode;
  OpenAlert alert;
  const bool at_hand = mark != nullptr && episode.anchor.identity == mark->identity;
  const bool read = at_hand && judge_.reread(batch_->batch, *mark, [&](const Event& event, FieldLookup& fields) {
    alert = builder_.opened(episode, {&event, &fields, event.salvaged});
  });
  if (!read) alert = builder_.opened(episode, {});
  ++counts_.by_rule[episode.rule];
  const Level level = program_->rules().rules[episode.rule].meta.level;
  ++progress_.alerts[static_cast<size_t>(level)];
  if (alert.alert.level != level) on_raise(episode.rule, level, alert.alert.level);
  order_.open(episode.number, std::move(alert));
}

void Run::report_progress() {
  const Duration now = env_.monotonic();
  if (!hooks_.progress || now - reported_ < Duration{100'000}) return;
  reported_ = now;
  progress_.elapsed = now - started_;
  hooks_.progress(progress_);
}

// Called by each worker, once; null when no profile is wanted.
MatchProfile* Run::profile_of_worker() {
  if (!options_.profile) return nullptr;
  const std::lock_guard lock(profiles_mutex_);
  MatchProfile& profile = profiles_.emplace_back();
  profile.clock = [this] { return env_.monotonic(); };
  return &profile;
}

ReplayReport Run::go() {
  std::vector<Input*> pointers;
  for (const auto& input : inputs_) pointers.push_back(input.get());
  JudgeOptions judging{range_, options_.cluster, options_.key, options_.strict, gate_, options_.threads};
  const MakeJudge make_judge = [this, judging]() mutable {
    judging.profile = profile_of_worker();
    auto judge = std::make_shared<BatchJudge>(program_, judging);
    return [judge](JudgedBatch& batch) { judge->judge(batch); };
  };
  const std::vector<SourceStart> sources = starts();
  auto ahead =
      std::make_unique<ReadAhead>(pointers, make_judge, ReadAheadOptions{options_.threads, options_.bytes_in_flight});
  Merge merge(*ahead, sources);
  const bool stopped = take_all(merge);
  const std::vector<SourceReach> reach = take_begun(merge);
  if (strict_stop_ && hooks_.give_up) hooks_.give_up();
  ahead.reset();  // the inputs' threads have ended: their files may be looked at
  changes_.clear();
  correlator_.finish(watermark_.final(), changes_);
  on_changes(nullptr);
  order_.finish();
  ReplayReport out = report(merge, reach);
  out.stopped = stopped;
  out.strict_stop = strict_stop_.has_value();
  if (options_.profile) out.profile.emplace();
  for (const MatchProfile& profile : profiles_) out.profile->add(profile);
  return out;
}

// Until the end, the stop or the first bad line of a strict run; true for the stop.
bool Run::take_all(Merge& merge) {
  MergedEvent event;
  uint32_t steps = 0;
  for (;;) {
    const Merge::Next next = merge.next(event);
    if (next == Merge::Next::End) return is_stopped();  // a stop may have ended the inputs, too
    if (next == Merge::Next::Batch) on_batch(event);
    if (next == Merge::Next::Batch && event.batch->halted) {
      const BadRecord& bad = event.batch->batch.bad.front();
      strict_stop_ = StrictStop{event.source, {false, bad.position, bad.reason == BadReason::CutOff}};
      return false;
    }
    if (next == Merge::Next::Event) on_event(event);
    if (next == Merge::Next::Event && (++steps & 0x3FF) != 0) continue;
    if (is_stopped()) return true;
    report_progress();
  }
}

// What was given of batches that did not get to their end, when the run ends early; and how far it got, by source.
std::vector<SourceReach> Run::take_begun(const Merge& merge) {
  std::vector<SourceReach> reach(inputs_.size());
  for (uint32_t i = 0; i < reach.size(); ++i) reach[i].ended = merge.ended(i);
  for (const MergedEvent& head : merge.begun()) {
    on_begun(head);
    const std::vector<EventMark>& events = head.batch->result.events;
    if (head.index < events.size())
      reach[head.source].next = head.batch->batch.records[events[head.index].record].position;
  }
  if (strict_stop_) reach[strict_stop_->source] = strict_stop_->reach;
  return reach;
}

ReplayReport Run::report(const Merge& merge, const std::vector<SourceReach>& reach) {
  ReplayReport out;
  for (uint32_t i = 0; i < inputs_.size(); ++i) {
    const auto files = inputs_[i]->files();
    out.files.resize(std::max<size_t>(out.files.size(), inputs_[i]->first_file() + files.size()));
    const std::span<InputFile> copies(out.files.begin() + inputs_[i]->first_file(), files.size());
    std::copy(files.begin(), files.end(), copies.begin());
    if (strict_stop_) take_back_unreached(copies, files_before_[i], inputs_[i]->first_file(), reach[i]);
    out.sources.push_back({inputs_[i]->name(), merge.pace(i)});
    out.first = std::min(out.first, out.sources.back().pace.first);
    out.last = std::max(out.last, out.sources.back().pace.last);
  }
  out.tally = tally_;
  out.bytes_read = progress_.bytes;
  out.bad_total = bad_.total();
  out.bad = bad_.take();
  out.correlator = correlator_.counters();
  out.alerts = counts_.by_level;
  out.alerts_early = order_.early();
  out.actors = counts_.top();
  for (uint32_t i = 0; i < program_->rules().rules.size(); ++i) {
    RuleReport rule;
    rule.rule = i;
    rule.alerts = counts_.by_rule[i];
    const auto raised = counts_.raised.find(i);
    rule.level = std::max(program_->rules().rules[i].meta.level,
                          raised == counts_.raised.end() ? Level::Informational : raised->second);
    rule.not_evaluable = not_evaluable_[i];
    if (!program_->rules().rules[i].is_detection()) rule.state = correlator_.operator_stats(i);
    out.rules.push_back(std::move(rule));
  }
  for (KeyExplosion& explosion : correlator_.take_explosions()) {
    out.rules[explosion.rule].explosions.push_back(std::move(explosion.maker));
  }
  out.baseline_notes = baseline_notes_;
  out.learned = save_baseline(program_->rules(), correlator_);
  return out;
}

}  // namespace

Result<ReplayReport> replay(std::vector<std::unique_ptr<Input>>& inputs, std::shared_ptr<const Program> program,
                            const ReplayOptions& options, const ReplayHooks& hooks, const Env& env) {
  Run run(inputs, std::move(program), options, hooks, env);
  if (auto learned = run.learn_baseline(); !learned) return fail(learned.error().message);
  return run.go();
}

}  // namespace kubevigil
