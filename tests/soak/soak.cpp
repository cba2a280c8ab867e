#include "tests/soak/soak.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <random>

namespace kubevigil::test {
namespace {

constexpr Duration kTick{100'000};
constexpr int kKills = 6;                                 // beside those in the full disk
constexpr int kRuleChanges = 30;                          // a half
constexpr double kQuiet = 0.46;                           // begin of the pause between the halves
constexpr double kSecond = 0.5;                           // begin of the second half
constexpr double kEnd = 0.97;                             // end of the traffic
constexpr Duration kRetryLadder = Duration::seconds(60);  // no outage is longer, so API servers drop nothing

}  // namespace

Soak::Soak(SoakOptions options)
    : options_(std::move(options)),
      receiver_(folder_.receiver_port()),
      served_(options_.program, folder_),
      journals_(options_.program, folder_) {
  folder_.configure(log_.path(), {std::max(part(1.0 / 60), Duration::seconds(1)), give_up_after()});
}

std::vector<std::string> Soak::run() {
  began_ = system_env().monotonic();
  fmt::print("serve_soak: {} s, {} events/s, seed {}\n{}\n", options_.length.micros / 1'000'000,
             options_.events_a_second, options_.seed, heading());
  if (!folder_.can_fill()) {
    fmt::print("serve_soak: NO DISK CAN BE MOUNTED HERE (it takes root): THE FAULT \"DISK FULL\" IS LEFT OUT\n");
  }
  if (const std::string error = receiver_.come(); !error.empty()) problem(error);
  log_.append("");
  start_program();
  begin_traffic("first");
  run_steps(first_half(), kQuiet);
  end_traffic();
  measure_quiet_point();
  begin_traffic("second");
  run_steps(second_half(), kEnd);
  end_traffic();
  finish();
  return problems_;
}

std::vector<Soak::Step> Soak::first_half() {
  std::mt19937_64 random(options_.seed);
  std::vector<Step> steps = {
      {0.10, "receiver away", [this] { receiver_.leave(); }},
      {0.16, "receiver back", [this] { receiver_.come(); }},
      {0.17, "restart", [this] { restart_in_order(); }},
  };
  for (int i = 0; i < kKills; ++i) {
    const double when = 0.04 + 0.065 * i + 0.03 * static_cast<double>(random() % 1000) / 1000;
    steps.push_back({when, "kill -9", [this] { kill_program(); }});
  }
  for (int i = 1; i < kRuleChanges; ++i) {
    steps.push_back({0.44 * i / kRuleChanges, "", [this] { change_rules(); }});
  }
  if (!folder_.can_fill()) return steps;
  const double full =
      static_cast<double>(std::min(part(0.02), kRetryLadder).micros) / static_cast<double>(options_.length.micros);
  for (const double when : {0.20, 0.30}) {
    steps.push_back({when, "disk full", [this] { folder_.fill_disk(); }});
    steps.push_back({when + full, "disk free", [this] { folder_.free_disk(); }});
  }
  steps.push_back({0.30 + full / 2, "disk full, kill -9", [this] { kill_program(); }});
  return steps;
}

std::vector<Soak::Step> Soak::second_half() {
  std::vector<Step> steps = {
      {0.55, "receiver breaks", [this] { receiver_.set_mood(Mood::BreaksEveryThird); }},
      {0.65, "receiver well", [this] { receiver_.set_mood(Mood::Well); }},
      {0.60, "", [this] { change_certificate(); }},
      {0.70, "receiver slow", [this] { receiver_.set_mood(Mood::Slow); }},
      {0.78, "receiver well", [this] { receiver_.set_mood(Mood::Well); }},
      {0.80, "", [this] { change_certificate(); }},
  };
  for (int i = 1; i < kRuleChanges; ++i) {
    steps.push_back({kSecond + (kEnd - kSecond) * i / kRuleChanges, "", [this] { change_rules(); }});
  }
  return steps;
}

void Soak::run_steps(std::vector<Step> steps, double until) {
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.when < b.when; });
  for (const Step& step : steps) {
    while (now() < part(step.when)) tick();
    if (!step.name.empty()) phase_ = step.name;
    step.action();
  }
  while (now() < part(until)) tick();
}

void Soak::tick() {
  ::poll(nullptr, 0, static_cast<int>(kTick.micros / 1000));
  receiver_.release_slow();
  if (served_.ended()) {
    problem("the program ended by itself: " + served_.log_tail());
    start_program();
  }
  if (now() >= next_sample_) sample();
}

