// LateTransport: stands in for a transport that could not be opened at the start (a token that is not mounted yet, a
// folder that is read-only), so that one output that is out of order keeps nothing else from starting.
//
// Each send() tries to open it again, until that succeeds; before, all is Retry with the reason. Where records were
// delivered up to stays as it was. One thread; cancel() may come from any other.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/result.h"
#include "engine/run/output.h"

namespace kubevigil {

class LateTransport : public Transport {
 public:
  using Open = std::function<Result<std::unique_ptr<Transport>>()>;

  // `place`: Outbox::place() of the sink, with which `open` opens it.
  LateTransport(Open open, std::string place) : open_(std::move(open)), place_(std::move(place)) {}

  Delivery send(const Message& message) override;
  void cancel() override;
  Duration rest() override;
  std::string position() const override { return opened_ ? opened_->position() : place_; }

 private:
  Result<void> open();

  const Open open_;
  const std::string place_;
  std::mutex mutex_;  // of the two below, but for reading by the thread that sends
  std::unique_ptr<Transport> opened_;
  bool cancelled_ = false;
};

}  // namespace kubevigil
