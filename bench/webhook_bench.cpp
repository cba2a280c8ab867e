// The webhook receiver on a real disk: how long a 200 takes at the API server's full rate (4,000 events/s in batches of
// 400) beside what the disk itself takes to sync as many bytes; and POSTs of one event a second over 1, 8 and 64
// connections. Clients and receiver share the machine's cores. Afterwards everything that was answered 200 must be in
// the spool, byte for byte, once.
//
// The spool lies in a new folder under the current one (a temporary file system would make syncs free).
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bench/generator.h"
#include "engine/net/descriptor.h"
#include "engine/net/http_server.h"
#include "engine/run/spool_reader.h"
#include "inputs/webhook_receiver.h"

namespace kubevigil::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

class WorkFolder {
 public:
  WorkFolder() { path_ = ::mkdtemp(path_.data()); }
  ~WorkFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = std::filesystem::current_path().string() + "/webhook-bench-XXXXXX";
};

// One body and the request that carries it.
struct Post {
  std::string request;
  size_t body_at = 0;
  std::string_view body() const { return std::string_view(request).substr(body_at); }
};

// `count` bodies of `events` events each.
std::vector<Post> make_posts(size_t count, size_t events, uint32_t bodies_per_million) {
  GeneratorOptions options;
  options.events = count * events;
  options.bodies_per_million = bodies_per_million;
  Generator generator(options);
  std::vector<Post> posts;
  for (size_t i = 0; i < count; ++i) {
    std::string body = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)";
    for (size_t n = 0; n < events; ++n) {
      generator.append(body);
      body.back() = n + 1 < events ? ',' : ']';
    }
    body += "}\n";
    Post post;
    post.request =
        "POST /k8s-audit/prod?timeout=30s HTTP/1.1\r\nHost: 127.0.0.1:9443\r\nUser-Agent: Go-http-client/1.1\r\n"
        "Authorization: Bearer 0123456789abcdef\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n";
    post.body_at = post.request.size();
    post.request += body;
    posts.push_back(std::move(post));
  }
  return posts;
}

class Connection {
 public:
  explicit Connection(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) std::abort();
  }
  int fd() const { return socket_.get(); }
  bool send_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // What has come; true once it is the whole answer, a 200.
  bool receive(bool& wrong) {
    char piece[1024];
    const ssize_t count = recv(socket_.get(), piece, sizeof piece, 0);
    if (count > 0) text_.append(piece, static_cast<size_t>(count));
    const bool whole = text_.ends_with("\r\n\r\n{}");
    wrong = wrong || count <= 0 || (whole && !text_.starts_with("HTTP/1.1 200 ")) || text_.size() > 1000;
    if (whole) text_.clear();
    return whole;
  }
  bool is_taken(std::string_view request) {
    bool wrong = !send_all(request);
    while (!wrong && !receive(wrong)) continue;
    return !wrong;
  }

 private:
  Descriptor socket_;
  std::string text_;
};

struct Receiver {
  WorkFolder folder;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<WebhookReceiver> receiver;
  std::unique_ptr<HttpServer> server;

  Receiver() {
    const std::string token = folder.path() + "/token";
    if (FILE* file = std::fopen(token.c_str(), "w")) {
      std::fputs("0123456789abcdef\n", file);
      std::fclose(file);
    }
    auto credentials = CredentialSource::open({{.name = "prod", .token_file = token, .clusters = {"prod"}}});
    SpoolOptions options;
    options.folder = folder.path() + "/spool";
    options.secret = 1;
    auto opened = Spool::open(posix_disk(), options);
    if (!credentials || !opened) std::abort();
    spool = std::move(*opened);
    receiver = std::make_unique<WebhookReceiver>(*spool, *credentials,
                                                 std::make_shared<SenderBook>(system_env(), SenderBookOptions{}),
                                                 system_env(), WebhookReceiverOptions{});
    HttpServerOptions listen;
    listen.listeners.push_back({});
    server = std::move(*HttpServer::start(listen, *receiver, system_env()));
  }
  uint16_t port() const { return server->port(0); }

  // Each post is there as often as it was answered, and nothing else.
  bool holds(const std::vector<Post>& posts, const std::vector<uint64_t>& answered) const {
    std::unordered_map<std::string_view, int64_t> missing;
    for (size_t i = 0; i < posts.size(); ++i) missing[posts[i].body()] += static_cast<int64_t>(answered[i]);
    SpoolReader reader(*spool, {});
    std::string bytes, piece(1u << 20, '\0');
    for (auto step = reader.next(); step && *step == SpoolReader::Step::Body; step = reader.next()) {
      bytes.clear();
      while (const size_t n = reader.body().bytes->read(piece)) bytes.append(piece, 0, n);
      const auto found = missing.find(bytes);
      if (found == missing.end()) return false;
      --found->second;
    }
    return std::all_of(missing.begin(), missing.end(), [](const auto& one) { return one.second == 0; });
  }
};

