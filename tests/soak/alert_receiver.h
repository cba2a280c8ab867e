// AlertReceiver: what the HTTP output of a soak posts to: counts each (id, revision) that it answered 200, and has its
// moods. It is away (nothing listens), answers 500 to every third request, or is slow.
//
// Threads: all. release_slow() has to be called now and then: answers of a slow receiver leave by it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/net/http_server.h"

namespace kubevigil::test {

using Revision = std::pair<std::string, int>;  // id of the alert, and number
using Revisions = std::map<Revision, int>;     // how often it came

// Of one alert as kubevigil.alert/v1; an empty id: it is none.
Revision revision_of(std::string_view line);

enum class Mood : uint8_t { Well, BreaksEveryThird, Slow };

class AlertReceiver : public HttpHandler {
 public:
  explicit AlertReceiver(uint16_t port) : port_(port) {}
  ~AlertReceiver() override { leave(); }

  std::string come();  // "" or why it cannot listen
  void leave();
  void set_mood(Mood mood);
  void release_slow();
  Revisions got() const;
  uint64_t broken() const;  // requests answered 500

  Decision decide(const RequestContext& request, const Responder& responder) override;

 private:
  class Body;
  void take(const std::string& body, const Responder& responder);

  const uint16_t port_;
  mutable std::mutex mutex_;  // of what follows
  Mood mood_ = Mood::Well;
  uint64_t requests_ = 0, broken_ = 0;
  Revisions got_;
  std::vector<std::pair<Duration, Responder>> slow_;  // when to answer, monotonic
  std::unique_ptr<HttpServer> server_;                // the timeline's thread alone
};

}  // namespace kubevigil::test
