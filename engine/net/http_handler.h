// What a server does with requests: HttpHandler decides on the header alone; a BodySink takes the body as it comes; a
// Responder gives the answer, now or later, from any thread.
//
//   io thread   decide(head, responder) -> Decision::answer(reply)      answered before the body is read
//                                       -> Decision::accept(sink)       write(), write(), ..., finish()
//                                       -> Decision::later()
//   any thread                             responder.reply(reply)       e.g. once the spool has synced
//
// An answer that comes before the body has arrived whole (from decide, or from a sink that must give up halfway: it may
// reply at any time) is sent at once, with Connection: close; then the rest is read and thrown away up to
// HttpLimits::drain_bytes or drain, so that the client sees the answer and not a reset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/net/certificate.h"
#include "engine/net/http_message.h"
#include "engine/net/request_head.h"

namespace kubevigil {

// Content-Length, Connection and Date are added. A 401 needs a WWW-Authenticate header, a 405 an Allow header.
// Headers that cannot be sent (is_sendable) are left out.
struct HttpReply {
  int status = 200;
  HttpHeaders headers = {};
  std::string body = {};
  bool close = false;  // end the connection afterwards
};

// Copyable; all copies are one. The first reply counts, later ones are ignored. When the last copy goes without a reply
// the client gets 503 with Retry-After: 3, so that no request hangs on a forgotten answer. Safe after the connection,
// and after the server, are gone. Thread-safe.
class Responder {
 public:
  class Target;  // the connection's side
  explicit Responder(std::shared_ptr<Target> target) : target_(std::move(target)) {}
  void reply(HttpReply reply) const;
  void resume() const;  // after BodySink::write gave Pause: reading goes on
 private:
  std::shared_ptr<Target> target_;
};

enum class BodyFlow : uint8_t {
  Continue,
  Pause,  // read no more until Responder::resume(); the client feels it as a slow network
};

// Lives on one io thread, which it must not hold up: many connections share it. Destroyed there, without finish() when
// the body did not come whole (peer gone, too slow, too large, broken framing, shutdown): what was taken is void then.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual BodyFlow write(std::string_view piece) = 0;  // not empty; valid during the call
  virtual void finish() = 0;                           // all of it came; now owe an answer
};

struct RequestContext {
  const RequestHead& head;
  const std::string& peer;             // address as text, without the port
  const PeerCertificate* certificate;  // verified; nullptr without one, once expired, and on plain listeners
  size_t listener;                     // index into HttpServerOptions::listeners
};

struct Decision {
  std::unique_ptr<BodySink> sink;  // takes the body; without one a body is read and thrown away
  std::optional<HttpReply> reply;  // the answer; without one the Responder gives it
  static Decision answer(HttpReply reply) { return {nullptr, std::move(reply)}; }
  static Decision accept(std::unique_ptr<BodySink> sink) { return {std::move(sink), std::nullopt}; }
  static Decision later() { return {}; }  // for requests without a body that take time to answer
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // On an io thread, several at a time; must not wait. Keep a copy of `responder` in the sink.
  virtual Decision decide(const RequestContext& request, const Responder& responder) = 0;
  // For the log: a handshake that failed, a request that was refused as malformed, accept errors. On an io thread; at
  // most kTroublesPerSecond a second for each io thread, the rest is only counted. `what` is printable.
  virtual void on_trouble(const std::string& peer, const std::string& what) {
    (void)peer;
    (void)what;
  }
};

inline constexpr int kTroublesPerSecond = 10;

}  // namespace kubevigil