void report(benchmark::State& state, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[std::min(times.size() - 1, static_cast<size_t>(share * static_cast<double>(times.size())))];
  };
  state.counters["p50_ms"] = at(0.5);
  state.counters["p99_ms"] = at(0.99);
  state.counters["p999_ms"] = at(0.999);
}

constexpr int kBatches = 200;
constexpr std::chrono::milliseconds kEvery(100);

// What the disk takes for as many bytes as a batch has in the spool, appended and synced, at the same pace.
void disk_sync(benchmark::State& state) {
  const WorkFolder folder;
  auto file = posix_disk().create(folder.path() + "/file");
  if (!file) std::abort();
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  std::vector<double> times;
  auto due = Clock::now();
  for (auto step : state) {
    std::this_thread::sleep_until(due += kEvery / 2);
    const auto begin = Clock::now();
    if (!(*file)->append(bytes) || !(*file)->sync()) return state.SkipWithError("the disk refuses");
    times.push_back(Millis(Clock::now() - begin).count());
  }
  report(state, times);
}

// Ten batches a second, whatever the answers take; each is timed from the moment it was due.
void acknowledge(benchmark::State& state) {
  const auto posts = make_posts(20, 400, static_cast<uint32_t>(state.range(0)));
  Receiver receiver;
  std::vector<uint64_t> answered(posts.size());
  std::vector<double> times(kBatches);
  std::atomic<bool> wrong = false;
  for (auto step : state) {
    const auto begin = Clock::now();
    std::atomic<size_t> next = 0;
    std::vector<std::thread> senders;
    for (int i = 0; i < 4; ++i) {
      senders.emplace_back([&] {
        Connection connection(receiver.port());
        for (size_t n = next++; n < kBatches; n = next++) {
          const auto due = begin + (n + 1) * kEvery;
          std::this_thread::sleep_until(due);
          if (!connection.is_taken(posts[n % posts.size()].request)) wrong = true;
          times[n] = Millis(Clock::now() - due).count();
        }
      });
    }
    for (std::thread& sender : senders) sender.join();
  }
  for (size_t n = 0; n < kBatches; ++n) ++answered[n % posts.size()];
  if (wrong || !receiver.holds(posts, answered)) return state.SkipWithError("a body is missing or a wrong answer");
  state.counters["spool_bytes_a_batch"] = static_cast<double>(receiver.spool->bytes()) / kBatches;
  state.SetItemsProcessed(kBatches * 400);
  report(state, times);
}

// One event a POST; each connection sends its next as soon as it has its answer.
void post(benchmark::State& state) {
  const auto posts = make_posts(1000, 1, 0);
  Receiver receiver;
  const auto count = static_cast<size_t>(state.range(0));
  std::vector<Connection> connections;
  std::vector<pollfd> waiting;
  std::vector<Clock::time_point> sent(count);
  std::vector<uint64_t> answered(posts.size());
  std::vector<double> times;
  size_t next = 0;
  bool wrong = false;
  const auto send_next = [&](size_t i) {
    sent[i] = Clock::now();
    const size_t n = next++ % posts.size();
    ++answered[n];
    wrong = !connections[i].send_all(posts[n].request) || wrong;
  };
  const auto take_answers = [&](bool go_on) {
    size_t taken = 0;
    poll(waiting.data(), waiting.size(), 10'000);
    for (size_t i = 0; i < count; ++i) {
      if (waiting[i].revents == 0 || !connections[i].receive(wrong)) continue;
      times.push_back(Millis(Clock::now() - sent[i]).count());
      ++taken;
      if (go_on) send_next(i);
    }
    return taken;
  };
  for (size_t i = 0; i < count; ++i) {
    connections.emplace_back(receiver.port());
    waiting.push_back({connections[i].fd(), POLLIN, 0});
  }
  for (size_t i = 0; i < count; ++i) send_next(i);
  const std::clock_t begin = std::clock();
  for (auto step : state) {
    for (size_t taken = 0; taken < count && !wrong;) taken += take_answers(true);
  }
  const auto timed = static_cast<int64_t>(times.size());
  const double processor = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  state.counters["cpu_us_a_post"] = processor * 1e6 / static_cast<double>(timed);  // clients and receiver
  for (size_t left = next - times.size(); left > 0 && !wrong;) left -= take_answers(false);
  if (wrong || !receiver.holds(posts, answered)) return state.SkipWithError("a body is missing or a wrong answer");
  state.SetItemsProcessed(timed);
  const auto rounds = receiver.spool->commit().counts().rounds;
  state.counters["posts_a_sync"] = static_cast<double>(next) / static_cast<double>(rounds);
  report(state, times);
}

BENCHMARK(disk_sync)->ArgNames({"bytes"})->Arg(40'000)->Arg(130'000)->Iterations(100)->UseRealTime();
BENCHMARK(acknowledge)->ArgNames({"bodies_ppm"})->Arg(0)->Arg(130'000)->Iterations(1)->UseRealTime();
BENCHMARK(post)->ArgNames({"connections"})->Arg(1)->Arg(8)->Arg(64)->MinTime(3)->UseRealTime();

}  // namespace
}  // namespace kubevigil::bench

BENCHMARK_MAIN();
