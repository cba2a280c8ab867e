#include "outputs/late_transport.h"

namespace kubevigil {

Result<void> LateTransport::open() {
  auto opened = open_();
  if (!opened) return tl::unexpected(opened.error());
  const std::lock_guard hold(mutex_);
  opened_ = std::move(*opened);
  if (cancelled_) opened_->cancel();
  return {};
}

Delivery LateTransport::send(const Message& message) {
  if (opened_ == nullptr) {
    if (const auto opened = open(); !opened) return {Delivery::Kind::Retry, opened.error().message};
  }
  return opened_->send(message);
}

Duration LateTransport::rest() { return opened_ == nullptr ? Duration::hours(1) : opened_->rest(); }

void LateTransport::cancel() {
  const std::lock_guard hold(mutex_);
  cancelled_ = true;
  if (opened_ != nullptr) opened_->cancel();
}

}  // namespace kubevigil
