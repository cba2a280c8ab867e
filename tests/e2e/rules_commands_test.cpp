// `kubevigil rules ...` as people use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/source_file.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RulesCommands, EachAnswers) {
  EXPECT_THAT(run({"rules", "list"}).out, HasSubstr("pod_exec"));
  EXPECT_THAT(run({"rules", "list", "-o", "json"}).out, HasSubstr("\"schema\":\"kubevigil.rules/v1\""));
  EXPECT_THAT(run({"rules", "show", "pod_exec"}).out, HasSubstr("needs level"));
  EXPECT_THAT(run({"rules", "fields", "-o", "markdown"}).out, HasSubstr("| `verb` |"));
  const Folder folder;
  folder.write("broken.yaml", "title: [");
  EXPECT_EQ(run({"rules", "check", folder.path("broken.yaml")}).code, 1);
  EXPECT_EQ(run({"rules", "check"}).code, 0);
}

TEST(RulesCommands, NamesMayBeWrittenWithDashes) {
  EXPECT_THAT(run({"rules", "show", "pod-exec"}).out, HasSubstr("name           pod_exec\n"));
  EXPECT_THAT(run({"rules", "show", "pod-exce"}).err, HasSubstr("did you mean pod_exec?"));
}

TEST(RulesCommands, APresetNarrowsTheBuiltInRules) {
  const Folder folder;
  folder.write("mine.yaml",
               "title: Mine\nname: mine\nid: 0fcbfd1f-3f68-4d0b-8a0c-0d5a1ee5a0c1\n"
               "logsource: {product: kubernetes, service: audit}\nkubevigil: {preset: all}\n"
               "detection: {selection: {verb: list}, condition: selection}\n");
  const Result core = run({"rules", "list", "--preset", "core", "-o", "json", "--rules", folder.path()});
  EXPECT_THAT(core.out, HasSubstr("\"preset\":\"core\""));
  EXPECT_THAT(core.out, HasSubstr("\"preset\":\"own\""));
  EXPECT_THAT(core.out, Not(testing::ContainsRegex(R"("preset":"extended","[^}]*"alerts":true)")))
      << "only what is read";
  EXPECT_THAT(run({"rules", "list", "--preset", "cor"}).err, HasSubstr("core,extended,all"));
  const Result replayed = run({"demo", "--preset", "core", "-o", "jsonl"});
  EXPECT_THAT(replayed.err, HasSubstr("preset  core: "));
  EXPECT_THAT(run({"demo", "--no-builtin", "--rules", folder.path()}).err, Not(HasSubstr("preset")));
}

TEST(RulesCommands, PagesAreOfTheRulesThatAreLoaded) {
  const Folder folder;
  folder.write("mine.yaml",
               "title: Mine\nname: mine\nid: 0fcbfd1f-3f68-4d0b-8a0c-0d5a1ee5a0c1\ntags: [attack.t1613]\n"
               "logsource: {product: kubernetes, service: audit}\n"
               "detection: {selection: {verb: list}, condition: selection}\n");
  const std::vector<std::string> own = {"--no-builtin", "--rules", folder.path()};
  const auto page = [&](const std::string& name) { return run({"rules", name, own[0], own[1], own[2]}).out; };
  EXPECT_THAT(page("catalogue"), HasSubstr("## your own\n"));
  EXPECT_THAT(page("catalogue"), HasSubstr("| `mine` | Mine | medium | T1613 | Metadata |  | own |"));
  EXPECT_THAT(page("navigator"),
              HasSubstr("{\"techniqueID\":\"T1613\",\"enabled\":true,\"score\":1,\"comment\":\"mine\"}"));
  EXPECT_THAT(run({"rules", "coverage"}).out, HasSubstr("| A9 | "));
}

TEST(RulesCommands, AnOverlaySaysWhatItChanges) {
  const Folder folder;
  const std::string overlay = folder.write("overlay.yaml",
                                           "disable: [{rule: pod_exec, owner: platform, reason: from the bastion "
                                           "only}]\nlists: {miner_words: {add: [x]}}\n");
  const Result list = run({"rules", "list", "--rules", overlay});
  EXPECT_THAT(list.err, HasSubstr("overlay.yaml: 1 disabled, 1 list changed\n"));
  EXPECT_THAT(list.out, HasSubstr("(disabled by an overlay)"));
  const std::string sheet = run({"rules", "show", "pod_exec", "--rules", folder.path()}).out;
  EXPECT_THAT(sheet, HasSubstr("changed here   disabled by platform: from the bastion only ("));
  EXPECT_THAT(sheet, HasSubstr("preset         none: an overlay disabled it\n"));
  const Result out = run({"rules", "show", "pod-exec", "--preset", "all", "--rules", folder.path()});
  EXPECT_EQ(out.code, 2);
  EXPECT_THAT(out.err, HasSubstr("an overlay took \"pod_exec\" out: disabled by platform: from the bastion only ("));
  EXPECT_EQ(run({"rules", "check", folder.path()}).code, 0);
  folder.write("overlay.yaml", "disable: [{rule: pod_exce, owner: platform, reason: x}]\n");
  const Result check = run({"rules", "check", folder.path()});
  EXPECT_EQ(check.code, 1);
  EXPECT_THAT(check.out, HasSubstr("did you mean \"pod_exec\"?"));
  folder.write("overlay.yaml", "lists: {miner_words: {add: [[a, b]]}}\n");
  const Result wide = run({"rules", "check", folder.path()});
  EXPECT_EQ(wide.code, 1);
  EXPECT_THAT(wide.out, HasSubstr("overlay.yaml:1:"));
  EXPECT_THAT(wide.out, HasSubstr("[a, b] is a tuple of 2 values"));
}

TEST(RulesCommands, ABrokenRuleIsSaidInOneLine) {
  const Folder folder;
  folder.write("rule.yaml", read_file(test::source_file("detections/pods/privileged_pod.yaml")));
  folder.write("broken.yaml", "title: [\n");
  const Result result = run({"rules", "list", "--rules", folder.path()});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rule.yaml:1: "));
  EXPECT_THAT(result.err, HasSubstr("broken.yaml:"));
}

TEST(RulesCommands, ACopyOfABuiltInRuleIsTestedInItsPlace) {
  const Folder folder;
  const std::string source = test::source_file("detections/pods/");
  for (const char* name : {"runtime_socket.yaml", "runtime_socket.test.yaml"}) {
    folder.write(name, read_file(source + name));
  }
  const Result result = run({"rules", "test", folder.path()});
  EXPECT_EQ(result.code, 0) << result.err << result.out;
  EXPECT_THAT(result.err, HasSubstr("left out: runtime_socket_mounted"));
}

TEST(RulesCommands, ShowKeepsTheLinesOfADescription) {
  EXPECT_THAT(run({"rules", "show", "privileged_pod_created"}).out, Not(HasSubstr("\\x0a")));
  EXPECT_THAT(run({"rules", "show", "privileged_pod_created"}).out,
              HasSubstr("\ndescription    A pod, or the template of a workload"));
}

TEST(RulesCommands, ExplainIsReadable) {
  const std::string events = demo_events();
  const size_t found = events.rfind("\"resource\":\"daemonsets\"", events.find("stratum+tcp"));
  const size_t begin = events.rfind('\n', found) + 1;
  const std::string event = events.substr(begin, events.find('\n', begin) + 1 - begin);
  const Result result = run({"rules", "explain", "miner_command", "--event", "-"}, event);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("some element of podSpec.allContainers (1 element)\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("was: nothing")));
  EXPECT_EQ(result.err, "");
}

TEST(RulesCommands, ExplainNamesTheFilter) {
  const std::string events = demo_events();
  const size_t found = events.find("\"resource\":\"secrets\"");
  ASSERT_NE(found, events.npos);
  const size_t begin = events.rfind('\n', found) + 1;
  const std::string event = events.substr(begin, events.find('\n', begin) + 1 - begin);
  const Result result = run({"rules", "explain", "secret_read", "--event", "-"}, event);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("filter known_secret_readers: not\n"));
  EXPECT_THAT(result.out, Not(HasSubstr(" readers:")));
}

TEST(RulesCommands, ExplainSaysWhatIsNotJudgedAndWhatIsDead) {
  const Folder folder;
  const std::string rules =
      folder.write("dead.yaml",
                   "title: Dead\nname: dead\nid: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a51\nlogsource: {product: "
                   "kubernetes, service: audit}\n"
                   "detection: {s: {hostPath: x}, condition: s}\n");
  const std::string event =
      R"({"kind":"Event","auditID":"a","level":"Metadata","stage":"RequestReceived","verb":"get","user":{"username":"u"}})"
      "\n";
  const Result dead = run({"rules", "explain", "dead", "--rules", rules, "--event", "-"}, event);
  EXPECT_THAT(dead.out, HasSubstr("  dead: no field \"hostPath\"\n"));
  EXPECT_THAT(dead.out, HasSubstr("  not judged: the rule names no stage"));
  EXPECT_THAT(run({"rules", "explain", "pod_exec", "--event", "-", "-o", "json"}, event).out,
              HasSubstr(R"("stage":"RequestReceived","judged":false)"));
}

// The event that something should have followed is long gone when time is up; who it was stands in the group key.
TEST(RulesCommands, AbsenceAlertsNameTheActorBehindAnAlias) {
  const Folder folder;
  const std::string source = "\nlogsource: {product: kubernetes, service: audit}\n";
  const std::string rules = folder.write(
      "absence.yaml", "title: Review\nname: review\nid: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a61" + source +
                          "detection: {s: {resource: subjectaccessreviews}, condition: s}\n---\n"
                          "title: Exec\nname: exec\nid: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a62" +
                          source +
                          "detection: {s: {resource: pods/exec}, condition: s}\n---\n"
                          "title: Exec behind the API server\nname: behind\nid: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7a63\n"
                          "correlation:\n  type: absence\n  rules: [review]\n  group-by: [who]\n  timespan: 2m\n"
                          "  aliases: {who: {review: requestObject.spec.user, exec: user.username}}\n"
                          "kubevigil: {absence: {expect: [exec], look-back: 2m}}\nlevel: high\n");
  const auto event = [](const std::string& id, const std::string& time, const std::string& more) {
    return R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":")" + id +
           R"(","level":"Request","stage":"ResponseComplete","stageTimestamp":"2026-01-02T)" + time + "Z\"," + more +
           "}\n";
  };
  const std::string review = R"("verb":"create","user":{"username":"system:node:n"},"objectRef":{"resource":)"
                             R"("subjectaccessreviews"},"requestObject":{"spec":{"user":"alice"}})";
  const std::string get = R"("verb":"get","user":{"username":"x"},"objectRef":{"resource":"pods","name":"p"})";
  const Result result = run({"replay", "-", "--rules", rules, "--no-builtin", "-q"},
                            event("a", "03:00:00", review) + event("b", "03:10:00", get) + event("c", "03:20:00", get));
  EXPECT_THAT(result.out, HasSubstr(R"("name":"behind")")) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("actor":{"username":"alice"})"));
  EXPECT_THAT(result.out, HasSubstr(R"("missing":["event"])"));
  EXPECT_THAT(result.out, HasSubstr(R"("offset":0,"line":1)"));
}

