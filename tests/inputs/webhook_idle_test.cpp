// Connections that do nothing: ten thousand disturb nobody, and each costs little. The clients are a process of their
// own, so that descriptors and memory of this one are the receiver's.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/inputs/webhook_fixture.h"
#include "tests/support/sanitized.h"

namespace kubevigil {
namespace {

// Connects from ten addresses, says so, and leaves when told.
class IdleClients {
 public:
  static constexpr int kAddresses = 10;

  IdleClients(uint16_t port, int each) {
    EXPECT_EQ(pipe(told_), 0);
    EXPECT_EQ(pipe(heard_), 0);
    child_ = fork();
    if (child_ == 0) run(port, each);
    close(told_[0]);
    close(heard_[1]);
  }
  ~IdleClients() {
    close(told_[1]);
    waitpid(child_, nullptr, 0);
    close(heard_[0]);
  }
  int connected() const {
    int count = -1;
    return read(heard_[0], &count, sizeof count) == sizeof count ? count : -1;
  }

 private:
  [[noreturn]] void run(uint16_t port, int each) const {
    close(told_[1]);
    int count = 0;
    for (int address = 1; address <= kAddresses; ++address) {
      for (int i = 0; i < each; ++i) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in mine{}, peer{};
        mine.sin_family = peer.sin_family = AF_INET;
        mine.sin_addr.s_addr = htonl(0x7f000100u + static_cast<uint32_t>(address));
        peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        peer.sin_port = htons(port);
        if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&mine), sizeof mine) != 0) break;
        count += connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0 ? 1 : 0;
      }
    }
    char byte;
    if (write(heard_[1], &count, sizeof count) > 0) (void)!read(told_[0], &byte, 1);
    _exit(0);
  }

  int told_[2] = {}, heard_[2] = {};
  pid_t child_ = 0;
};

TEST_F(WebhookTest, TenThousandIdleConnectionsDisturbNobody) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  rlimit raised = descriptors;
  raised.rlim_cur = raised.rlim_max;
  setrlimit(RLIMIT_NOFILE, &raised);
  const int each = static_cast<int>(std::min<rlim_t>(10'000, raised.rlim_max - 200)) / IdleClients::kAddresses;
  start();
  {
    const IdleClients idle(server->port(kPlain), each);
    EXPECT_EQ(idle.connected(), each * IdleClients::kAddresses);
    EXPECT_TRUE(eventually(
        [&] { return server->counters().open_connections == static_cast<uint64_t>(each * IdleClients::kAddresses); }));
    const auto one = client(kTls, "/k8s-audit/prod");
    for (int i = 0; i < 50; ++i) EXPECT_EQ(one->send({.body = "{}"})->status, 200);
    EXPECT_EQ(receiver->open_bytes(), 0u);
  }
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections <= 1; }));
  setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Resident bytes of this process.
int64_t resident() {
  int64_t pages = 0, all = 0;
  std::ifstream("/proc/self/statm") >> all >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

// Clients with certificates in a process of their own, each of which posts once and stays. 24 KiB each when measured;
// the bound is for the allocator's moods, a sanitizer has others.
TEST_F(WebhookTest, AnIdleConnectionWithACertificateCosts32KiB) {
  constexpr int kClients = 500;
  int ports[2], counts[2];
  ASSERT_TRUE(pipe(ports) == 0 && pipe(counts) == 0);
  const pid_t child = fork();
  if (child == 0) {  // before this process has threads
    close(ports[1]);
    std::vector<std::unique_ptr<HttpClient>> clients;
    int taken = 0;
    char wake = 0;
    HttpClientOptions options;
    options.url = {true, "127.0.0.1", 0, "/k8s-audit/prod"};
    options.tls = {
        .certificate = folder.write("c", theirs.certificate), .key = folder.write("ck", theirs.key), .authorities = ca};
    const bool told = read(ports[0], &options.url.port, sizeof options.url.port) > 0;
    for (int i = 0; told && i < kClients; ++i) {
      clients.push_back(std::move(*HttpClient::open(options, system_env())));
      const auto response = clients.back()->send({.body = "{}"});
      taken += response && response->status == 200 ? 1 : 0;
    }
    (void)!write(counts[1], &taken, sizeof taken);
    (void)!read(ports[0], &wake, 1);
    _exit(0);
  }
  close(ports[0]);
  start();
  ASSERT_EQ(client(kTls, "/k8s-audit/prod")->send({.body = "{}"})->status, 200);
  const int64_t before = resident();
  const uint16_t port = server->port(kTls);
  ASSERT_GT(write(ports[1], &port, sizeof port), 0);
  int taken = 0;
  ASSERT_EQ(read(counts[0], &taken, sizeof taken), static_cast<ssize_t>(sizeof taken));
  EXPECT_EQ(taken, kClients);
  const int64_t each = (resident() - before) / kClients;
  RecordProperty("bytes_a_connection", static_cast<int>(each));
#ifndef KUBEVIGIL_SANITIZED
  EXPECT_LE(each, 32 << 10);
#endif
  for (const int fd : {ports[1], counts[0], counts[1]}) close(fd);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace kubevigil
