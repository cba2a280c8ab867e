// The whole of serve's middle under faults: power that goes, processes that die, disks that are full or broken, bits
// that flip, clocks that jump. What was answered is processed, what follows from it is delivered once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/base/overlay_disk.h"
#include "tests/run/replay_stream.h"
#include "tests/support/live_program.h"
#include "tests/support/sanitized.h"

namespace kubevigil {
namespace {

using test::delivered;
using test::FastEnv;
using test::Fault;
using test::LiveProgram;
using test::LiveProgramOptions;
using test::recorded_stream;
using test::SimulatedDisk;

using Names = std::set<std::pair<std::string, uint32_t>>;

// Behind the times of all events: where they are ahead, the arrival of a batch counts, and so where batches end.
Timestamp arrival(size_t body) { return {(kStart + 100'000 + static_cast<int64_t>(body)) * 1'000'000}; }

// (id, revision) of all alerts but those about the program itself; "twice" when one is there two times.
std::string names_of(const SimulatedDisk& disk, Names& names) {
  std::set<std::pair<std::string, uint32_t>> all;
  for (const auto& alert : delivered(disk)) {
    if (alert.id == "no alert") return "a torn line: " + alert.line;
    if (!all.emplace(alert.id, alert.revision).second) return "twice: " + alert.line;
    if (!is_self_alert(alert.rule_id)) names.emplace(alert.id, alert.revision);
  }
  return {};
}

std::string difference(const Names& expected, const Names& found) {
  for (const auto& [id, revision] : expected) {
    if (!found.contains({id, revision})) return fmt::format("missing: {} revision {}", id, revision);
  }
  for (const auto& [id, revision] : found) {
    if (!expected.contains({id, revision})) return fmt::format("from nowhere: {} revision {}", id, revision);
  }
  return {};
}

// What an uninterrupted life delivers.
Names uninterrupted(const std::vector<std::string>& bodies) {
  SimulatedDisk disk;
  FastEnv env;
  env.wall = arrival(0).micros;
  std::string problem;
  auto program = LiveProgram::start(disk, env, {}, problem);
  EXPECT_EQ(problem, "");
  for (size_t i = 0; i < bodies.size(); ++i) EXPECT_TRUE(program->post(bodies[i], arrival(i)));
  EXPECT_TRUE(program->settle());
  EXPECT_EQ(program->stop(), "");
  Names names;
  EXPECT_EQ(names_of(disk, names), "");
  EXPECT_GT(names.size(), bodies.size() / 4);
  return names;
}

struct FaultRun {
  std::string broken;
  size_t cuts = 0;
  std::set<std::string> places;
};

// Lives that end in the middle of an operation until all bodies were answered.
class Lives {
 public:
  Lives(uint64_t seed, const std::string& ignored, const std::vector<std::string>& bodies, const Names& expected,
        Fault fault = Fault::PowerOff)
      : random_(seed), fault_(fault), bodies_(bodies), expected_(expected) {
    if (!ignored.empty()) disk_.ignore_sync(ignored);
    env_.wall = arrival(0).micros;
  }

  FaultRun run() {
    for (int life = 0; life < 30 && next_ < bodies_.size() && out_.broken.empty(); ++life) {
      disk_.fault_at(1 + random_() % 250, fault_);
      live(false);
      if (fault_ != Fault::PowerOff || random_() % 4 == 0) {
        disk_.kill_process();
      } else {
        disk_.lose_power(random_());
      }
    }
    if (out_.broken.empty()) live(true);
    out_.places = disk_.sync_places();
    return out_;
  }

 private:
  void live(bool last) {
    LiveProgramOptions options;
    options.seed = random_();
    std::string problem;
    auto program = LiveProgram::start(disk_, env_, options, problem);
    if (program == nullptr) {
      ++out_.cuts;
      if (last || (fault_ == Fault::PowerOff && problem.find("power is off") == std::string::npos)) {
        out_.broken = "start: " + problem;
      }
      return;
    }
    check(program->damage(), program->recovery());
    const size_t most = last ? SIZE_MAX : next_ + random_() % 20;
    while (next_ < bodies_.size() && next_ < most && out_.broken.empty()) {
      if (random_() % 16 == 0) program->swap_rules(random_() % 3);
      if (!program->post(bodies_[next_], arrival(next_))) {
        ++out_.cuts;
        if (last) out_.broken = "a body was refused";
        return;
      }
      ++next_;
    }
    if (last) finish(*program);
  }

  void check(const std::vector<LogDamage>& damage, const RecoveryReport& report) {
    for (const LogDamage& d : damage) {
      if (d.kind != LogDamage::Kind::TornTail) out_.broken = "damage: " + to_text(d);
    }
    if (report.degraded || report.different > 0 || !report.findings.empty()) {
      out_.broken = fmt::format("recovery: {} of {} alerts differ, {} records lost", report.different, report.compared,
                                report.lost_records);
      for (const RecoveryFinding& finding : report.findings) out_.broken += "; " + finding.detail;
    }
  }

  void finish(LiveProgram& program) {
    if (!program.settle()) out_.broken = "not all was processed and delivered: " + program.failure();
    if (out_.broken.empty()) out_.broken = program.stop();
    Names names;
    if (out_.broken.empty()) out_.broken = names_of(disk_, names);
    if (out_.broken.empty()) out_.broken = difference(expected_, names);
  }

  std::mt19937_64 random_;
  const Fault fault_;
  const std::vector<std::string>& bodies_;
  const Names& expected_;
  SimulatedDisk disk_;
  FastEnv env_;
  size_t next_ = 0;
  FaultRun out_;
};

constexpr size_t kBodies = 60;

bool soak() { return std::getenv("KUBEVIGIL_SOAK") != nullptr; }

TEST(LiveFaults, PowerIsLostAtAnyPoint) {
  const char* one = std::getenv("KUBEVIGIL_SEED");
  const std::vector<std::string> bodies = recorded_stream(7, kBodies);
  const Names expected = uninterrupted(bodies);
  const size_t points = soak() ? 5000 : sanitized_share(200);
  size_t cuts = 0;
  uint64_t seed = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  for (; cuts < points; ++seed) {
    const FaultRun run = Lives(seed, "", bodies, expected).run();
    ASSERT_EQ(run.broken, "") << "KUBEVIGIL_SEED=" << seed;
    cuts += run.cuts;
    if (one != nullptr) break;
  }
}

// `replay --journal` in between and at the end: the same bytes as the sink got, from the oldest entry on, and nothing
// on the disk is touched.
TEST(LiveFaults, AJournalRunsAgainByteForByte) {
  const std::vector<std::string> bodies = recorded_stream(11, kBodies);
  size_t same = 0;  // how far a life comes before the power goes is the scheduler's choice
  for (uint64_t seed = 1; seed <= 8 || (same < 100 && seed <= 40); ++seed) {
    SimulatedDisk disk;
    FastEnv env;
    env.wall = arrival(0).micros;
    size_t next = 0;
    for (int life = 0; life < 4; ++life) {
      disk.fault_at(60 + seed * 17 + static_cast<uint64_t>(life) * 31, Fault::PowerOff);
      std::string problem;
      auto program = LiveProgram::start(disk, env, {.seed = seed * 10 + static_cast<uint64_t>(life)}, problem);
      while (program && next < bodies.size() && program->post(bodies[next], arrival(next))) ++next;
      program.reset();
      disk.lose_power(seed);
      std::map<std::string, std::string> before;
      for (const std::string& path : disk.paths()) before[path] = disk.content(path);
      std::set<std::string> lines;
      JournalCheck check([&](const Alert& alert) { lines.insert(to_json(alert)); });
      RecoveryReport report;
      OverlayDisk overlay(disk);
      ASSERT_EQ(LiveProgram::run_again(overlay, env, check, report), "") << "seed " << seed;
      EXPECT_EQ(testing::PrintToString(check.differences()), "{}") << "seed " << seed;
      for (const RecoveryFinding& finding : report.findings) ADD_FAILURE() << finding.detail << ", seed " << seed;
      same += check.counts().same;
      for (const auto& alert : delivered(disk)) {  // those whose entries were not trimmed
        if (alert.id == "no alert") continue;
        const bool given = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
          return line.find(fmt::format("\"{}\"", alert.id)) != std::string::npos &&
                 line.find(fmt::format("\"revision\":{},", alert.revision)) != std::string::npos;
        });
        EXPECT_EQ(lines.contains(alert.line), given) << alert.line;
      }
      for (const auto& [path, bytes] : before) ASSERT_EQ(disk.content(path), bytes) << path;
      ASSERT_EQ(disk.paths().size(), before.size());
    }
  }
  EXPECT_GE(same, 100u);
}

// Every call of sync in the program is there for a reason: without it a promise is broken for some seed. (Those of the
// file sink are left out one by one in tests/outputs/file_transport_test.cpp.)
TEST(LiveFaults, EverySyncIsMissed) {
  const std::vector<std::string> bodies = recorded_stream(7, kBodies);
  const Names expected = uninterrupted(bodies);
  std::set<std::string> places;
  for (uint64_t seed = 1; seed <= 20; ++seed) places.merge(Lives(seed, "", bodies, expected).run().places);
  std::erase_if(places, [](const std::string& place) { return place.starts_with("file_transport.cpp"); });
  EXPECT_GE(places.size(), 8u) << "spool, journal and outbox, their segments and recovery; snapshots; rules";
  for (const std::string& place : places) {
    std::string broken;
    for (uint64_t seed = 1; broken.empty() && seed <= 1000; ++seed)
      broken = Lives(seed, place, bodies, expected).run().broken;
    EXPECT_NE(broken, "") << "nothing is lost when the sync at " << place << " is left out";
  }
}

// EIO at any operation: what cannot go on stops, and the next start has everything.
TEST(LiveFaults, TheDiskBreaksAtAnyPoint) {
  const std::vector<std::string> bodies = recorded_stream(7, kBodies);
  const Names expected = uninterrupted(bodies);
  for (const Fault fault : {Fault::Broken, Fault::Full, Fault::Short, Fault::Interrupt}) {
    for (uint64_t seed = 1; seed <= (soak() ? 500 : sanitized_share(15)); ++seed) {
      const FaultRun run = Lives(seed, "", bodies, expected, fault).run();
      ASSERT_EQ(run.broken, "") << "seed " << seed << ", fault " << static_cast<int>(fault);
    }
  }
}

// ENOSPC for a while: senders are told to wait, nothing is lost, and all goes on when there is space, without a
// restart.
TEST(LiveFaults, AFullDiskIsWaitedFor) {
  const std::vector<std::string> bodies = recorded_stream(7, kBodies);
  const Names expected = uninterrupted(bodies);
  for (uint64_t seed = 1; seed <= (soak() ? 200 : sanitized_share(20)); ++seed) {
    SimulatedDisk disk;
    FastEnv env;
    env.wall = arrival(0).micros;
    disk.set_capacity(700'000);
    std::string problem;
    auto program = LiveProgram::start(disk, env, {.seed = seed, .reserve_bytes = 400'000}, problem);
    ASSERT_EQ(problem, "");
    disk.set_capacity(420'000 + seed % 60 * 5000);  // the stream needs 800,000
    size_t refused = 0;
    for (size_t next = 0; next < bodies.size();) {
      ASSERT_EQ(program->failure(), "") << "seed " << seed;
      if (!program->look_at_disk()) {
        if (program->post(bodies[next], arrival(next))) {
          ++next;
          continue;
        }
        ASSERT_EQ(program->refusal(), SpoolRefusal::DiskFull) << "429, and not 503";
      }
      if (++refused % 3 == 0) disk.set_capacity(disk.used_bytes() + 900'000);  // somebody has made room
    }
    EXPECT_GT(refused, 0u) << "seed " << seed;
    disk.set_capacity(UINT64_MAX);
    EXPECT_FALSE(program->look_at_disk());
    ASSERT_TRUE(program->settle()) << program->failure();
    ASSERT_EQ(program->stop(), "");
    Names names;
    ASSERT_EQ(names_of(disk, names), "") << "seed " << seed;
    ASSERT_EQ(difference(expected, names), "") << "seed " << seed;
  }
}

// One bit anywhere in what a life left behind: said with its place, or of no consequence; and whatever is lost, all
// alerts are about events that were sent.
TEST(LiveFaults, BitsFlipInEachFile) {
  const std::vector<std::string> bodies = recorded_stream(7, 24);
  const Names expected = uninterrupted(bodies);
  SimulatedDisk whole;
  FastEnv env;
  env.wall = arrival(0).micros;
  std::string problem;
  auto program = LiveProgram::start(whole, env, {}, problem);
  for (size_t i = 0; i < bodies.size(); ++i) {
    ASSERT_TRUE(program->post(bodies[i], arrival(i)));
    ASSERT_TRUE(i != 16 || program->settle());
  }
  program.reset();
  std::mt19937_64 random(1);
  for (const std::string kind : {"spool", "journal", "outbox", "snapshot", "rules"}) {
    std::vector<std::string> files;
    for (const std::string& path : whole.paths()) {
      if (path.starts_with("/data/" + kind)) files.push_back(path);
    }
    ASSERT_FALSE(files.empty()) << kind;
    size_t said = 0;
    for (int flip = 0; flip < (soak() ? 1000 : sanitized_share(60)); ++flip) {
      SimulatedDisk disk;
      for (const std::string& path : whole.paths()) disk.set_content(path, whole.content(path));
      const std::string& path = files[random() % files.size()];
      std::string bytes = whole.content(path);
      const size_t at = random() % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      disk.set_content(path, bytes);
      const std::string where = fmt::format("{} byte {} of {}", path, at, bytes.size());
      auto damaged = LiveProgram::start(disk, env, {.seed = 2}, problem);
      ASSERT_NE(damaged, nullptr) << where << ": " << problem;
      ASSERT_TRUE(damaged->settle()) << where << ": " << damaged->failure();
      ASSERT_EQ(damaged->stop(), "") << where;
      Names names;
      const std::string twice = names_of(disk, names), reported = damaged->reported();
      // State without the events that are lost may come to the same revision again.
      ASSERT_TRUE(twice.empty() || (!reported.empty() && twice.starts_with("twice"))) << where << ": " << twice;
      ASSERT_TRUE(!reported.empty() || difference(expected, names).empty()) << where << ": not a word";
      said += reported.find(path) != std::string::npos ? 1 : 0;
      for (const auto& alert : delivered(disk)) {
        const bool sent = alert.line.find("\"audit_id\":\"00000007-") != std::string::npos;
        ASSERT_TRUE(sent || is_self_alert(alert.rule_id)) << alert.line;
      }
    }
    EXPECT_TRUE(said > 0 || kind == "rules") << kind << ": rules that are loaded anyway are mended";
  }
}

std::set<std::string> dedup_keys(const SimulatedDisk& disk) {
  std::set<std::string> keys;
  for (const auto& alert : delivered(disk)) {
    const size_t at = alert.line.find("\"dedup_key\":");
    if (!is_self_alert(alert.rule_id)) keys.insert(alert.line.substr(at, 48));
  }
  return keys;
}

// The wall clock says when something arrived, and events have their own times: a jump costs no alert.
TEST(LiveFaults, TheClockJumps) {
  const std::vector<std::string> bodies = recorded_stream(7, kBodies);
  const Names expected = uninterrupted(bodies);
  constexpr int64_t kHour = 3'600'000'000, kTenYears = 10 * 365 * 24 * kHour;
  std::set<std::string> keys;
  for (const int64_t jump : {int64_t{0}, kHour, -kHour, kTenYears, -kTenYears}) {
    SimulatedDisk disk;
    FastEnv env;
    env.wall = arrival(0).micros;
    std::string problem;
    auto program = LiveProgram::start(disk, env, {}, problem);
    for (size_t i = 0; i < bodies.size(); ++i) {
      if (i == bodies.size() / 2) env.wall = env.wall + jump;
      ASSERT_TRUE(program->post(bodies[i], {arrival(i).micros + (i < bodies.size() / 2 ? 0 : jump)}));
    }
    ASSERT_TRUE(program->settle()) << jump;
    ASSERT_EQ(program->stop(), "") << jump;
    Names names;
    ASSERT_EQ(names_of(disk, names), "") << jump;
    if (jump == 0) keys = dedup_keys(disk);
    EXPECT_EQ(dedup_keys(disk), keys) << jump;
    // Ten years back: events are then ahead of their arrival, and the watermark stands; alerts end later.
    EXPECT_TRUE(jump == -kTenYears || difference(expected, names).empty()) << jump << difference(expected, names);
  }
}

// One API server's clock is a day ahead: nothing of the other one is late.
TEST(LiveFaults, OneApiServerIsADayAhead) {
  const std::vector<std::string> bodies = recorded_stream(7, kBodies), ahead = recorded_stream(8, kBodies, 86'400);
  std::set<std::string> alone;
  for (const bool both : {false, true}) {
    SimulatedDisk disk;
    FastEnv env;
    env.wall = arrival(0).micros;
    std::string problem;
    auto program = LiveProgram::start(disk, env, {}, problem);
    for (size_t i = 0; i < bodies.size(); ++i) {
      const Timestamp now{(kStart + 150 * static_cast<int64_t>(i)) * 1'000'000};
      ASSERT_TRUE(!both || program->post(ahead[i], now, "10.0.0.8"));
      ASSERT_TRUE(program->post(bodies[i], now));
    }
    ASSERT_TRUE(program->settle());
    ASSERT_EQ(program->stop(), "");
    const std::set<std::string> keys = dedup_keys(disk);
    if (!both) alone = keys;
    EXPECT_TRUE(std::includes(keys.begin(), keys.end(), alone.begin(), alone.end()));
    for (const auto& alert : delivered(disk)) {
      EXPECT_EQ(alert.line.find("kubevigil_late_data"), std::string::npos) << alert.line;
    }
  }
}

}  // namespace
}  // namespace kubevigil
