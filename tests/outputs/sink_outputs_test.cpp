// Sinks over the real transports and encodings: consumers that judge what they get, and a file that loses its machine.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/base/text.h"
#include "outputs/transport_registry.h"
#include "tests/net/scripted_server.h"
#include "tests/support/consumers.h"
#include "tests/support/random_alert.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SinkBench;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<Sink> open_sink(SinkBench& bench, OutputOptions options, SinkOptions sink) {
  options.name = sink.name;
  auto opened = open_output(options, bench.outbox->place(sink.name), bench.disk, system_env());
  EXPECT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->note, "");
  sink.framing = opened->framing;
  sink.limits = opened->limits;
  return std::make_unique<Sink>(bench.world(), std::move(opened->connection), sink);
}

OutputOptions http(uint16_t port, const std::string& encoding, const std::string& path = "/") {
  OutputOptions options;
  options.transport = "http";
  options.encoding = encoding;
  options.http.url = Secret(fmt::format("http://127.0.0.1:{}{}", port, path));
  return options;
}

std::string body_of_request(Wire& wire) {
  std::string text = wire.read_until("\r\n\r\n");
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t size = std::stoul(text.substr(text.find(kLength) + kLength.size()));
  while (text.size() < end + 4 + size && wire.read_more(text)) continue;
  return text.substr(end + 4);
}

void answer(Wire& wire, int status, const std::string& body = "") {
  wire.write(fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body));
}

Alert random_open(uint64_t seed) {
  Alert alert = test::random_alert(seed);
  alert.id = fmt::format("alert-{}", seed);
  alert.revision = 1;
  alert.status = EpisodeStatus::Open;
  return alert;
}

// A falcosidekick that keeps its rules (400), is out of order now and then (500), and hangs up.
TEST(SinkOutputs, FalcosidekickGetsEveryAlertOnce) {
  constexpr uint64_t kAlerts = 90;
  std::vector<std::string> taken, problems;
  int requests = 0;
  const auto falcosidekick = [&](Wire& wire) {
    for (;;) {
      const std::string body = body_of_request(wire);
      if (body.empty()) return;
      ++requests;
      if (requests % 3 == 0) {
        answer(wire, 500, "out of order");
        continue;
      }
      const test::Problems found = test::falcosidekick_problems(body);
      problems.insert(problems.end(), found.begin(), found.end());
      if (found.empty()) taken.push_back(body);
      answer(wire, found.empty() ? 200 : 400, found.empty() ? "ok" : found[0]);
      if (requests % 20 == 0) return;
    }
  };
  {
    const ScriptedServer server(std::vector<std::function<void(Wire&)>>(30, falcosidekick));
    SinkBench bench;
    const auto sink = open_sink(bench, http(server.port(), "falco"), bench.options());
    for (uint64_t seed = 1; seed <= kAlerts; ++seed) bench.alert(random_open(seed));
    bench.run(*sink, Duration::hours(1));
    EXPECT_EQ(sink->counters().delivered, kAlerts);
    EXPECT_EQ(sink->counters().refused, 0u);
    EXPECT_GE(sink->counters().retries, kAlerts / 3);
  }
  EXPECT_THAT(problems, IsEmpty());
  ASSERT_EQ(taken.size(), kAlerts);
  for (uint64_t seed = 1; seed <= kAlerts; ++seed) {
    EXPECT_THAT(taken[seed - 1], HasSubstr(fmt::format("\"alert-{}\"", seed))) << "in order";
  }
}

struct SchemaRow {
  const char* encoding;
  test::Problems (*problems)(std::string_view);
  bool lines;  // the body is judged line by line
};

