// Where results go when that place fails: full disks, closed pipes, folders that cannot be written; and files that are
// read besides the logs: baselines and keys. What is lost is said, and the exit code shows it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <regex>
#include <set>
#include <sstream>

#include "tests/e2e/program.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// Runs a line of shell in which $K is the program; its standard error.
Result shell(const Folder& folder, const std::string& line) {
  const std::string command = "cd " + folder.path() + "; K=" + KUBEVIGIL_BINARY + "; { " + line + "; } 2>" +
                              folder.path("shell.err") + " >" + folder.path("shell.out");
  const int status = std::system(("bash -c '" + command + "'").c_str());
  return {WEXITSTATUS(status), read_file(folder.path("shell.out")), read_file(folder.path("shell.err"))};
}

TEST(Results, FilesThatCannotBeWrittenAreSaidBeforeReading) {
  const Folder folder;
  const std::string log = folder.write("demo.log", demo_events());
  for (const char* flag : {"--stats-json", "--bad-lines", "--evidence"}) {
    const Result result = run({"replay", log, flag, "/no/such/folder/x"});
    EXPECT_EQ(result.code, 2) << flag;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("/no/such/folder/x: No such file or directory"));
  }
  EXPECT_EQ(run({"baseline", "build", log, "-o", "/no/such/folder/x"}).code, 2);
}

TEST(Results, ProfilesChangeNoAlertAndCountTheSameForAnyThreads) {
  const Folder folder;
  const std::string log = folder.write("demo.log", demo_events()), stats = folder.path("stats");
  const Result plain = run({"replay", log, "-q", "-o", "jsonl"});
  std::set<std::string> rules;
  for (const char* threads : {"1", "3"}) {
    const Result result =
        run({"replay", log, "-q", "-o", "jsonl", "--profile-rules", "--threads", threads, "--stats-json", stats});
    EXPECT_EQ(result.code, plain.code);
    EXPECT_EQ(result.out, plain.out);
    EXPECT_THAT(result.err, testing::ContainsRegex("ms +[0-9.]+% +[0-9]+ +[0-9]+ +[0-9.]+% +[0-9]+  [a-z_]+\n"));
    EXPECT_THAT(result.err, testing::ContainsRegex("ms +[0-9.]+% +[0-9]+  [a-z]+[.][A-Za-z.]+\n"));
    std::string counts = read_file(stats);
    ASSERT_NE(counts.find("\"profile\":{\"rules\":["), std::string::npos);
    counts = counts.substr(counts.find("\"profile\":"));
    std::smatch found;  // without the times, and in any order
    std::set<std::string> lines;
    const std::regex line("\"name\":\"([a-z0-9_]+)\",\"micros\":[0-9.e+-]+,(\"evaluated\":[^}]*)");
    for (auto at = counts.cbegin(); std::regex_search(at, counts.cend(), found, line); at = found[0].second) {
      lines.insert(found[1].str() + found[2].str());
    }
    EXPECT_GT(lines.size(), 5u);
    if (rules.empty()) rules = lines;
    EXPECT_EQ(lines, rules) << threads;
  }
}

TEST(Results, AFullDiskIsNoSilentLoss) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const Folder folder;
  folder.write("demo.log", demo_events());
  const Result stats = shell(folder, "$K replay demo.log --stats-json /dev/full");
  EXPECT_EQ(stats.code, 3);
  EXPECT_THAT(stats.err, HasSubstr("/dev/full: No space left on device"));
  EXPECT_NE(stats.out, "") << "the alerts themselves are there";
  for (const char* command : {"replay demo.log -q", "replay demo.log -q --fail-on low", "rules list", "demo --events",
                              "schema alert", "--help", "replay demo.log -q -o table"}) {
    const Result alerts = shell(folder, std::string("$K ") + command + " >/dev/full");
    EXPECT_EQ(alerts.code, 3) << command;
    EXPECT_THAT(alerts.err, HasSubstr("standard output could not be written to its end: No space left on device"));
  }
}

TEST(Results, ARunWhoseOutputFailsStopsAtOnceAndStillWritesItsFiles) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const Folder folder;
  std::string many;
  for (int i = 0; i < 5; ++i) many += demo_events();
  folder.write("demo.log", many);
  const Result result = shell(folder, "$K replay demo.log -q --batch-kib 64 --stats-json stats >/dev/full");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("stopped: nothing can be printed any more"));
  const std::string stats = read_file(folder.path("stats"));
  EXPECT_THAT(stats, HasSubstr("\"stopped\":true"));
  EXPECT_THAT(stats, HasSubstr("\"exit_code\":3"));
}

TEST(Results, AClosedPipeEndsTheRunQuietly) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  for (const char* command : {"replay demo.log -q", "demo --events", "rules list -o json"}) {
    const Result result = shell(folder, std::string("$K ") + command + " | :; exit ${PIPESTATUS[0]}");
    EXPECT_EQ(result.code, 141) << command;
    EXPECT_THAT(result.err, Not(HasSubstr("could not be written"))) << command;
  }
  EXPECT_EQ(shell(folder, "$K demo -q -o jsonl | head -1").code, 0);
  shell(folder, "$K replay demo.log -q --stats-json stats | :");
  EXPECT_THAT(read_file(folder.path("stats")), HasSubstr("\"exit_code\":141"));
}

