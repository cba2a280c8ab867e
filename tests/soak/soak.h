// Soak: one run. `serve` under load, what is done to it and when, what is measured, and the verdict.
//
//   first half    kill -9 and restarts, an orderly restart, a full disk (once with kill -9 meanwhile), a receiver that
//   is
//                 away; between the halves all is drained
//   second half   changed rules again and again, changed certificates, a receiver that breaks and is slow. Nothing
//   ends,
//                 so memory and descriptors of this process must stay flat
//
// All the time: two API servers post, a log is written and rotated, one output leads nowhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/soak/alert_receiver.h"
#include "tests/soak/journal_copies.h"
#include "tests/soak/samples.h"
#include "tests/soak/served.h"
#include "tests/soak/soak_folder.h"
#include "tests/soak/traffic.h"

namespace kubevigil::test {

struct SoakOptions {
  std::string program;
  Duration length = Duration::minutes(30);
  size_t events_a_second = 2000;  // half of what one API server sends at most
  uint64_t seed = 1;
};

class Soak {
 public:
  explicit Soak(SoakOptions options);
  // All of it; what is wrong, one a line. Prints samples and findings as they come.
  std::vector<std::string> run();

 private:
  struct Step {
    double when;  // part of the length
    std::string name;
    std::function<void()> action;
  };

  std::vector<Step> first_half();
  std::vector<Step> second_half();
  void run_steps(std::vector<Step> steps, double until);
  void tick();
  void sample();
  void wait_for(Duration time);

  void begin_traffic(const std::string& name);
  void end_traffic();
  void start_program();
  void kill_program();
  void restart_in_order();
  void change_rules();
  void change_certificate();
  // Until nothing is on its way; false: it does not come to rest.
  bool drain();
  void measure_quiet_point();
  void finish();

  void check_counts();
  void check_flat();
  void check_nowhere(const MetricPage& page);
  void check_one(const std::string& what, const Measure& measure, double factor, double extra);
  void check_delivery();
  void check_journals();
  void problem(const std::string& text);
  Duration now() const { return system_env().monotonic() - began_; }
  Duration give_up_after() const { return std::max(part(1.0 / 6), Duration::seconds(10)); }
  Duration part(double of) const { return {static_cast<int64_t>(static_cast<double>(options_.length.micros) * of)}; }

  const SoakOptions options_;
  SoakFolder folder_;
  LogWriter log_;
  AlertReceiver receiver_;
  Served served_;
  JournalCopies journals_;
  std::unique_ptr<Traffic> traffic_;
  Sent sent_, sent_second_;
  Duration began_{}, next_sample_{}, slowest_start_{};
  std::string phase_;
  std::vector<Sample> samples_;
  std::vector<std::string> problems_;
  int rules_ = 0;
  double events_before_ = 0, batches_before_ = 0;  // at the quiet point
};

}  // namespace kubevigil::test
