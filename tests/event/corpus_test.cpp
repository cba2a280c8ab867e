// The public corpus, counted event by event. The files are not part of the repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/corpus.h"
#include "tests/support/event_text.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

fs::path real_logs() { return test::corpus() / "real"; }

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Corpus : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_CORPUS("real"); }
};

TEST_F(Corpus, CountsOfEveryFile) {
  const struct {
    const char* file;
    size_t events, bad, other;
  } cases[] = {
      {"audit2rbac/demo-2017-full.log", 757, 0, 0},
      {"audit2rbac/demo.log", 37, 0, 0},
      {"kubeadm-csv/reconstructed-metadata-events.ndjson", 16'563, 0, 0},
      {"aks-event-hub/event.json", 22, 0, 0},
      {"aks-event-hub/sample_EventHubs_event.json", 1, 0, 0},
      {"aks-event-hub/sample_KubeAuditLog_event.json", 1, 0, 0},
      {"khi/khi-logentries.ndjson", 4, 0, 9},
  };
  for (const auto& c : cases) {
    const test::ReadResult got = test::read_events(bytes_of(real_logs() / c.file));
    EXPECT_EQ(got.events.size(), c.events) << c.file;
    EXPECT_EQ(got.bad.size(), c.bad) << c.file << ": " << (got.bad.empty() ? "" : got.bad[0].message);
    EXPECT_EQ(got.other_logs, c.other) << c.file;
    for (const auto& event : got.events) {
      if (event.time_source != TimeSource::Event) ADD_FAILURE() << c.file << ": no time: " << event.text;
    }
  }
}

TEST_F(Corpus, FalcoTraces) {
  size_t events = 0, bad = 0, files = 0;
  for (const auto& entry : fs::directory_iterator(real_logs() / "falco-traces")) {
    const test::ReadResult got = test::read_events(bytes_of(entry.path()));
    events += got.events.size();
    bad += got.bad.size() + got.other_logs;
    ++files;
  }
  EXPECT_EQ(files, 47u);
  EXPECT_EQ(events, 51u);
  EXPECT_EQ(bad, 1u);
}

TEST_F(Corpus, GkeEntriesBecomeEvents) {
  const test::ReadResult got = test::read_events(bytes_of(real_logs() / "khi/khi-logentries.ndjson"));
  size_t gke = 0;
  for (const auto& event : got.events) {
    if (event.envelope != "gke") continue;
    ++gke;
    EXPECT_NE(event.text.find("objectRef.resource=pods|"), std::string::npos) << event.text;
    EXPECT_NE(event.text.find("objectRef.namespace=1-2-deployment-update|"), std::string::npos) << event.text;
    EXPECT_EQ(event.text.find("@type"), std::string::npos) << event.text;
    EXPECT_FALSE(event.cluster.empty());
  }
  EXPECT_EQ(gke, 3u);
}

}  // namespace
}  // namespace kubevigil
