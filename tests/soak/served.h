// Served: the real `kubevigil serve` of a soak, over its lives; what it says of itself, and what the system says of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/soak/soak_folder.h"
#include "tests/support/daemon.h"

namespace kubevigil::test {

// A page of metrics: "name{label=\"x\"}" and values.
class MetricPage {
 public:
  explicit MetricPage(std::string_view text);
  // Of all series of that name; with `label` only those that have it, as `sink="far"`. None: 0.
  double sum(std::string_view name, std::string_view label = "") const;

 private:
  std::map<std::string, double, std::less<>> series_;
};

class Served {
 public:
  Served(std::string program, const SoakFolder& folder) : program_(std::move(program)), folder_(folder) {}

  void launch();
  // launch(), and waits until it is ready; the time that took, or nothing if it never was.
  std::optional<Duration> start();
  bool ready();
  int stop() { return process_->stop(); }
  void kill() { process_.reset(); }
  void hang_up() { process_->hang_up(); }
  bool ended() const { return process_->ended(); }
  int lives() const { return lives_; }

  std::optional<MetricPage> metrics();  // none while it does not answer
  uint64_t memory_bytes() const;        // resident, as the kernel counts
  size_t descriptors() const;
  bool shows_certificate_of(const std::string& authority) const;
  std::string log_tail() const;  // last lines of its last life
  // Lines of the level "error" of all lives.
  size_t errors_logged() const;

 private:
  std::string log_path(int life) const { return folder_.path("log-" + std::to_string(life)); }

  const std::string program_;
  const SoakFolder& folder_;
  std::unique_ptr<Daemon> process_;
  int lives_ = 0;
};

}  // namespace kubevigil::test
