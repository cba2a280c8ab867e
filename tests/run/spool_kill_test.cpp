// kill -9 on a real process with a spool on the machine's own disk, in the middle of whatever its threads do.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "engine/run/spool.h"
#include "engine/run/spool_reader.h"

namespace kubevigil {
namespace {

SpoolOptions options_for(const std::string& folder, uint64_t secret) {
  SpoolOptions options;
  options.folder = folder;
  options.segment_bytes = 200'000;
  options.block_bytes = 4'000;
  options.secret = secret;
  return options;
}

// The body with this name; its length follows from the name, too.
std::string bytes_of(const std::string& name) {
  std::mt19937_64 random(std::hash<std::string>()(name));
  std::string out(random() % 4 == 0 ? random() % 40'000 : random() % 2'000, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

// Until it is killed: puts bodies, and says on `answers` which were acknowledged: "sequence name".
[[noreturn]] void sender(const std::string& folder, int round, int answers) {
  auto spool = Spool::open(posix_disk(), options_for(folder, static_cast<uint64_t>(round)));
  if (!spool) ::_exit(1);
  const auto send = [&](int thread) {
    for (int i = 0;; ++i) {
      const std::string name = std::to_string(round) + "/" + std::to_string(thread) + "/" + std::to_string(i);
      const std::string bytes = bytes_of(name);
      auto body = (*spool)->begin({name, "", "", Timestamp{}}, bytes.size());
      if (!body || !(*body)->write(bytes)) ::_exit(2);
      if (i % 7 == 0) continue;  // aborted
      const auto sequence = (*body)->commit();
      if (!sequence) ::_exit(3);
      const std::string line = std::to_string(*sequence) + " " + name + "\n";
      if (::write(answers, line.data(), line.size()) < 0) ::_exit(4);
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) threads.emplace_back(send, thread);
  for (std::thread& thread : threads) thread.join();
  ::_exit(5);
}

// Runs a sender until it has been heard `lines` times, kills it, and returns all that it said.
std::string run_and_kill(const std::string& folder, int round, size_t lines) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    sender(folder, round, ends[1]);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  bool killed = false;
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(n));
    if (killed || static_cast<size_t>(std::count(said.begin(), said.end(), '\n')) < lines) continue;
    ::kill(child, SIGKILL);
    killed = true;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  return said;
}

TEST(SpoolKill, EveryAnsweredBodyIsThereAfterKill9) {
  std::string folder = (std::filesystem::temp_directory_path() / "kubevigil-kill-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const int rounds = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 20;
  std::mt19937_64 random(1);
  std::map<uint64_t, std::string> answered;
  for (int round = 0; round < rounds; ++round) {
    std::istringstream said(run_and_kill(folder, round, 1 + random() % 30));
    uint64_t sequence = 0;
    for (std::string name; said >> sequence >> name;) answered[sequence] = name;

    auto spool = Spool::open(posix_disk(), options_for(folder, 1000 + static_cast<uint64_t>(round)));
    ASSERT_TRUE(spool) << spool.error().message;
    SpoolReader reader(**spool, {});
    std::map<uint64_t, std::string> there;
    for (auto step = reader.next(); *step != SpoolReader::Step::End; step = reader.next()) {
      ASSERT_EQ(*step, SpoolReader::Step::Body) << to_text(reader.gap());
      std::string bytes, piece(3'000, '\0');
      while (const size_t n = reader.body().bytes->read(piece)) bytes.append(piece, 0, n);
      ASSERT_EQ(bytes, bytes_of(reader.body().source.cluster));
      there[reader.body().sequence] = reader.body().source.cluster;
    }
    for (const auto& [number, name] : answered) ASSERT_EQ(there[number], name) << "round " << round;
  }
  EXPECT_GT(answered.size(), static_cast<size_t>(rounds) * 5);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace kubevigil
