// The command line as a contract: help, exit codes, colours, pipes, files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/program.h"
#include "tests/support/compress.h"
#include "tests/support/json_schema.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Cli, HelpHasExamplesEverywhere) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{},
                                                  {"replay"},
                                                  {"rules"},
                                                  {"rules", "list"},
                                                  {"rules", "check"},
                                                  {"rules", "test"},
                                                  {"rules", "show"},
                                                  {"rules", "explain"},
                                                  {"rules", "fields"},
                                                  {"baseline"},
                                                  {"baseline", "build"},
                                                  {"demo"},
                                                  {"schema"},
                                                  {"completion"},
                                                  {"version"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("Example"));
    EXPECT_EQ(result.err, "");
  }
}

TEST(Cli, WrongUsageExits2AndSaysWhyOnStandardError) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"nonsense"},
                                                       {"replay"},
                                                       {"replay", "-", "--no-such-flag"},
                                                       {"replay", "-", "-o", "xml"},
                                                       {"replay", "-", "--from", "yesterday"},
                                                       {"replay", "-", "--from", "2026-01-02", "--to", "2026-01-01"},
                                                       {"replay", "-", "--warm-up", "24h"},
                                                       {"replay", "-", "--threads", "0"},
                                                       {"replay", "-", "--evidence", "x"},
                                                       {"replay", "-", "--rules", "/no/such/file"},
                                                       {"replay", "-", "--no-builtin"},
                                                       {"rules"},
                                                       {"rules", "show", "no_such_rule"},
                                                       {"schema", "nonsense"},
                                                       {"completion", "powershell"},
                                                       {"replay", "-", "--trusted-proxy", "10.0.0.0/33"},
                                                       {"replay", "-", "--baseline", "/no/such/file"}};
  for (const auto& arguments : wrong) {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 2) << testing::PrintToString(arguments) << result.err;
    EXPECT_EQ(result.out, "") << testing::PrintToString(arguments);
    EXPECT_NE(result.err, "");
  }
}

TEST(Cli, WrongWordsAreNamedWithWhatWasPerhapsMeant) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> table = {
      {{"bogus"}, "kubevigil has no subcommand \"bogus\": there are replay, serve, rules,"},
      {{"rulez"}, "kubevigil has no subcommand \"rulez\": did you mean rules?"},
      {{"rules", "lst"}, "kubevigil rules has no subcommand \"lst\": did you mean list? (see kubevigil rules --help)"},
      {{"rules"}, "kubevigil rules needs a subcommand: list,"},
      {{}, "kubevigil needs a subcommand: replay,"},
      {{"--color", "never", "bogus"}, "no subcommand \"bogus\""},
      {{"replay", "-", "--form", "-2h"}, "kubevigil replay has no option --form: did you mean --from?"},
      {{"replay", "--from", "-2h", "-", "--stats=x"}, "kubevigil replay has no option --stats"},
      {{"demo", "--evnts"}, "did you mean --events?"},
      {{"baseline", "build", "x"}, "--output is required (see kubevigil baseline build --help)"},
      {{"b\x1b[2J"}, "b\\x1b[2J"}};
  for (const auto& [arguments, words] : table) {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.err, HasSubstr(words)) << testing::PrintToString(arguments);
  }
}

TEST(Cli, NoEventAtAllIsSaidLoudly) {
  const Folder folder;
  const std::string log = folder.write("other.log", "one line\nand another\n");
  for (const auto& [path, code] : {std::pair(log, 3), {folder.write("empty.log", ""), 0}}) {
    const Result none = run({"replay", path});
    EXPECT_THAT(none.err, HasSubstr("no audit event was found: this says nothing about the cluster"));
    EXPECT_EQ(none.code, code) << "a log of other things is unreadable input, an empty one is read";
  }
  const std::string events = folder.write("events.log", demo_events());
  for (const std::vector<std::string>& range :
       {std::vector<std::string>{"--from", "2040-01-01"}, {"--to", "2001-01-01"}}) {
    EXPECT_THAT(run({"replay", events, range[0], range[1]}).err, HasSubstr("no event lies between --from and --to"));
  }
  EXPECT_THAT(run({"replay", events, "--from", "2026-03-02T12:00Z"}).err, Not(HasSubstr("NOTHING SEEN")));
}

