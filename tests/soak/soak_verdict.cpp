// What a soak holds at its end against what was done.
#include <fmt/format.h>

#include <algorithm>

#include "tests/soak/delivery_check.h"
#include "tests/soak/soak.h"

namespace kubevigil::test {
namespace {

// Medians are taken of these. Ten minutes into a run the duplicate window (three generations of five minutes) is full.
constexpr double kEarly[] = {0.55, 0.73}, kLate[] = {0.79, 0.97};
constexpr Duration kWarm = Duration::minutes(15);
constexpr double kBytesAnEvent = 64;  // that a run which is still warming up may take

// Of the last life: a fact, not a criterion, for other programs may run beside.
void say_share(const MetricPage& page, const std::string& histogram, const std::string& bound) {
  const double all = page.sum(histogram + "_count");
  const double within = page.sum(histogram + "_bucket", fmt::format("le=\"{}\"", bound));
  fmt::print("{}: {:.3f} % of {:.0f} within {} s\n", histogram, all > 0 ? 100 * within / all : 0, all, bound);
}

}  // namespace

// Of the second half: in it nothing ended, so the counters are of one life.
void Soak::check_counts() {
  fmt::print("posted {} events in {} batches ({} tries beyond the first, {} events dropped), logged {}, {} objects\n",
             sent_.posted, sent_.batches, sent_.retried, sent_.dropped, sent_.logged, sent_.objects.size());
  if (sent_.dropped > 0) problem(fmt::format("API servers dropped {} events: {}", sent_.dropped, sent_.problem));
  const auto page = served_.metrics();
  if (!page) return problem("no metrics at the end");
  const double events =
      page->sum("kubevigil_events_total") - page->sum("kubevigil_duplicate_events_total") - events_before_;
  const double batches = page->sum("kubevigil_webhook_batches_total") - batches_before_;
  const size_t want = sent_second_.posted + sent_second_.logged;
  fmt::print("second half: {} events accepted, {:.0f} judged; {} batches answered 200, {:.0f} counted\n", want, events,
             sent_second_.batches, batches);
  if (events != static_cast<double>(want)) problem("events accepted and events judged differ");
  if (batches < static_cast<double>(sent_second_.batches)) problem("batches answered 200 are not counted");
  const double lost = page->sum("kubevigil_input_gaps_total") + page->sum("kubevigil_bad_records_total") +
                      page->sum("kubevigil_recovery_mismatches_total") + page->sum("kubevigil_storage_damage_total");
  if (lost > 0) problem(fmt::format("{:.0f} gaps, bad records, mismatches and damaged places", lost));
  check_nowhere(*page);
  say_share(*page, "kubevigil_webhook_ack_seconds", "0.05");
  say_share(*page, "kubevigil_event_to_alert_seconds", "1");
}

// Over restarts, too: else it would hold the journal for ever.
void Soak::check_nowhere(const MetricPage& page) {
  const double given_up = page.sum("kubevigil_sink_alerts_given_up_total", "sink=\"nowhere\"");
  const auto oldest = std::max_element(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) {
    return a.nowhere_oldest < b.nowhere_oldest;
  });
  const double seconds = static_cast<double>(give_up_after().micros) / 1e6, most = 2 * seconds + 30;
  fmt::print(
      "output to nowhere: gives up after {:.0f} s; {:.0f} given up in the last life; the oldest alert waited "
      "{:.0f} s\n",
      seconds, given_up, oldest->nowhere_oldest);
  if (given_up == 0) problem("the output to nowhere gave up nothing");
  if (oldest->nowhere_oldest > most) problem(fmt::format("more than {:.0f} s: it does not give up", most));
}

void Soak::check_flat() {
  const double warming = options_.length.micros * kEarly[0] < static_cast<double>(kWarm.micros)
                             ? kBytesAnEvent * static_cast<double>(options_.events_a_second) *
                                   static_cast<double>(part(kLate[0] - kEarly[0]).micros) / 1e6
                             : 0;
  check_one(
      "memory (MiB)", [](const Sample& s) { return static_cast<double>(s.memory) / (1 << 20); }, 1.03,
      4 + warming / (1 << 20));
  check_one(
      "descriptors", [](const Sample& s) { return static_cast<double>(s.descriptors); }, 1, 2);
  check_one(
      "data folder (MiB)", [](const Sample& s) { return static_cast<double>(s.data) / (1 << 20); }, 1.25, 32);
}

void Soak::check_one(const std::string& what, const Measure& measure, double factor, double extra) {
  const Window early{part(kEarly[0]), part(kEarly[1])}, late{part(kLate[0]), part(kLate[1])};
  const Flatness found = flatness(samples_, early, late, measure, factor, extra);
  fmt::print("{}: median {:.1f}, then {:.1f}; allowed {:.1f}\n", what, found.early, found.late, found.allowed);
  if (!found.flat) problem(what + " is not flat");
}

void Soak::check_delivery() {
  const FileAlerts file = read_alert_files(folder_.path("alerts"));
  const Revisions receiver = receiver_.got();
  fmt::print("file: {} revisions; receiver: {}, {} requests answered 500\n", file.revisions.size(), receiver.size(),
             receiver_.broken());
  for (const auto& [rule, alerts] : file.alerts_of_rule) fmt::print("  {:<48} {:>8}\n", rule, alerts);
  if (receiver_.broken() == 0) problem("the receiver never broke");
  for (const std::string& text : delivery_problems(sent_.objects, file, receiver)) problem(text);
}

void Soak::check_journals() {
  for (const std::string& text : journals_.problems()) problem(text);
  fmt::print("replay --journal: {} copies, {} revisions the same byte for byte\n", journals_.taken(), journals_.same());
}

}  // namespace kubevigil::test
