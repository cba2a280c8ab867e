#include "engine/run/spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "engine/run/spool_reader.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::Fault;
using test::SimulatedDisk;

SpoolOptions small_spool() {
  SpoolOptions options;
  options.folder = "/spool";
  options.segment_bytes = 5000;
  options.block_bytes = 1000;
  options.secret = 5;
  return options;
}

std::unique_ptr<Spool> opened_spool(Disk& disk, SpoolOptions options = small_spool()) {
  auto spool = Spool::open(disk, std::move(options));
  EXPECT_TRUE(spool) << spool.error().message;
  return spool ? std::move(*spool) : nullptr;
}

std::string noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

SpoolSource source(const std::string& cluster) { return {cluster, "token-a", "10.0.0.1:4711", Timestamp{1234567}}; }

uint64_t put(Spool& spool, const std::string& bytes, size_t step = SIZE_MAX, const std::string& cluster = "prod") {
  auto body = spool.begin(source(cluster), bytes.size());
  EXPECT_TRUE(body) << body.error().message;
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    EXPECT_TRUE((*body)->write(std::string_view(bytes).substr(at, step)));
  }
  const auto sequence = (*body)->commit();
  EXPECT_TRUE(sequence) << sequence.error().message;
  return sequence.value_or(0);
}

std::string drain(ByteStream& stream, size_t step = 4096) {
  std::string out, piece(step, '\0');
  while (const size_t n = stream.read(piece)) out.append(piece, 0, n);
  return out;
}

struct Read {
  std::string cluster, bytes;
  StreamEnd end;
};
std::vector<Read> read_all(SpoolReader& reader) {
  std::vector<Read> all;
  for (auto step = reader.next(); step && *step == SpoolReader::Step::Body; step = reader.next()) {
    SpooledBody& body = reader.body();
    const std::string bytes = drain(*body.bytes);
    all.push_back({body.source.cluster, bytes, body.bytes->status().end});
    EXPECT_TRUE(body.bytes->status().end != StreamEnd::Complete || body.raw_bytes == bytes.size());
  }
  return all;
}

TEST(Spool, GivesBodiesBackByteForByteInCommitOrder) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  std::vector<std::string> bodies;
  for (const size_t size : {0, 1, 999, 1000, 1001, 2000, 12'345, 60'000}) {
    for (const size_t step : {size_t{7}, size_t{1000}, size_t{4096}, SIZE_MAX}) {
      bodies.push_back(noise(size, bodies.size()));
      put(*spool, bodies.back(), step);
    }
  }
  for (int life = 0; life < 2; ++life) {
    SpoolReader reader(*spool, {});
    const auto all = read_all(reader);
    ASSERT_EQ(all.size(), bodies.size());
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].bytes, bodies[i]);
      EXPECT_EQ(all[i].end, StreamEnd::Complete);
    }
    spool.reset();
    disk.lose_power(1);
    spool = opened_spool(disk);
  }
}

TEST(Spool, TellsWhoSentIt) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  SpoolSource sent = source("prod");
  sent.peer = std::string(5000, 'p');
  auto body = spool->begin(sent, std::nullopt);
  ASSERT_TRUE((*body)->commit());
  SpoolReader reader(*spool, {});
  ASSERT_EQ(*reader.next(), SpoolReader::Step::Body);
  sent.peer.resize(limits::kSpoolSourceBytes);
  EXPECT_EQ(reader.body().source, sent);
}

TEST(Spool, UnfinishedBodiesLeaveNothing) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  auto kept = spool->begin(source("kept"), std::nullopt);
  ASSERT_TRUE((*kept)->write(noise(3500, 1)));
  {
    auto aborted = spool->begin(source("aborted"), std::nullopt);
    ASSERT_TRUE((*aborted)->write(noise(3500, 2)));
  }
  put(*spool, noise(2500, 3), 100, "between");
  ASSERT_TRUE((*kept)->commit());
  auto open_at_the_end = spool->begin(source("open"), std::nullopt);
  ASSERT_TRUE((*open_at_the_end)->write(noise(9000, 4)));
  SpoolReader reader(*spool, {});
  const auto all = read_all(reader);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].cluster, "between");
  EXPECT_EQ(all[1].cluster, "kept");
  EXPECT_EQ(all[1].bytes, noise(3500, 1));
  EXPECT_EQ(spool->counts().aborted, 1u);
  EXPECT_EQ(spool->counts().bodies, 2u);
  EXPECT_EQ(spool->counts().open, 1u);
}