// Else a log or a result file would be opened under the number of standard output.
TEST(Results, WhatIsReadIsNotOverwritten) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  for (const char* command : {"replay . --stats-json demo.log", "replay demo.log --bad-lines ./demo.log",
                              "replay demo.log --stats-json link", "baseline build demo.log -o demo.log"}) {
    const Result result = shell(folder, std::string("ln -sf demo.log link; $K ") + command);
    EXPECT_EQ(result.code, 2) << command;
    EXPECT_THAT(result.err, HasSubstr("is one of the files to read"));
    EXPECT_EQ(read_file(folder.path("demo.log")), demo_events()) << command;
  }
  EXPECT_EQ(shell(folder, "$K replay demo.log -q --stats-json x --bad-lines x").code, 2);
}

TEST(Results, WhatARunPrintsIsNotReadByIt) {
  const Folder folder;
  std::filesystem::create_directory(folder.path("case"));
  folder.write("case/demo.log", demo_events());
  const Result result = shell(folder, "cd case; $K replay . -o jsonl >alerts.jsonl");
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("./alerts.jsonl: left out: what this run prints goes there"));
  EXPECT_THAT(result.err, Not(HasSubstr("bad lines")));
  EXPECT_EQ(shell(folder, "cd case; rm alerts.jsonl; $K replay . --strict >out 2>err").code, 0);
}

// All of them stand open at once: each begins before the first one ends.
TEST(Results, ManyOverlappingLogsAreMoreThanTheDescriptorsOfAShell) {
  const Folder folder;
  std::filesystem::create_directory(folder.path("logs"));
  const std::string events = demo_events().substr(0, demo_events().find('\n', 200'000) + 1);
  for (int i = 0; i < 60; ++i) folder.write("logs/" + std::to_string(i) + "x.log", events);
  const Result result = shell(folder, "ulimit -Sn 40; $K replay logs --batch-kib 64");
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("read  60 files"));
}

TEST(Results, RightsOfDevicesAndOfForeignFoldersStay) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  const auto mode_of = [&](const std::string& name) {
    struct stat info {};
    return ::stat(folder.path(name).c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  };
  const std::string shared = "mkdir shared; touch shared/file file; chmod 1777 shared; chmod 644 file; ";
  EXPECT_EQ(shell(folder, shared + "$K replay demo.log -q --evidence shared").code, 2);
  EXPECT_EQ(mode_of("shared"), 01777u);
  const Result file = shell(folder, "$K replay demo.log -q --evidence file");
  EXPECT_EQ(file.code, 2);
  EXPECT_THAT(file.err, HasSubstr("there is a file of this name"));
  EXPECT_EQ(mode_of("file"), 0644u);
  // A pipe stands for /dev/null, which no test should touch.
  EXPECT_EQ(shell(folder, "mkfifo -m 666 pipe; cat pipe & $K replay demo.log -q --stats-json pipe; wait").code, 0);
  EXPECT_EQ(mode_of("pipe"), 0666u);
}

TEST(Results, ClosedStandardStreamsAreNotTakenByFiles) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  EXPECT_EQ(shell(folder, "$K replay demo.log -q --stats-json stats >&-").code, 3);
  EXPECT_TRUE(read_file(folder.path("stats")).starts_with("{\"schema\":"));
  EXPECT_EQ(shell(folder, "$K replay demo.log 2>&-").code, 0);
  EXPECT_EQ(shell(folder, "$K replay - <&-").code, 3);
}

TEST(Results, APathThatIsNotThereIsInTheStatistics) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  const Result result = shell(folder, "$K replay demo.log missing.log --stats-json stats --fail-on high");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("NOT READ  missing.log: no such file"));
  EXPECT_THAT(read_file(folder.path("stats")), HasSubstr("\"unreadable_paths\":[\"missing.log: no such file"));
  EXPECT_THAT(read_file(folder.path("stats")), HasSubstr("\"exit_code\":3"));
  EXPECT_EQ(shell(folder, "$K replay missing.log --stats-json none").code, 3);
  EXPECT_THAT(read_file(folder.path("none")), HasSubstr("\"unreadable_paths\":[\"missing.log: no such file"));
}

