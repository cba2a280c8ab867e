#include "outputs/late_transport.h"

namespace kubevigil {

Delivery LateTransport::send(const Message& message) {
  if (opened_ == nullptr) {
    auto opened = open_();
    if (!opened) return {Delivery::Kind::Retry, opened.error().message};
    const std::lock_guard hold(mutex_);
    opened_ = std::move(*opened);
    if (cancelled_) opened_->cancel();
  }
  return opened_->send(message);
}

void LateTransport::cancel() {
  const std::lock_guard hold(mutex_);
  cancelled_ = true;
  if (opened_ != nullptr) opened_->cancel();
}

}  // namespace kubevigil