TEST(RulesCommands, RulePathsThatGiveNothingAreNamed) {
  EXPECT_THAT(run({"rules", "list", "--rules", "/no/such/file"}).err,
              HasSubstr("--rules /no/such/file: cannot be read"));
  EXPECT_THAT(run({"rules", "list", "--rules", "/no/such*"}).err, HasSubstr("--rules /no/such*: matches no file"));
}

// Exceptions to built-in rules are what people write first.
TEST(RulesCommands, CheckKnowsTheBuiltInRules) {
  const Folder folder;
  const std::string id = "id: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7b1";
  const auto filter = [&](const std::string& rule, const std::string& digit) {
    return "title: F\n" + id + digit + "\nlogsource: {product: kubernetes, service: audit}\nfilter:\n  rules: [" +
           rule +
           "]\n  selection: {user.username|cased: backup}\n  condition: selection\nkubevigil: {owner: o, reason: r}\n";
  };
  const std::string good =
      folder.write("good.yaml", filter("pod_exec", "1") + "---\ntitle: C\n" + id +
                                    "2\ncorrelation: {type: event_count, rules: [pod_exec], group-by: [user.username], "
                                    "timespan: 5m, condition: {gte: 2}}\n");
  const Result clean = run({"rules", "check", good});
  EXPECT_EQ(clean.code, 0) << clean.out;
  EXPECT_EQ(clean.out, "1 rule loaded, 0 dead, 0 documents skipped: 0 errors, 0 warnings, 0 notes\n");
  const std::string never = folder.write("never.yaml", filter("admin_bound_to_everyone", "3"));
  EXPECT_THAT(run({"rules", "check", never}).out, HasSubstr("allows no exceptions"));
  const std::string twice = folder.write(
      "twice.yaml",
      "title: P\nname: pod_exec\n" + id +
          "4\nlogsource: {product: kubernetes, service: audit}\ndetection: {s: {verb: get}, condition: s}\n");
  EXPECT_THAT(run({"rules", "check", twice}).out, HasSubstr("was given already at detections/"));
}

