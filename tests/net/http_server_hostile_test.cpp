// HttpServer under clients that are slow, broken or too many: what each costs is bounded, counted, and does not disturb
// others.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "tests/net/server_fixture.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ServerTest, MalformedRequestsGetAnAnswerAndTheConnectionEnds) {
  options.limits.header_bytes = 4096;
  options.limits.body_bytes = 1000;
  start();
  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::pair<std::string, const char*> rows[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", "HTTP/1.1 400 "},
      {"\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(5000, 'x'), "HTTP/1.1 431 "},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", "HTTP/1.1 431 "},
      {std::string(5000, 'x'), "HTTP/1.1 431 "},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413 "},
      {chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n", "HTTP/1.1 413 "},
      {chunked + "zz\r\n", "HTTP/1.1 400 "},
      {chunked + "1\r\nxy\r\n", "HTTP/1.1 400 "},
      {chunked + "1\nx\n0\n\n", "HTTP/1.1 400 "},
  };
  for (const auto& [text, status] : rows) {
    for (size_t size : {size_t{1}, text.size()}) {
      Wire one = wire();
      for (size_t at = 0; at < text.size() && one.write(std::string_view(text).substr(at, size)); at += size) continue;
      EXPECT_THAT(one.read_to_end(), testing::AllOf(StartsWith(status), HasSubstr("Connection: close"))) << text;
    }
  }
  for (const SeenRequest& seen : handler.requests()) EXPECT_FALSE(seen.finished);
  EXPECT_GT(server->counters().bad_requests, 10u);
  EXPECT_GT(server->counters().large_bodies, 2u);
  EXPECT_GT(server->counters().broken_bodies, 2u);
}

TEST_F(ServerTest, NothingBehindARefusedRequestIsRead) {
  start();
  Wire one = wire();
  ASSERT_TRUE(
      one.write("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
                "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
  const std::string answers = one.read_to_end();
  EXPECT_EQ(answers.find("HTTP/1.1", 1), std::string::npos);
  EXPECT_TRUE(handler.requests().empty());
}

TEST_F(ServerTest, SlowHeaderIs408) {
  options.limits.header_timeout = {40'000};
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost"));
  EXPECT_THAT(one.read_to_end(), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(server->counters().header_timeouts, 1u);
}

TEST_F(ServerTest, SlowBodyIs408AndTheSinkIsDropped) {
  options.limits.body_window = {40'000};
  options.limits.body_window_bytes = 100;
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow"));
  EXPECT_THAT(one.read_to_end(), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(server->counters().body_timeouts, 1u);
  EXPECT_TRUE(handler.requests().at(0).abandoned);
}

TEST_F(ServerTest, IdleConnectionsEnd) {
  options.limits.idle_timeout = {40'000};
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write(post("x")));
  answer_on(one);
  EXPECT_EQ(one.read_to_end(), "");
  EXPECT_EQ(server->counters().idle_timeouts, 1u);
}

TEST_F(ServerTest, AnswersThatDoNotComeAre503) {
  options.limits.answer_timeout = {40'000};
  handler.hold = true;
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write(post("x")));
  EXPECT_THAT(one.read_to_end(), testing::AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 3")));
  handler.held().reply({200, {}, "too late"});
  EXPECT_EQ(server->counters().answer_timeouts, 1u);
}

TEST_F(ServerTest, ClientThatDoesNotReadIsClosed) {
  options.limits.write_timeout = {40'000};
  handler.on_decide = [](const RequestContext&, const Responder&) {
    return Decision::answer({200, {}, std::string(64u << 20, 'x')});
  };
  start();
  Wire one = wire();
  ASSERT_TRUE(one.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(eventually([&] { return server->counters().write_timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
}

TEST_F(ServerTest, ClientThatLeavesInTheMiddleLeavesNothing) {
  start();
  {
    Wire one = wire();
    ASSERT_TRUE(one.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"));
    EXPECT_TRUE(eventually([&] { return server->counters().body_bytes == 4; }));
  }
  EXPECT_TRUE(eventually([&] { return server->counters().broken_bodies == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
  EXPECT_TRUE(handler.requests().at(0).abandoned);
}

TEST_F(ServerTest, OnePeerCannotTakeAllConnections) {
  options.limits.connections = 8;
  options.limits.connections_per_peer = 5;
  start();
  std::vector<Descriptor> flood;
  for (int i = 0; i < 40; ++i) flood.push_back(connect_to(server->port(0)));
  EXPECT_TRUE(eventually([&] { return server->counters().connections_over_peer_limit == 35; }));
  EXPECT_EQ(server->counters().open_connections, 5u);
  flood.clear();
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
  Wire one = wire();
  ASSERT_TRUE(one.write(post("x")));
  EXPECT_THAT(answer_on(one), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, ConnectionsInAllAreBounded) {
  options.limits.connections = 3;
  start();
  std::vector<Descriptor> flood;
  for (int i = 0; i < 10; ++i) flood.push_back(connect_to(server->port(0)));
  EXPECT_TRUE(eventually([&] { return server->counters().connections_over_limit == 7; }));
}

TEST_F(ServerTest, HundredsOfSlowConnectionsDoNotDisturbOthers) {
  start();
  std::vector<Descriptor> slow;
  for (int i = 0; i < 800; ++i) {
    slow.push_back(connect_to(server->port(0)));
    const std::string begin = i % 2 == 0 ? "POST / HTTP/1.1\r\nHo" : post("x").substr(0, 60);
    ASSERT_EQ(send(slow.back().get(), begin.data(), begin.size(), 0), static_cast<ssize_t>(begin.size()));
  }
  Wire one = wire();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(one.write(post("x")));
    ASSERT_THAT(answer_on(one), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 801; }));
}

TEST_F(ServerTest, OutOfDescriptorsIsSurvived) {
  start();
  {  // All its threads run before descriptors are gone: a sanitizer looks at a new thread's memory through a pipe.
    Wire first = wire();
    ASSERT_TRUE(first.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    ASSERT_THAT(first.read_to_end(), StartsWith("HTTP/1.1 200 "));
    ASSERT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
  }
  // Sockets first, then no descriptor is left for the server's side of them.
  std::vector<Descriptor> sockets;
  for (int i = 0; i < 4; ++i) sockets.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const Descriptor lowest_free(dup(0));
  const rlimit none{static_cast<rlim_t>(lowest_free.get() + 1), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(server->port(0));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const Descriptor& one : sockets) {
    EXPECT_EQ(connect(one.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer), 0);
  }
  const bool counted = eventually([&] { return server->counters().accept_errors >= 2; });
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(counted);
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 5; }));
}

}  // namespace
}  // namespace kubevigil