TEST(SinkOutputs, BodiesAreValidForTheirConsumers) {
  const SchemaRow kRows[] = {{"alertmanager", test::alertmanager_problems, false},
                             {"ocsf", test::ocsf_problems, true},
                             {"ecs", test::ecs_problems, true},
                             {"es-bulk", test::es_bulk_problems, false}};
  for (const SchemaRow& row : kRows) {
    std::vector<std::string> bodies;
    {
      const ScriptedServer server({[&](Wire& wire) {
        for (std::string body = body_of_request(wire); !body.empty(); body = body_of_request(wire)) {
          bodies.push_back(body);
          std::string items;
          const auto documents = std::count(body.begin(), body.end(), '\n') / 2;
          for (int64_t i = 0; i < documents; ++i)
            items += (i > 0 ? "," : "") + std::string(R"({"create":{"status":201}})");
          answer(wire, 200, R"({"errors":false,"items":[)" + items + "]}");
        }
      }});
      SinkBench bench;
      const auto sink = open_sink(bench, http(server.port(), row.encoding), bench.options());
      for (uint64_t seed = 1; seed <= 60; ++seed) bench.alert(test::random_alert(seed));
      bench.run(*sink);
      EXPECT_EQ(sink->counters().delivered + sink->counters().filtered, 60u) << row.encoding;
      EXPECT_EQ(sink->counters().last_error, "") << row.encoding;
    }
    EXPECT_LE(bodies.size(), 4u) << row.encoding << " goes in batches";
    for (const std::string& body : bodies) {
      if (!row.lines) {
        EXPECT_THAT(row.problems(body), IsEmpty()) << row.encoding;
        continue;
      }
      for (const std::string_view line : split(trim(body), '\n')) {
        EXPECT_THAT(row.problems(std::string(line) + "\n"), IsEmpty()) << row.encoding;
      }
    }
  }
}

// Every (id, revision) of all files, in their order.
std::vector<std::string> ids_in_files(const test::SimulatedDisk& disk) {
  std::map<std::pair<int, int>, std::string> files;  // rotated ones by number, the active one last
  for (const std::string& path : disk.paths()) {
    if (!path.starts_with("/out/alerts")) continue;
    const std::string number = path.substr(std::string("/out/alerts").size());
    files[number.empty() ? std::pair(1, 0) : std::pair(0, std::stoi(number.substr(1)))] = disk.content(path);
  }
  std::vector<std::string> ids;
  for (const auto& [place, text] : files) {
    for (const std::string_view line : split(text, '\n')) {
      const size_t at = line.find("\"id\":\"");
      if (at != std::string_view::npos) ids.emplace_back(line.substr(at + 6, line.find('"', at + 6) - at - 6));
      EXPECT_TRUE(line.empty() || line.back() == '}') << "a torn line: " << line;
    }
  }
  return ids;
}

// Lives of a file sink, each ended in the middle of something; then one that ends well.
struct FileLives {
  explicit FileLives(uint64_t seed) : random(seed) {
    output.transport = "file";
    output.encoding = "jsonl";
    output.file.path = "/out/alerts";
    output.file.keep = 1000;
    sink = bench.options();
  }
  void live(bool dies) {
    auto running = open_sink(bench, output, sink);
    for (int round = 0; round < 6; ++round) {
      const int more = static_cast<int>(random() % 20);
      bench.alerts(made, made + more, level);
      made += more;
      if (dies && round == 5) bench.disk.fault_at(1 + random() % 30, test::Fault::PowerOff);
      bench.run(*running, Duration::seconds(1));
    }
    if (!dies) bench.run(*running, Duration::minutes(10));
    running.reset();
    random() % 3 == 0 ? bench.disk.kill_process() : bench.disk.lose_power(random());
    bench.open();
  }
  std::vector<std::string> expected() const {
    std::vector<std::string> ids;
    for (int i = 0; i < made; ++i) ids.push_back("a" + std::to_string(i));
    return ids;
  }

  std::mt19937_64 random;
  SinkBench bench;
  OutputOptions output;
  SinkOptions sink;
  Level level = Level::Medium;
  int made = 0;
};

TEST(SinkOutputs, AFileHasEachAlertOnceWhateverDies) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("KUBEVIGIL_SEED=" + std::to_string(seed));
    FileLives lives(seed);
    lives.output.file.rotate_bytes = 6000;
    for (int life = 0; life < 8; ++life) lives.live(true);
    lives.live(false);
    ASSERT_EQ(ids_in_files(lives.bench.disk), lives.expected());
    if (HasFailure()) return;
  }
}

TEST(SinkOutputs, AFileHasEachAlertOnceWhileADigestGathers) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE("KUBEVIGIL_SEED=" + std::to_string(seed));
    FileLives lives(seed);
    lives.sink.rate = {3, Duration::minutes(1)};
    lives.bench.alert(test::plain_alert("folded", Level::Low, "quiet"));
    lives.level = Level::Critical;
    for (int life = 0; life < 8; ++life) {
      for (int i = 0; i < 5; ++i) lives.bench.alert(test::plain_alert("low", Level::Low, "quiet"));
      lives.live(true);
    }
    lives.live(false);
    std::vector<std::string> ids = ids_in_files(lives.bench.disk);
    std::erase_if(ids, [](const std::string& id) { return id.front() != 'a' || id.size() > 6; });
    ASSERT_EQ(ids, lives.expected());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace kubevigil