void Soak::sample() {
  next_sample_ = {now().micros + std::max(part(1.0 / 120), Duration::seconds(1)).micros};
  const auto page = served_.metrics();
  if (!page) return;
  Sample sample{.at = now(), .phase = phase_};
  sample.memory = served_.memory_bytes();
  sample.descriptors = served_.descriptors();
  sample.data = folder_.data_bytes();
  sample.journal = static_cast<uint64_t>(page->sum("kubevigil_journal_bytes"));
  sample.spool = static_cast<uint64_t>(page->sum("kubevigil_spool_bytes"));
  sample.events = page->sum("kubevigil_events_total");
  sample.alerts = page->sum("kubevigil_alerts_total");
  sample.far_pending = page->sum("kubevigil_sink_pending_entries", "sink=\"far\"");
  sample.nowhere_pending = page->sum("kubevigil_sink_pending_entries", "sink=\"nowhere\"");
  sample.nowhere_oldest = page->sum("kubevigil_sink_oldest_pending_seconds", "sink=\"nowhere\"");
  sample.tail_lag = page->sum("kubevigil_tail_lag_bytes");
  sample.state_bytes = page->sum("kubevigil_state_bytes");
  fmt::print("{}\n", row(sample));
  std::fflush(stdout);
  samples_.push_back(std::move(sample));
}

void Soak::wait_for(Duration time) {
  for (const Duration end{now().micros + time.micros}; now() < end;) tick();
}

void Soak::begin_traffic(const std::string& name) {
  const size_t half = options_.events_a_second / 2;
  traffic_ = std::make_unique<Traffic>(
      folder_, log_, TrafficOptions{name, half, half, std::max(part(1.0 / 30), Duration::seconds(4)), options_.seed});
  phase_ = "load";
}

void Soak::end_traffic() {
  phase_ = "draining";
  traffic_->stop();
  sent_second_ = traffic_->sent();
  sent_.add(sent_second_);
  traffic_.reset();
}

void Soak::start_program() {
  const auto took = served_.start();
  if (!took) return problem("the program does not become ready: " + served_.log_tail());
  slowest_start_ = std::max(slowest_start_, *took);
}

// In a full disk it is not ready before there is room.
void Soak::kill_program() {
  served_.kill();
  journals_.take();
  if (folder_.is_full()) return served_.launch();
  start_program();
}

void Soak::restart_in_order() {
  if (const int code = served_.stop(); code != 0) problem(fmt::format("SIGTERM: exit code {}", code));
  start_program();
}

void Soak::change_rules() {
  ++rules_;
  folder_.change_rules(rules_, rules_ % 7 == 0);
  served_.hang_up();
}

void Soak::change_certificate() {
  const std::string authority = folder_.change_certificate();
  served_.hang_up();
  if (!becomes([&] { return served_.shows_certificate_of(authority); })) problem("the new certificate is not shown");
}

bool Soak::drain() {
  double last = -1;
  for (int quiet = 0, rounds = 0; quiet < 5; ++rounds) {
    if (rounds == 300) return false;
    wait_for(Duration::seconds(1));
    const auto page = served_.metrics();
    if (!page) continue;
    const double events = page->sum("kubevigil_events_total");
    const bool moving = events != last || page->sum("kubevigil_tail_lag_bytes") > 0 ||
                        page->sum("kubevigil_queue_bytes") > 0 ||
                        page->sum("kubevigil_sink_pending_entries", "sink=\"far\"") > 0 ||
                        page->sum("kubevigil_sink_pending_entries", "sink=\"out\"") > 0;
    quiet = moving ? 0 : quiet + 1;
    last = events;
  }
  return true;
}

void Soak::measure_quiet_point() {
  if (!drain()) problem("the program does not come to rest between the halves");
  const auto page = served_.metrics();
  if (!page) return problem("no metrics at the quiet point");
  events_before_ = page->sum("kubevigil_events_total") - page->sum("kubevigil_duplicate_events_total");
  batches_before_ = page->sum("kubevigil_webhook_batches_total");
}

void Soak::finish() {
  if (!drain()) problem("the program does not come to rest at the end");
  sample();
  check_counts();
  if (const int code = served_.stop(); code != 0) problem(fmt::format("no clean end: exit code {}", code));
  check_flat();
  check_delivery();
  check_journals();
  fmt::print("{} lives, slowest start {:.1f} s, {} lines of the level error, seed {}\n", served_.lives(),
             static_cast<double>(slowest_start_.micros) / 1e6, served_.errors_logged(), options_.seed);
}

void Soak::problem(const std::string& text) {
  fmt::print("!! {}\n", text);
  std::fflush(stdout);
  problems_.push_back(text);
}

}  // namespace kubevigil::test
