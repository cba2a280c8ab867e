// The emulated API server itself: how often it tries for each answer, and for how long; how it makes batches.
#include "tests/support/api_server_client.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "tests/net/server_fixture.h"

namespace kubevigil {
namespace {

using test::ApiServerClient;
using test::ApiServerOptions;

// Answers every POST with `reply`, and everything at /moved with 200.
struct AnsweringHandler : HttpHandler {
  HttpReply reply;
  bool mute = false;
  std::atomic<int> posts{0}, moved_posts{0}, moved_gets{0};

  Decision decide(const RequestContext& request, const Responder& responder) override {
    if (request.head.path == "/moved") {
      ++(request.head.method == "POST" && request.head.content_length.value_or(0) > 0 ? moved_posts : moved_gets);
      return Decision::answer({200, {}, "{}"});
    }
    ++posts;
    if (!mute) return Decision::answer(reply);
    const std::lock_guard lock(mutex);
    held.push_back(responder);
    return Decision::later();
  }
  std::mutex mutex;
  std::vector<Responder> held;
};

struct Served {
  AnsweringHandler handler;
  std::unique_ptr<HttpServer> server;

  Served() {
    HttpServerOptions options;
    options.listeners.push_back({});
    server = std::move(*HttpServer::start(options, handler, system_env()));
  }
  ApiServerOptions options() const {
    ApiServerOptions options;
    options.url = *parse_url(fmt::format("http://127.0.0.1:{}/k8s-audit", server->port(0)));
    return options;
  }
};

struct Taking : Served {
  Taking() { handler.reply = {200, {}, "{}"}; }
};

test::SentBatch send_one(const ApiServerOptions& options) {
  ApiServerClient client(options);
  client.offer({}, "{}");
  client.run();
  EXPECT_EQ(client.batches().size(), 1u);
  return client.batches().front();
}

int64_t seconds_of(const test::SentBatch& batch) { return (batch.ended - batch.closed).micros / 1'000'000; }

TEST(ApiServerClient, TriesForEachAnswer) {
  struct Row {
    const char* name;
    HttpReply reply;
    bool taken;
    int tries;
    int64_t least, most;  // seconds until it is over
  };
  const auto with = [](int status, const char* name, const char* value) {
    return HttpReply{status, {{name, value}}, ""};
  };
  const Row rows[] = {
      {"200", with(200, "Content-Type", "application/json"), true, 1, 0, 0},
      {"200 without a type", {200, {}, "{}"}, true, 1, 0, 0},
      {"204", {204, {}, ""}, true, 1, 0, 0},
      {"206", {206, {}, ""}, true, 1, 0, 0},
      {"200 with a bad type", with(200, "Content-Type", "application json"), false, 5, 81, 98},
      {"207", {207, {}, ""}, false, 5, 81, 98},
      {"302, nowhere", {302, {}, ""}, false, 5, 81, 98},
      {"401, Retry-After", with(401, "Retry-After", "3"), false, 5, 81, 98},
      {"413, Retry-After", with(413, "Retry-After", "3"), false, 5, 81, 98},
      {"429", {429, {}, ""}, false, 5, 81, 98},
      {"429, 1", with(429, "Retry-After", "1"), false, 55, 131, 148},
      {"429, 3", with(429, "Retry-After", "3"), false, 50, 230, 248},
      {"429, 10", with(429, "Retry-After", "10"), false, 15, 230, 248},
      {"429, 30", with(429, "Retry-After", "30"), false, 5, 230, 248},
      {"429, 3.5", with(429, "Retry-After", "3.5"), false, 5, 81, 98},
      {"429, a date", with(429, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), false, 5, 81, 98},
      {"500", {500, {}, ""}, false, 5, 81, 98},
      {"503, 3", with(503, "Retry-After", "3"), false, 50, 230, 248},
  };
  for (const Row& row : rows) {
    Served served;
    served.handler.reply = row.reply;
    const auto batch = send_one(served.options());
    EXPECT_EQ(batch.taken, row.taken) << row.name;
    EXPECT_EQ(batch.tries, row.tries) << row.name << ": " << batch.error;
    EXPECT_EQ(served.handler.posts, row.tries) << row.name;
    EXPECT_GE(seconds_of(batch), row.least) << row.name;
    EXPECT_LE(seconds_of(batch), row.most) << row.name;
  }
}

TEST(ApiServerClient, RedirectsLoseTheBodyAndAreBelieved) {
  for (const int status : {301, 302, 303, 307, 308}) {
    Served served;
    served.handler.reply = {status, {{"Location", "/moved"}}, ""};
    EXPECT_TRUE(send_one(served.options()).taken);
    EXPECT_EQ(served.handler.moved_gets, status < 307 ? 1 : 0) << status;
    EXPECT_EQ(served.handler.moved_posts, status < 307 ? 0 : 1) << status;
  }
}

TEST(ApiServerClient, ServersThatAreGoneOrDoNotAnswer) {
  ApiServerOptions gone = Served().options();
  const auto refused = send_one(gone);
  EXPECT_EQ(refused.tries, 5);
  EXPECT_LE(seconds_of(refused), 98);

  const ScriptedServer::Script leave = [](Wire& wire) { wire.read_until("\r\n\r\n"); };
  ScriptedServer leaving({leave, leave, leave, leave, leave, leave});
  ApiServerOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}/", leaving.port()));
  const auto broken = send_one(options);
  EXPECT_EQ(broken.tries, 5);
  EXPECT_LE(seconds_of(broken), 98);

