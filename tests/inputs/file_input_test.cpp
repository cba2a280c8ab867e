#include "inputs/file_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "engine/base/hash.h"
#include "inputs/file_set.h"
#include "tests/support/compress.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

std::string event(int n) {
  return fmt::format(R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{}","stage":"ResponseComplete"}})",
                     n);
}
std::string events(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += event(i) + "\n";
  return out;
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::temp_directory_path() / fmt::format("kubevigil_{}_{}", test->name(), ::getpid());
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::string write(const std::string& name, std::string_view bytes) {
    const fs::path path = dir_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  // Sources as "name: file file", without the directory.
  std::string found(const std::vector<std::string>& paths) {
    std::string out;
    const FileSet set = find_sources(paths);
    for (const FileSource& source : set.sources) {
      out += fs::relative(source.name, dir_).string() + ":";
      for (const SourceFile& file : source.files) out += " " + fs::relative(file.path, dir_).string();
      out += "\n";
    }
    for (const PathProblem& problem : set.problems) {
      out += fmt::format("{}{}\n", problem.harmless ? "note " : "bad ", fs::relative(problem.path, dir_).string());
    }
    return out;
  }

  fs::path dir_;
};

struct Read {
  std::vector<std::string> records;
  std::vector<std::string> bad;
  std::vector<InputFile> files;
  uint64_t input_bytes = 0;
};

Read read_all(Input& input) {
  Read out;
  Batch batch;
  while (input.next(batch)) {
    for (const Record& r : batch.records) {
      out.records.push_back(
          fmt::format("{}@{}:{} {}", r.position.file, r.position.offset, r.position.line, batch.text(r)));
    }
    for (const BadRecord& b : batch.bad) {
      out.bad.push_back(
          fmt::format("{}@{}:{} {}", b.position.file, b.position.offset, b.position.line, to_text(b.reason)));
    }
    out.input_bytes += batch.input_bytes;
    batch = {};
  }
  out.files.assign(input.files().begin(), input.files().end());
  return out;
}

TEST_F(Files, RotatedSetsAreOneSourceOldestFirst) {
  for (const char* name : {"a/audit.log", "a/audit-2024-01-02T00-00-00.000.log",
                           "a/audit-2024-01-01T00-00-00.000.log.gz", "a/audit-2024-01-02T00-00-00.000.log.gz",
                           "b/x.log", "b/x.log.1", "b/x.log.2.gz", "b/x.log.10.gz", "b/sub/other.json"}) {
    write(name, "{}");
  }
  EXPECT_EQ(found({dir_.string()}),
            "a/audit.log: a/audit-2024-01-01T00-00-00.000.log.gz a/audit-2024-01-02T00-00-00.000.log a/audit.log\n"
            "b/sub/other.json: b/sub/other.json\n"
            "b/x.log: b/x.log.10.gz b/x.log.2.gz b/x.log.1 b/x.log\n"
            "note a/audit-2024-01-02T00-00-00.000.log.gz\n");
}

TEST_F(Files, PathsGlobsAndProblems) {
  const std::string a = write("a.log", "{}");
  write("b.log", "{}");
  fs::create_symlink(dir_ / "nowhere", dir_ / "broken");
  fs::create_directory_symlink(dir_, dir_ / "circle");
  ::mkfifo((dir_ / "pipe").c_str(), 0600);
  const std::string d = dir_.string();
  EXPECT_EQ(found({d + "/*.log", a}), "a.log: a.log\nb.log: b.log\n");
  EXPECT_EQ(found({d}), "a.log: a.log\nb.log: b.log\nbad broken\nbad pipe\n");
  EXPECT_EQ(found({d + "/none.log"}), "bad none.log\n");
  EXPECT_EQ(found({d + "/*.none"}), "bad *.none\n");
  fs::create_symlink(dir_ / "nowhere", dir_ / "a*z");
  EXPECT_EQ(found({d + "/a*z"}), "bad a*z\n") << "a name that is a pattern for itself";
  const std::vector<std::string> standard_input = {"-"};
  EXPECT_EQ(find_sources(standard_input).sources.at(0).name, "-");
}

TEST_F(Files, AnyBatchSizeGivesTheSameRecordsAndAccounts) {
  const std::string plain = events(300, 500) + "torn {\n" + event(500);
  write("audit-2024-01-01T00-00-00.000.log.gz", test::gzip(events(0, 200)) + test::gzip(events(200, 300)));
  write("audit.log", plain);
  const std::vector<std::string> paths = {dir_.string()};
  std::vector<std::string> first;
  for (const size_t batch_bytes : {1u, 100u, 5000u, 1u << 20}) {
    InputOptions options;
    options.batch_bytes = batch_bytes;
    options.sha256 = true;
    const auto input = make_file_input(find_sources(paths).sources.at(0), 7, options);
    Batch peeked;
    ASSERT_TRUE(input->peek(peeked));
    EXPECT_EQ(peeked.text(peeked.records.at(0)), event(0));
    const Read got = read_all(*input);
    ASSERT_EQ(got.records.size(), 502u);
    EXPECT_EQ(got.records[0], "7@0:1 " + event(0));
    EXPECT_EQ(got.records[501], fmt::format("8@{}:202 {}", plain.size() - event(500).size(), event(500)));
    if (first.empty()) first = got.records;
    EXPECT_EQ(got.records, first) << batch_bytes;
    ASSERT_EQ(got.files.size(), 2u);
    EXPECT_EQ(got.files[0].compression, "gzip");
    EXPECT_EQ(got.files[0].lines, 300u);
    EXPECT_EQ(got.files[0].plain_bytes, events(0, 300).size());
    EXPECT_EQ(got.files[1].compression, "");
    EXPECT_EQ(got.files[1].lines, 202u);
    EXPECT_EQ(got.files[1].size, plain.size());
    EXPECT_EQ(got.files[1].sha256, sha256_hex(plain));
    EXPECT_TRUE(got.files[1].read && got.files[1].problem.empty());
    EXPECT_EQ(got.input_bytes, got.files[0].size + got.files[1].size);
  }
}

TEST_F(Files, TheHashIsThatOfTheWholeFileOrNone) {
  const std::string path = write("a.log", events(0, 10'000));
  const std::vector<std::string> paths = {path};
  for (const bool stops : {false, true}) {
    std::atomic<int> stop = 0;
    InputOptions options;
    options.sha256 = true;
    options.stop = &stop;
    const auto input = make_file_input(find_sources(paths).sources.at(0), 0, options);
    for (Batch batch; input->next(batch); batch = {}) stop = stops ? 2 : 0;
    EXPECT_EQ(input->files()[0].sha256, stops ? "" : sha256_hex(events(0, 10'000)));
    EXPECT_EQ(input->files()[0].size, events(0, 10'000).size());
  }
}

TEST_F(Files, CutGzipGivesWhatStandsBeforeTheCut) {
  const std::string packed = test::gzip(events(0, 20'000));
  write("audit-2024-01-01T00-00-00.000.log.gz", std::string_view(packed).substr(0, packed.size() / 2));
  write("audit.log", event(99'999));
  const std::vector<std::string> paths = {dir_.string()};
  InputOptions options;
  options.sha256 = true;
  const auto input = make_file_input(find_sources(paths).sources.at(0), 0, options);
  const Read got = read_all(*input);
  EXPECT_GT(got.records.size(), 5'000u);
  EXPECT_NE(got.records.back().find("99999"), std::string::npos);
  EXPECT_EQ(got.bad.size(), 1u);
  EXPECT_NE(got.bad.at(0).find("cut-off"), std::string::npos);
  EXPECT_NE(got.files[0].problem.find("ends inside compressed member 1"), std::string::npos) << got.files[0].problem;
  EXPECT_EQ(got.files[0].sha256, sha256_hex(packed.substr(0, packed.size() / 2)));
  EXPECT_TRUE(got.files[1].problem.empty());
}

TEST_F(Files, RangeSkipsWholeFilesByNameAndTime) {
  write("audit-2024-01-01T00-00-00.000.log", event(1));
  write("audit-2024-01-03T00-00-00.000.log", event(2));
  write("audit-2024-01-05T00-00-00.000.log", event(3));
  write("audit.log", event(4));
  const std::vector<std::string> paths = {dir_.string()};
  InputOptions options;
  options.from = *parse_rfc3339("2024-01-02T00:00:00Z");
  options.to = *parse_rfc3339("2024-01-02T12:00:00Z");
  const auto input = make_file_input(find_sources(paths).sources.at(0), 0, options);
  const Read got = read_all(*input);
  ASSERT_EQ(got.records.size(), 1u);
  EXPECT_NE(got.records[0].find("\"auditID\":\"2\""), std::string::npos);
  const bool skipped[] = {true, false, true, true};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(got.files[i].skipped, skipped[i]) << i;
}

std::string timed_event(const std::string& time) {
  return R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"get",)"
         R"("stageTimestamp":")" +
         time + "\"}\n";
}

// A file is left out for its modification time only when its last events agree.
TEST_F(Files, AModificationTimeAloneSkipsNothing) {
  const std::string old = timed_event("2024-01-01T00:00:00Z"), in_range = timed_event("2024-03-01T00:00:00Z");
  const std::vector<std::array<std::string, 3>> table = {
      {"a.log.1", old, "skipped"},
      {"b.log.1", old + in_range, "read"},
      {"c.log.1", in_range + old, "read"},
      {"d.log.2.gz", test::gzip(old), "read"},
      {"e.log.1", "no event\n", "read"},
      {"f.log", old + "torn {", "skipped"},
      {"g.log.1", "", "read"},
      {"h.log.1", "{\"items\":[" + old.substr(0, old.size() - 1) + "]}", "skipped"}};
  for (const auto& [name, text, expected] : table) {
    const std::string path = write(name, text);
    const timespec zero[2] = {{0, 0}, {0, 0}};  // as archives without times leave it
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), zero, 0), 0);
    InputOptions options;
    options.from = *parse_rfc3339("2024-02-01T00:00:00Z");
    const std::vector<std::string> paths = {path};
    const auto input = make_file_input(find_sources(paths).sources.at(0), 0, options);
    EXPECT_EQ(input->files()[0].skipped ? "skipped" : "read", expected) << name;
  }
}

TEST_F(Files, NamesInLocalTimeLeaveRoomForEveryTimeZone) {
  const struct {
    const char* name;
    const char* from;
    bool skipped;
  } table[] = {{"0.log.20240101-120000", "2024-01-01T20:00:00Z", false},
               {"0.log.20240101-120000", "2024-01-02T04:00:00Z", true},
               {"audit.log-20240101", "2024-01-02T12:00:00Z", false},
               {"audit.log-20240101", "2024-01-02T16:00:00Z", true},
               {"audit.log-20240101-1704110400", "2024-01-01T12:30:00Z", false},
               {"audit.log-20240101-1704110400", "2024-01-01T14:00:00Z", true},
               {"audit-2024-01-01T12-00-00.000.log", "2024-01-01T14:00:00Z", true}};
  for (const auto& row : table) {
    const std::vector<std::string> paths = {write(row.name, event(1))};
    InputOptions options;
    options.from = *parse_rfc3339(row.from);
    const auto input = make_file_input(find_sources(paths).sources.at(0), 0, options);
    EXPECT_EQ(input->files()[0].skipped, row.skipped) << row.name << " from " << row.from;
  }
}

TEST_F(Files, PartsOfARuntimeLogAreJoinedAcrossFiles) {
  const std::string whole = event(1);
  write("0.log.20240101-120000", "2024-01-01T11:59:59.9Z stdout P " + whole.substr(0, 40) + "\n");
  write("0.log", "2024-01-01T12:00:00.1Z stdout F " + whole.substr(40) + "\n");
  const std::vector<std::string> paths = {dir_.string()};
  const auto input = make_file_input(find_sources(paths).sources.at(0), 0, {});
  const Read got = read_all(*input);
  ASSERT_EQ(got.records.size(), 1u);
  EXPECT_EQ(got.records[0], "0@0:1 2024-01-01T11:59:59.9Z stdout F " + whole);
}

TEST_F(Files, MissingFileIsAProblemOfThatFileOnly) {
  const std::string a = write("a.log.1", event(1));
  write("a.log", event(2));
  const std::vector<std::string> paths = {dir_.string()};
  const auto input = make_file_input(find_sources(paths).sources.at(0), 0, {});
  fs::remove(a);
  const Read got = read_all(*input);
  EXPECT_EQ(got.records.size(), 1u);
  EXPECT_NE(got.files[0].problem.find("cannot open"), std::string::npos);
  EXPECT_FALSE(got.files[0].read);
}

}  // namespace
}  // namespace kubevigil
