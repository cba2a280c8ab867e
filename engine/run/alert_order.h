// AlertOrder: replay prints each alert once, in its last revision, in order of opening (design/rules.md 5). Alerts wait
// here until all that opened before them have closed. One thread.
//
// Bounds: limits::kOpenAlerts alerts and kHeldBytes of them; beyond, the oldest are given out as they are (status
// `open`) and later changes to them are dropped; counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "engine/alert/alert_builder.h"
#include "engine/base/limits.h"

namespace kubevigil {

class AlertOrder {
 public:
  static constexpr size_t kHeldBytes = limits::kOpenAlertBytes;

  explicit AlertOrder(std::function<void(const Alert&)> out) : out_(std::move(out)) {}

  void open(uint64_t number, OpenAlert alert);
  OpenAlert* find(uint64_t number);  // null when it was given out early
  void close(uint64_t number);
  // Gives out the rest, open or not.
  void finish();

  uint64_t early() const { return early_; }

 private:
  struct Held {
    OpenAlert open;
    size_t bytes = 0;
    bool closed = false;
  };
  void give_out_front();
  void give_out_closed();
  void shrink();

  std::function<void(const Alert&)> out_;
  std::map<uint64_t, Held> held_;
  size_t bytes_ = 0;
  uint64_t early_ = 0;
};

// Rough memory of an alert.
size_t memory_of(const Alert& alert);

}  // namespace kubevigil