TEST(Cli, ANewestFirstLogIsSaidLoudlyAndExits3) {
  const Folder folder;
  std::string reversed;
  const std::string events = demo_events();
  for (size_t end = events.size(); end > 0;) {
    const size_t begin = end < 2 ? 0 : events.rfind('\n', end - 2) + 1;
    reversed += events.substr(begin, end - begin);
    end = begin;
  }
  const Result result = run({"replay", folder.write("reversed.log", reversed)});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("NEWEST FIRST"));
}

TEST(Cli, UnreadableInputExits3) {
  EXPECT_EQ(run({"replay", "/no/such/file"}).code, 3);
  const Folder folder;
  folder.write("good.log", demo_events());
  const Result both = run({"replay", folder.path("good.log"), folder.path("missing.log")});
  EXPECT_EQ(both.code, 3);
  EXPECT_NE(both.out, "") << "what could be read gives its alerts";
}

TEST(Cli, TruncatedGzipGivesAllBeforeTheCutAndExits3) {
  const Folder folder;
  const std::string whole = test::gzip(demo_events());
  folder.write("whole.gz", whole);
  folder.write("cut.gz", whole.substr(0, whole.size() - 100));
  EXPECT_EQ(run({"replay", folder.path("whole.gz")}).code, 0);
  const Result cut = run({"replay", folder.path("cut.gz"), "--stats-json", folder.path("stats.json")});
  EXPECT_EQ(cut.code, 3);
  EXPECT_THAT(cut.out, HasSubstr("miner_command"));
  EXPECT_THAT(read_file(folder.path("stats.json")), HasSubstr("\"problem\":"));
}

TEST(Cli, SameBytesForAnyThreadsAndBatches) {
  const Folder folder;
  folder.write("demo.log", demo_events());
  const Result first = run({"replay", folder.path("demo.log"), "-o", "jsonl", "--threads", "1"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_GT(std::count(first.out.begin(), first.out.end(), '\n'), 5);
  for (const char* threads : {"1", "2", "3", "8"}) {
    for (const char* batch : {"1", "37", "1024"}) {
      const Result other =
          run({"replay", folder.path("demo.log"), "-o", "jsonl", "--threads", threads, "--batch-kib", batch});
      EXPECT_EQ(other.out, first.out) << threads << " threads, " << batch << " KiB";
    }
  }
}

TEST(Cli, PodsJoinTheAlertOnTheirWorkloadWhichNamesItsAuthor) {
  const std::string alerts = run({"demo", "--benign", "-o", "jsonl"}).out;
  const size_t found = alerts.find("privileged container in DaemonSet kube-system/cilium");
  ASSERT_NE(found, alerts.npos) << alerts;
  const size_t begin = alerts.rfind('\n', found) + 1;
  const std::string alert = alerts.substr(begin, alerts.find('\n', found) - begin);
  EXPECT_THAT(alert, HasSubstr(R"("count":7,)")) << "the DaemonSet and six pods";
  EXPECT_THAT(alert, HasSubstr(R"("actor":{"username":"platform@example.com")"));
}

TEST(Cli, EveryAlertFollowsThePublishedSchema) {
  const std::string schema = run({"schema", "alert"}).out;
  const std::string alerts = run({"demo", "-o", "jsonl"}).out;
  size_t checked = 0;
  for (size_t begin = 0; begin < alerts.size(); ++checked) {
    const size_t end = alerts.find('\n', begin);
    EXPECT_THAT(test::schema_problems(schema, alerts.substr(begin, end - begin)), testing::IsEmpty());
    begin = end + 1;
  }
  EXPECT_GT(checked, 5u);
}

TEST(Cli, ColourOnlyWhereAskedFor) {
  EXPECT_THAT(run({"demo"}).out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(run({"demo", "--color", "always"}).out, HasSubstr("\x1b["));
  EXPECT_THAT(run({"demo", "--color", "always"}, "", {"NO_COLOR=1"}).out, HasSubstr("\x1b["));
  EXPECT_THAT(run({"demo", "--color", "auto"}, "", {"NO_COLOR=1"}).out, Not(HasSubstr("\x1b[")));
}

TEST(Cli, GatesAndFilters) {
  EXPECT_EQ(run({"demo", "--fail-on", "high"}).code, 1);
  EXPECT_EQ(run({"demo", "--benign", "--fail-on", "high"}).code, 0);
  const std::string high = run({"demo", "-o", "jsonl", "--min-level", "high"}).out;
  EXPECT_THAT(high, HasSubstr("},\"level\":\"high\""));
  EXPECT_THAT(high, Not(HasSubstr("},\"level\":\"low\""))) << "of an alert; hits of a chain may have it";
  EXPECT_THAT(run({"demo", "--min-level", "high"}).err, HasSubstr("; 9 printed (--min-level high)"));
  EXPECT_EQ(run({"demo", "-q"}).err, "");
  EXPECT_TRUE(run({"demo", "-q"}).out.starts_with("LEVEL")) << "a table, as its help says";
  EXPECT_THAT(run({"demo", "--help"}).out, Not(HasSubstr("else jsonl")));
}

TEST(Cli, StandardInputAndTheSummary) {
  const Result result = run({"replay", "-", "-o", "jsonl"}, demo_events());
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("ALERTS"));
  EXPECT_THAT(result.err, HasSubstr("NOT EVALUABLE"));
  const Result empty = run({"replay", "-", "-o", "jsonl"}, "");
  EXPECT_EQ(empty.code, 0);
  EXPECT_EQ(empty.out, "");
}

// What a shell makes of `kubevigil replay <(zstdcat old.zst)`.
TEST(Cli, APipeThatIsNamedIsRead) {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string expected = run({"replay", "-", "-o", "csv"}, demo_events()).out;
  const pid_t writer = ::fork();
  if (writer == 0) {
    const int fd = ::open(pipe.c_str(), O_WRONLY);
    const std::string text = demo_events();
    for (size_t at = 0; at < text.size();) {
      const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
      if (n <= 0) ::_exit(1);
      at += static_cast<size_t>(n);
    }
    ::_exit(0);
  }
  const Result result = run({"replay", pipe, "-o", "csv", "--from", "2026-01-01"});
  ::waitpid(writer, nullptr, 0);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), std::count(expected.begin(), expected.end(), '\n'));
  EXPECT_EQ(run({"replay", pipe, "--evidence", folder.path("e")}).code, 2) << "refused before anything is read";
  EXPECT_EQ(run({"replay", folder.path()}).code, 3) << "a pipe in a directory is not waited for";
}