TEST(Spool, ABodyOfAnEarlierLifeHoldsNothingBack) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  auto killed = spool->begin(source("killed"), std::nullopt);
  ASSERT_TRUE((*killed)->write(noise(3500, 1)));
  put(*spool, "");  // behind its blocks, and synced
  disk.kill_process();
  killed->reset();
  spool = opened_spool(disk);
  SpoolReader reader(*spool, {});
  for (uint64_t i = 0; i < 20; ++i) put(*spool, noise(2000, i));
  ASSERT_EQ(read_all(reader).size(), 21u);
  EXPECT_TRUE(spool->trim(reader.position()));
  EXPECT_LT(spool->bytes(), 5000u);
}

// A reader that begins again at any position it ever had gives the rest, also when bodies are mixed.
TEST(Spool, EveryPositionIsAPlaceToGoOn) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  std::vector<std::unique_ptr<SpoolBody>> open;
  std::mt19937_64 random(3);
  for (int i = 0; i < 30; ++i) open.push_back(*spool->begin(source(std::to_string(i)), std::nullopt));
  while (!open.empty()) {
    const size_t one = random() % open.size();
    if (random() % 4 != 0) {
      ASSERT_TRUE(open[one]->write(noise(random() % 3000, random())));
      continue;
    }
    if (random() % 4 != 0) {
      ASSERT_TRUE(open[one]->commit());
    }
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(one));
  }
  SpoolReader whole(*spool, {});
  std::vector<Read> all;
  std::vector<SpoolPosition> positions = {{}};
  for (auto step = whole.next(); *step == SpoolReader::Step::Body; step = whole.next()) {
    all.push_back({whole.body().source.cluster, drain(*whole.body().bytes), StreamEnd::Complete});
    positions.push_back(whole.body().position);
    ASSERT_EQ(whole.body().position, whole.position());
  }
  ASSERT_GT(all.size(), 10u);
  for (size_t from = 0; from < positions.size(); ++from) {
    ASSERT_TRUE(spool->trim(positions[from]));
    SpoolReader reader(*spool, positions[from]);
    const auto rest = read_all(reader);
    ASSERT_EQ(rest.size(), all.size() - from);
    for (size_t i = 0; i < rest.size(); ++i) {
      ASSERT_EQ(rest[i].cluster, all[from + i].cluster);
      ASSERT_EQ(rest[i].bytes, all[from + i].bytes);
    }
  }
}