TEST(Results, EvidenceIsPrivateAndHoldsTheRawRecords) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  const Result result = run({"replay", folder.path("demo.log"), "--min-level", "high", "--evidence",
                             folder.path("evidence"), "--bad-lines", folder.path("bad.txt")});
  EXPECT_EQ(result.code, 0) << result.err;
  struct stat info {};
  ASSERT_EQ(::stat(folder.path("evidence").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(folder.path("evidence/manifest.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(read_file(folder.path("evidence/manifest.json")), Not(HasSubstr("\"found\":false")));
  ASSERT_EQ(::stat(folder.path("bad.txt").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Results, EvidenceHoldsEveryEventOfEveryAlertByteForByte) {
  const Folder folder;
  const std::string log = demo_events();
  folder.write("demo.log", log);
  EXPECT_EQ(shell(folder, "$K replay demo.log -q --evidence evidence").code, 0);
  const std::string manifest = read_file(folder.path("evidence/manifest.json"));
  size_t events = 0;
  for (size_t at = manifest.find("\"offset\":"); at != manifest.npos;
       at = manifest.find("\"offset\":", at + 1), ++events) {
    const size_t offset = std::stoul(manifest.substr(at + 9));
    const size_t name = manifest.rfind("\"records\":\"", at) + 11;
    const std::string records =
        read_file(folder.path("evidence/" + manifest.substr(name, manifest.find('"', name) - name)));
    EXPECT_THAT(records, HasSubstr(log.substr(offset, log.find('\n', offset) + 1 - offset)));
  }
  EXPECT_GT(events, 30u);
}

TEST(Results, EvidenceOfTwoRunsIsNotMixed) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  EXPECT_EQ(shell(folder, "mkdir evidence; $K replay demo.log -q --evidence evidence").code, 0)
      << "an empty one will do";
  const Result again = shell(folder, "$K replay demo.log -q --evidence evidence");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("evidence: the folder is not empty"));
  EXPECT_EQ(again.out, "");
}

TEST(Results, ABaselineOfLessThanAllSaysSo) {
  const Folder folder;
  folder.write("demo.log", demo_events() + "{torn\n");
  const Result result = shell(folder, "gzip -kc demo.log | head -c 100000 >cut.gz; $K baseline build . -o usual.kvb");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("not read as a whole: ./cut.gz: the file ends inside compressed member 1"));
  EXPECT_THAT(result.err, HasSubstr("bad lines were left out, the first: ./"));
}

TEST(Results, BaselineErrorsNameTheFile) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  ASSERT_EQ(shell(folder, "$K baseline build demo.log -o usual.kvb").code, 0);
  folder.write("empty.kvb", "");
  folder.write("cut.kvb", read_file(folder.path("usual.kvb")).substr(0, 200));
  folder.write("later.kvb", "KVBASE07" + read_file(folder.path("usual.kvb")).substr(8));
  const std::vector<std::pair<std::string, std::string>> table = {
      {"empty.kvb", "the file is empty"},
      {"cut.kvb", "cut off or was changed"},
      {"later.kvb", "of format 07, and kubevigil here reads"},
      {"demo.log", "it begins with"},
      {"/", "Is a directory"}};
  for (const auto& [file, words] : table) {
    const Result result = shell(folder, "$K replay demo.log --baseline " + file);
    EXPECT_EQ(result.code, 2) << file;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, testing::AllOf(HasSubstr("--baseline"), HasSubstr(file), HasSubstr(words)));
  }
  EXPECT_EQ(shell(folder, "$K replay demo.log --baseline usual.kvb").code, 0);
}

TEST(Results, TheKeyOfRedactionComesFromAFile) {
  const Folder folder;
  folder.write(
      "event.json",
      R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","verb":"create",)"
      R"("level":"Request","requestURI":"/x","objectRef":{"resource":"secrets"},"requestObject":{"kind":"Secret",)"
      R"("data":{"p":"hunter2"}},"stageTimestamp":"2026-01-01T00:00:00Z"})");
  folder.write("rule.yaml", R"(title: t
id: aaaaaaaa-1111-4111-8111-111111111111
name: written
logsource: {product: kubernetes, service: audit}
level: high
detection: {sel: {verb: create, requestObject.data.p: "*"}, condition: sel}
kubevigil: {message: "{requestObject.data.p}"}
)");
  folder.write("a.key", "0123456789abcdef");
  folder.write("b.key", "0123456789abcdeF");
  folder.write("short.key", "0123456789abcde");
  const auto mark = [&](const std::string& flags) {
    const std::string out = shell(folder, "$K replay event.json -q --no-builtin --rules rule.yaml " + flags).out;
    const size_t at = out.find("redacted(sha256:");
    return at == out.npos ? out : out.substr(at, 26);
  };
  EXPECT_THAT(mark(""), HasSubstr("redacted(sha256:"));
  EXPECT_NE(mark("--redact-key-file a.key"), mark(""));
  EXPECT_NE(mark("--redact-key-file a.key"), mark("--redact-key-file b.key"));
  EXPECT_EQ(mark("--redact-key-file a.key"), mark("--redact-key-file a.key"));
  EXPECT_THAT(
      shell(folder, "$K rules explain written --rules rule.yaml --event event.json --redact-key-file a.key").out,
      HasSubstr(mark("--redact-key-file a.key")));
  for (const char* file : {"short.key", "missing.key"}) {
    const Result result = shell(folder, std::string("$K replay event.json --redact-key-file ") + file);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.err, HasSubstr(file));
  }
}

}  // namespace
}  // namespace kubevigil::e2e