TEST(RulesCommands, FieldsInMarkdownHaveTheirValues) {
  EXPECT_THAT(run({"rules", "fields", "-o", "markdown"}).out,
              HasSubstr("One of: `Metadata`, `Request`, `RequestResponse` |\n"));
}

TEST(RulesCommands, TestFindsRulesAndCasesBesideEachOther) {
  const Folder folder;
  folder.write("a.yaml",
               "title: A\nname: a\nid: 0f3c8f1e-8b1f-4a52-9d6e-1c1f6f2f7b21\n"
               "logsource: {product: kubernetes, service: audit}\ndetection: {s: {verb: get}, condition: s}\n");
  folder.write("a.test.yaml",
               "cases:\n  - {name: c, events: [{user: u, verb: get, resource: pods, name: p}], expect: [{rule: a}]}\n");
  for (const char* path : {"a.yaml", "a.test.yaml", "*.yaml", ""}) {
    const Result result = run({"rules", "test", "--no-coverage", folder.path(path)});
    EXPECT_EQ(result.code, 0) << path << result.err;
    EXPECT_THAT(result.out, HasSubstr("1 of 1 cases passed")) << path;
  }
  const Result sheet = run({"rules", "show", "a", "--no-builtin", "--rules", folder.path("a.yaml")});
  EXPECT_THAT(sheet.out, HasSubstr("cases          c\n"));
  EXPECT_THAT(run({"rules", "test", folder.path("none.yaml")}).err, HasSubstr("none.yaml: cannot be read"));
}

TEST(RulesCommands, ExplainSaysOnceThatAFileHoldsNoEvent) {
  const Folder folder;
  const std::string path = folder.write("no.txt", "first\nsecond\nthird\n");
  const Result result = run({"rules", "explain", "pod_exec", "--event", path});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr(path + ":1: "));
  EXPECT_THAT(result.err, HasSubstr("and 2 more lines"));
}

}  // namespace
}  // namespace kubevigil::e2e