TEST(Cli, StrictStopsAtTheFirstBadLine) {
  const std::string bad = "{\"kind\":\"Event\",\n" + demo_events();
  EXPECT_EQ(run({"replay", "-"}, bad).code, 0);
  const Result strict = run({"replay", "-", "--strict"}, bad);
  EXPECT_EQ(strict.code, 3);
  EXPECT_THAT(strict.err, HasSubstr("--strict: stopped at the first bad line, -:1:0 torn: "));
}

// The signal is sent only after the program has shown that it runs: it has said its first progress line.
TEST(Cli, InterruptPrintsWhatWasFoundAndExits130) {
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    int input[2], error[2];
    ASSERT_EQ(::pipe(input), 0);
    ASSERT_EQ(::pipe(error), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(input[0], 0);
      ::dup2(error[1], 2);
      for (const int fd : {input[0], input[1], error[0], error[1]}) ::close(fd);
      ::close(1);
      ::open("/dev/null", 1);
      ::execl(KUBEVIGIL_BINARY, "kubevigil", "replay", "-", "--progress", "json", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(error[1]);
    const std::string first = demo_events().substr(0, 400'000);
    ASSERT_EQ(::write(input[1], first.data(), first.size()), static_cast<ssize_t>(first.size()));
    char byte = 0;
    ASSERT_EQ(::read(error[0], &byte, 1), 1) << "no progress line came";
    ::kill(child, signal);
    std::string rest;
    while (::read(error[0], &byte, 1) == 1) rest += byte;  // until the program ends; its input never does
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), code) << rest;
    EXPECT_THAT(rest, HasSubstr("interrupted"));
    ::close(input[1]);
    ::close(error[0]);
  }
}

}  // namespace
}  // namespace kubevigil::e2e
