#include "tests/soak/alert_receiver.h"

#include <algorithm>
#include <cstdlib>

#include "engine/base/text.h"

namespace kubevigil::test {
namespace {

constexpr Duration kSlow{1'500'000};

std::string_view value_after(std::string_view line, std::string_view key) {
  const size_t at = line.find(key);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + key.size());
}

}  // namespace

Revision revision_of(std::string_view line) {
  const std::string_view id = value_after(line, "\"id\":\""), revision = value_after(line, "\"revision\":");
  if (id.empty() || revision.empty()) return {};
  return {std::string(id.substr(0, id.find('"'))), std::atoi(std::string(revision.substr(0, 10)).c_str())};
}

class AlertReceiver::Body : public BodySink {
 public:
  Body(AlertReceiver& receiver, Responder responder) : receiver_(receiver), responder_(std::move(responder)) {}
  BodyFlow write(std::string_view piece) override {
    text_.append(piece);
    return BodyFlow::Continue;
  }
  void finish() override { receiver_.take(text_, responder_); }

 private:
  AlertReceiver& receiver_;
  const Responder responder_;
  std::string text_;
};

Decision AlertReceiver::decide(const RequestContext& request, const Responder& responder) {
  (void)request;
  return Decision::accept(std::make_unique<Body>(*this, responder));
}

void AlertReceiver::take(const std::string& body, const Responder& responder) {
  const std::lock_guard hold(mutex_);
  if (++requests_ % 3 == 0 && mood_ == Mood::BreaksEveryThird) {
    ++broken_;
    return responder.reply({500, {}, "broken"});
  }
  for (const std::string_view line : split(body, '\n')) {
    if (!trim(line).empty()) ++got_[revision_of(line)];
  }
  if (mood_ != Mood::Slow) return responder.reply({200, {}, ""});
  slow_.emplace_back(Duration{system_env().monotonic().micros + kSlow.micros}, responder);
}

void AlertReceiver::release_slow() {
  const std::lock_guard hold(mutex_);
  const Duration now = system_env().monotonic();
  std::erase_if(slow_, [&](const auto& waiting) {
    if (waiting.first > now) return false;
    waiting.second.reply({200, {}, ""});
    return true;
  });
}

std::string AlertReceiver::come() {
  HttpServerOptions options;
  options.listeners = {{.port = port_}};
  options.io_threads = 1;
  auto started = HttpServer::start(std::move(options), *this, system_env());
  if (!started) return started.error().message;
  server_ = std::move(*started);
  return "";
}

void AlertReceiver::leave() { server_.reset(); }

void AlertReceiver::set_mood(Mood mood) {
  const std::lock_guard hold(mutex_);
  mood_ = mood;
}

Revisions AlertReceiver::got() const {
  const std::lock_guard hold(mutex_);
  return got_;
}

uint64_t AlertReceiver::broken() const {
  const std::lock_guard hold(mutex_);
  return broken_;
}

}  // namespace kubevigil::test