  Served served;
  served.handler.mute = true;
  options = served.options();
  options.request_timeout = {20'000};
  const auto mute = send_one(options);
  EXPECT_EQ(mute.tries, 5);
  EXPECT_GE(seconds_of(mute), 231);
  EXPECT_LE(seconds_of(mute), 248);
}

TEST(ApiServerClient, BatchesBySizeAndByTime) {
  Taking served;
  ApiServerOptions options = served.options();
  options.max_size = 3;
  ApiServerClient client(options);
  for (int i = 0; i < 7; ++i) client.offer(Duration::seconds(1), fmt::format("{{\"n\":{}}}", i));
  client.offer(Duration::seconds(65), "{}");
  client.run();
  ASSERT_EQ(client.batches().size(), 4u);
  EXPECT_EQ(client.batches()[0].body,
            "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":[{\"n\":0},{\"n\":1},"
            "{\"n\":2}]}\n");
  EXPECT_EQ(client.batches()[1].closed, Duration::seconds(1));
  EXPECT_THAT(client.batches()[2].events, testing::ElementsAre(6u));
  EXPECT_EQ(client.batches()[2].closed, Duration::seconds(31));
  EXPECT_EQ(client.batches()[3].closed, Duration::seconds(91));  // the timer began again at 31 and 61
  EXPECT_EQ(client.taken_events().size(), 8u);
}

TEST(ApiServerClient, EventsOfOneMomentKeepTheirOrder) {
  Taking served;
  ApiServerOptions options = served.options();
  options.threads = 32;
  ApiServerClient client(options);
  for (int i = 0; i < 4000; ++i) client.offer(Duration::seconds(1), "{}");
  client.run();
  std::vector<size_t> sent;
  for (const test::SentBatch& batch : client.batches())
    sent.insert(sent.end(), batch.events.begin(), batch.events.end());
  EXPECT_EQ(sent.size(), 4000u);
  EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end()));
}

TEST(ApiServerClient, TheThrottleAndTheBufferHoldEventsUp) {
  Taking served;
  ApiServerOptions options = served.options();
  options.max_size = 2, options.qps = 1, options.burst = 3, options.buffer_events = 10;
  ApiServerClient client(options);
  for (int i = 0; i < 30; ++i) client.offer({}, "{}");
  client.run();
  // 3 batches at once, one that waits for its token, 10 in the buffer.
  EXPECT_EQ(client.batches().size(), 9u);
  EXPECT_EQ(client.overflowed().size(), 12u);
  EXPECT_EQ(client.batches().back().closed, Duration::seconds(6));
  EXPECT_EQ(client.taken_events().size() + client.dropped_events().size(), 30u);
}

TEST(ApiServerClient, MediaTypesAsGoReadsThem) {
  for (const char* yes : {"application/json", "json", "text/plain; charset=utf-8", "a/b;", "a/b; c=\"d e\""}) {
    EXPECT_TRUE(test::is_media_type(yes)) << yes;
  }
  for (const char* no : {"", "a b", "a/", "/b", "a/b/c", "a/b; c", "a/b; =d", "a/b; c=d e"}) {
    EXPECT_FALSE(test::is_media_type(no)) << no;
  }
}

}  // namespace
}  // namespace kubevigil
