#include "tests/soak/traffic.h"

#include <fmt/format.h>
#include <poll.h>

#include "tests/soak/soak_event.h"

namespace kubevigil::test {
namespace {

constexpr int kStepsASecond = 10;
constexpr size_t kRotatedKept = 10;

ApiServerOptions server_options(const SoakFolder& folder, uint64_t seed) {
  ApiServerOptions options;
  options.url = {.tls = true, .host = "127.0.0.1", .port = folder.webhook_port(), .target = "/k8s-audit?timeout=30s"};
  options.tls.authorities = folder.path("ca.pem");
  options.max_size = 100, options.max_wait = Duration::seconds(2);
  options.pace = 1;
  options.seed = seed;
  options.request_timeout = options.context;
  options.keep_bodies = false;
  return options;
}

ApiServerOptions certificate_options(const SoakFolder& folder, uint64_t seed) {
  ApiServerOptions options = server_options(folder, seed);
  options.tls.certificate = folder.path("client.pem");
  options.tls.key = folder.path("client.key");
  return options;
}

ApiServerOptions token_options(const SoakFolder& folder, uint64_t seed) {
  ApiServerOptions options = server_options(folder, seed + 1);
  options.headers = {{"Authorization", std::string("Bearer ") + SoakFolder::kToken}};
  return options;
}

}  // namespace

void Sent::add(const Sent& other) {
  objects.insert(other.objects.begin(), other.objects.end());
  posted += other.posted, batches += other.batches, logged += other.logged;
  dropped += other.dropped, retried += other.retried;
  if (!other.problem.empty()) problem = other.problem;
}

PostingServer::PostingServer(std::string stream, size_t events_a_second, ApiServerOptions options)
    : stream_(std::move(stream)), events_a_second_(events_a_second), client_(std::move(options)) {
  client_.at({}, [this] { go_on(); });
  thread_ = std::thread([this] { client_.run(); });
}

void PostingServer::go_on() {
  if (enough_) return;
  const Duration now = client_.now();
  const size_t due = static_cast<size_t>(now.micros) * events_a_second_ / 1'000'000;
  while (offered_ < due) {
    client_.offer(now, soak_event(stream_, offered_, system_env().now()));
    ++offered_;
  }
  client_.at({now.micros + 1'000'000 / kStepsASecond}, [this] { go_on(); });
}

void PostingServer::stop() {
  enough_ = true;
  if (thread_.joinable()) thread_.join();
}

Sent PostingServer::sent() const {
  Sent sent;
  for (const size_t number : client_.taken_events()) {
    ++sent.posted;
    if (makes_object(number)) sent.objects.insert(object_name(stream_, number));
  }
  sent.dropped = client_.dropped_events().size();
  if (!client_.overflowed().empty()) sent.problem = "the buffer overflowed";
  for (const SentBatch& batch : client_.batches()) {
    sent.batches += batch.taken;
    sent.retried += static_cast<size_t>(batch.tries - 1);
    if (!batch.taken) sent.problem = batch.error;
  }
  return sent;
}

LoggingServer::LoggingServer(LogWriter& log, std::string stream, const TrafficOptions& options)
    : log_(log), stream_(std::move(stream)) {
  thread_ = std::thread([this, rate = options.logged_a_second, every = options.rotate_every] { run(rate, every); });
}

void LoggingServer::run(size_t events_a_second, Duration rotate_every) {
  const Duration began = system_env().monotonic();
  for (int rotations = 0; !enough_; ::poll(nullptr, 0, 1000 / kStepsASecond)) {
    const Duration now = system_env().monotonic() - began;
    write(static_cast<size_t>(now.micros) * events_a_second / 1'000'000);
    if (now.micros / rotate_every.micros > rotations) rotate(rotations++);
  }
}

// In two pieces that end somewhere, so that lines are found half written.
void LoggingServer::write(size_t to) {
  std::string lines;
  for (; written_ < to; ++written_) lines += soak_event(stream_, written_, system_env().now()) + "\n";
  const std::string_view all = lines;
  const size_t half = all.size() / 2;
  log_.append(all.substr(0, half));
  log_.append(all.substr(half));
}

void LoggingServer::rotate(int number) {
  if (number % 3 == 2) {
    log_.truncate(true);
  } else {
    if (number % 3 == 1) log_.compress();
    log_.rotate();
  }
  while (log_.rotated().size() > kRotatedKept) log_.remove_oldest();
}

void LoggingServer::stop() {
  enough_ = true;
  if (thread_.joinable()) thread_.join();
}

Sent LoggingServer::sent() const {
  Sent sent;
  sent.logged = written_;
  for (size_t number = 0; number < written_; ++number) {
    if (makes_object(number)) sent.objects.insert(object_name(stream_, number));
  }
  return sent;
}

Traffic::Traffic(const SoakFolder& folder, LogWriter& log, const TrafficOptions& options)
    : with_certificate_("prod-" + options.name, options.posted_a_second / 2, certificate_options(folder, options.seed)),
      with_token_("lab-" + options.name, options.posted_a_second / 2, token_options(folder, options.seed)),
      logging_(log, "edge-" + options.name, options) {}

void Traffic::stop() {
  logging_.stop();
  with_certificate_.stop();
  with_token_.stop();
}

Sent Traffic::sent() const {
  Sent sent = with_certificate_.sent();
  sent.add(with_token_.sent());
  sent.add(logging_.sent());
  return sent;
}

}  // namespace kubevigil::test