TEST(Spool, TheBudgetIsAskedBeforeTheBodyIsRead) {
  SimulatedDisk disk;
  SpoolOptions options = small_spool();
  options.budget = 100'000;
  options.body_bytes = 80'000;
  auto spool = opened_spool(disk, options);
  EXPECT_EQ(spool->begin(source("a"), 80'001).error().reason, SpoolRefusal::TooLong);
  auto first = spool->begin(source("a"), 80'000);
  ASSERT_TRUE(first);
  EXPECT_EQ(spool->begin(source("a"), 30'000).error().reason, SpoolRefusal::Budget) << "announced counts";
  EXPECT_EQ((*first)->write(noise(80'001, 1)).error().reason, SpoolRefusal::TooLong) << "longer than announced";
  first->reset();
  for (int i = 0; i < 3; ++i) put(*spool, noise(30'000, i));
  const auto refused = spool->begin(source("a"), 30'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, SpoolRefusal::Budget);
  EXPECT_NE(refused.error().message.find("its budget is 100000"), std::string::npos) << refused.error().message;
  SpoolReader reader(*spool, {});
  ASSERT_EQ(read_all(reader).size(), 3u);
  ASSERT_TRUE(spool->trim(reader.position()));
  EXPECT_TRUE(spool->begin(source("a"), 30'000)) << "trimmed bytes are free again";
  EXPECT_EQ(spool->counts().refused_budget, 2u);
  EXPECT_EQ(spool->counts().refused_long, 2u);
}

TEST(Spool, AFullDiskRefusesAndLosesNothing) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  put(*spool, noise(3000, 1));
  disk.set_capacity(10'000);
  EXPECT_EQ(spool->begin(source("a"), 30'000).error().reason, SpoolRefusal::DiskFull) << "before the body is read";
  auto body = spool->begin(source("b"), 5'000);
  ASSERT_TRUE(body);
  ASSERT_TRUE((*body)->write(noise(4'500, 2)));
  disk.set_capacity(0);
  const auto refused = (*body)->commit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, SpoolRefusal::DiskFull);
  body->reset();
  disk.set_capacity(1 << 30);
  put(*spool, noise(2000, 3), 100, "later");
  SpoolReader reader(*spool, {});
  const auto all = read_all(reader);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].bytes, noise(2000, 3));
  EXPECT_EQ(reader.position().scan, reader.position().after + 1) << "what was refused holds back no trimming";
}

TEST(Spool, BodiesDoNotUseUpTheReserve) {
  SimulatedDisk disk;
  disk.set_capacity(1 << 20);
  auto reserve = DiskReserve::open(disk, "/spool", 1000);
  SpoolOptions options = small_spool();
  options.reserve = reserve->get();
  auto spool = opened_spool(disk, options);
  put(*spool, "x");
  (*reserve)->release();
  EXPECT_EQ(spool->begin(source("a"), 10).error().reason, SpoolRefusal::DiskFull);
  EXPECT_TRUE((*reserve)->refill());
  EXPECT_TRUE(spool->begin(source("a"), 10));
}

TEST(Spool, OpenBodiesDoNotUseUpTheReserveEither) {
  SimulatedDisk disk;
  disk.set_capacity(1 << 20);
  auto reserve = DiskReserve::open(disk, "/spool", 1000);
  SpoolOptions options = small_spool();
  options.reserve = reserve->get();
  auto spool = opened_spool(disk, options);
  auto small = spool->begin(source("a"), 10);
  auto large = spool->begin(source("b"), 5'000);
  ASSERT_TRUE(small && large && (*small)->write("x"));
  (*reserve)->release();
  const auto written = (*large)->write(noise(5'000, 1));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason, SpoolRefusal::DiskFull);
  const auto committed = (*small)->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().reason, SpoolRefusal::DiskFull);
  small->reset();
  large->reset();
  ASSERT_TRUE((*reserve)->refill());
  put(*spool, "after");
  SpoolReader reader(*spool, {});
  EXPECT_EQ(read_all(reader).size(), 1u);
}

TEST(Spool, ABrokenDiskStopsAcknowledging) {
  SimulatedDisk disk;
  SpoolOptions options = small_spool();
  options.commit.own_thread = false;
  auto spool = opened_spool(disk, options);
  put(*spool, noise(3000, 1));
  auto waiting = spool->begin(source("a"), 10);
  disk.fault_at(2, Fault::Broken);  // the sync
  auto body = spool->begin(source("a"), 10);
  EXPECT_EQ((*body)->commit().error().reason, SpoolRefusal::Broken);
  EXPECT_EQ((*waiting)->commit().error().reason, SpoolRefusal::Broken);
  EXPECT_EQ(spool->begin(source("a"), 10).error().reason, SpoolRefusal::Broken);
  waiting->reset();
  body->reset();
  spool.reset();
  disk.kill_process();
  spool = opened_spool(disk);
  put(*spool, "after");
  SpoolReader reader(*spool, {});
  const auto all = read_all(reader);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].bytes, "after");
}

// Every byte of every file, one bit each: a body is right, or cut where the damage begins, or reported as a gap.
TEST(Spool, FlippedBitsAreFoundAndNeverRead) {
  SimulatedDisk whole;
  std::vector<std::string> bodies;
  {
    auto spool = opened_spool(whole);
    for (int i = 0; i < 8; ++i) {
      bodies.push_back(noise(static_cast<size_t>(i) * 700, i));
      put(*spool, bodies.back());
    }
  }
  size_t corrupt = 0, gaps = 0;
  std::mt19937_64 random(1);
  for (const std::string& path : whole.paths()) {
    const std::string content = whole.content(path);
    for (size_t at = random() % 50; at < content.size(); at += 1 + random() % 100) {
      SimulatedDisk disk;
      for (const std::string& other : whole.paths()) disk.set_content(other, whole.content(other));
      std::string changed = content;
      changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
      disk.set_content(path, changed);
      SCOPED_TRACE(path + " byte " + std::to_string(at));
      auto spool = opened_spool(disk);
      SpoolReader reader(*spool, {});
      size_t intact = 0;
      bool said = !spool->damage().empty();
      for (auto step = reader.next(); *step != SpoolReader::Step::End; step = reader.next()) {
        said |= *step == SpoolReader::Step::Gap;
        gaps += *step == SpoolReader::Step::Gap;
        if (*step == SpoolReader::Step::Gap) continue;
        const std::string bytes = drain(*reader.body().bytes, 333);
        const StreamStatus& status = reader.body().bytes->status();
        if (status.end == StreamEnd::Complete) {
          ASSERT_EQ(std::count(bodies.begin(), bodies.end(), bytes), 1);
          ++intact;
          continue;
        }
        EXPECT_EQ(status.end, StreamEnd::Corrupt);
        EXPECT_NE(status.message.find("is damaged or gone"), std::string::npos) << status.message;
        said = true;
        ++corrupt;
        ASSERT_EQ(bodies[reader.body().raw_bytes / 700].substr(0, bytes.size()), bytes);
      }
      ASSERT_GE(intact, bodies.size() - 1);
      ASSERT_TRUE(said || intact == bodies.size());
    }
  }
  EXPECT_GT(corrupt, 10u);
  EXPECT_GT(gaps, 10u);
}

TEST(Spool, OnTheMachinesOwnDisk) {
  std::string folder = (std::filesystem::temp_directory_path() / "kubevigil-spool-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  SpoolOptions options = small_spool();
  options.folder = folder + "/spool";
  SpoolPosition position;
  uint64_t next = 0;
  for (int life = 0; life < 3; ++life) {
    options.secret = static_cast<uint64_t>(life);
    auto spool = opened_spool(posix_disk(), options);
    EXPECT_TRUE(spool->damage().empty());
    for (uint64_t i = 0; i < 20; ++i) put(*spool, noise(i * 300, next + i));
    SpoolReader reader(*spool, position);
    for (const Read& body : read_all(reader)) {
      EXPECT_EQ(body.end, StreamEnd::Complete);
      EXPECT_EQ(body.bytes, noise(next % 20 * 300, next));
      ++next;
    }
    position = reader.position();
    ASSERT_TRUE(spool->trim(position));
  }
  EXPECT_EQ(next, 60u);
  EXPECT_EQ(posix_disk().list(options.folder)->size(), 1u);
  std::filesystem::remove_all(folder);
}

TEST(Spool, ManySendersAtOnce) {
  SimulatedDisk disk;
  auto spool = opened_spool(disk);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 20; ++i) put(*spool, noise(i * 300, t * 100 + i), 500, std::to_string(t));
    });
  }
  size_t read = 0;
  SpoolReader reader(*spool, {});
  for (uint64_t wanted = 8 * 20; read < wanted;) {
    for (const Read& body : read_all(reader)) {
      EXPECT_EQ(body.bytes, noise(body.bytes.size(), std::stoul(body.cluster) * 100 + body.bytes.size() / 300));
      ++read;
    }
    if (read < wanted) spool->wait_past(reader.seen());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(spool->counts().bodies, 160u);
}

}  // namespace
}  // namespace kubevigil
