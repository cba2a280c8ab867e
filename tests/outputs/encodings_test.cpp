#include <gtest/gtest.h>

#include "engine/base/terminal.h"
#include "engine/run/framing.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

Alert sample() {
  Alert a;
  a.id = "id-1";
  a.time = a.first_seen = a.last_seen = *parse_rfc3339("2026-01-02T03:04:05Z");
  a.count = 3;
  a.rule_name = "pod_exec";
  a.rule_title = "Exec into a pod";
  a.level = Level::High;
  a.message = "alice opened a shell";
  a.actor.username = "alice";
  a.source.peer_ip = "203.0.113.7";
  a.request.verb = "create";
  a.target = {"", "pods", "exec", "prod", "web-0", ""};
  return a;
}

std::string encoded(std::string_view name, const std::vector<Alert>& alerts, const EncodingOptions& options = {}) {
  const auto encoding = make_encoding(name, options);
  std::string out;
  DocumentWriter document(*encoding);
  for (const Alert& alert : alerts) document.alert(alert, out);
  document.end(out);
  return out;
}

TEST(Encodings, RegistryNamesAreUniqueAndMake) {
  for (const EncodingRow& row : encodings()) EXPECT_NE(make_encoding(row.name, {}), nullptr) << row.name;
  EXPECT_EQ(make_encoding("xml", {}), nullptr);
}

TEST(Encodings, Jsonl) {
  EXPECT_EQ(encoded("jsonl", {}), "");
  EXPECT_EQ(encoded("jsonl", {sample(), sample()}), to_json(sample()) + "\n" + to_json(sample()) + "\n");
}

TEST(Encodings, JsonArray) {
  EXPECT_EQ(encoded("json", {}), "[]\n");
  EXPECT_EQ(encoded("json", {sample(), sample()}), "[\n" + to_json(sample()) + ",\n" + to_json(sample()) + "\n]\n");
}

TEST(Encodings, TableIsReadableAndWithoutTrailingBlanks) {
  EXPECT_EQ(encoded("table", {}), "No alerts.\n");
  EXPECT_EQ(encoded("table", {sample()}),
            "LEVEL    TIME (UTC)          RULE                                    "
            "ACTOR                                                       TARGET\n"
            "high     2026-01-02 03:04:05 pod_exec                                "
            "alice 203.0.113.7                                           create pods/exec prod/web-0\n"
            "  alice opened a shell (3 times)\n");
}

TEST(Encodings, ColumnsFollowTheWidth) {
  Alert alert = sample();
  alert.rule_name = "permission_enumeration_first";
  alert.level = Level::Informational;
  EXPECT_EQ(encoded("table", {alert}, {false, 80}),
            "LEVEL    TIME (UTC)          RULE\n"
            "  ACTOR  ->  TARGET\n"
            "info     2026-01-02 03:04:05 permission_enumeration_first\n"
            "  alice 203.0.113.7  ->  create pods/exec prod/web-0\n"
            "  alice opened a shell (3 times)\n");
  for (const size_t width : {120u, 200u}) {
    const std::string out = encoded("table", {alert}, {false, width});
    EXPECT_NE(out.find("info     2026-01-02 03:04:05 permission_enumeration_first "), std::string::npos) << out;
    EXPECT_NE(out.find("create pods/exec prod/web-0\n"), std::string::npos) << out;
  }
}

TEST(Encodings, NothingIsCutWhereThereIsNoTerminal) {
  Alert alert = sample();
  alert.rule_name = std::string(80, 'r');
  alert.actor.username = std::string(120, 'u');
  const std::string out = encoded("table", {alert});
  EXPECT_NE(out.find(alert.rule_name + " " + alert.actor.username + " 203.0.113.7 create"), std::string::npos) << out;
}

TEST(Encodings, LongMessagesAreBrokenAtBlanks) {
  Alert alert = sample();
  alert.count = 1;
  alert.message = "first words of a message that goes on for longer than the terminal is wide, and says more";
  const std::string out = encoded("table", {alert}, {false, 60});
  EXPECT_NE(
      out.find("  first words of a message that goes on for longer than the\n  terminal is wide, and says more\n"),
      std::string::npos)
      << out;
}

TEST(Encodings, TableKeepsToTheWidth) {
  Alert alert = sample();
  alert.message = std::string(500, 'x') + "\xE6\x97\xA5";
  alert.rule_name = std::string(90, 'r');
  alert.actor.username = std::string(90, 'u');
  for (const size_t width : {60u, 80u, 99u, 100u, 120u, 200u}) {
    for (const bool color : {false, true}) {
      const std::string out = encoded("table", {alert, alert}, {color, width});
      for (size_t begin = 0; begin < out.size();) {
        const size_t end = out.find('\n', begin);
        EXPECT_LE(display_width(std::string_view(out).substr(begin, end - begin)), width);
        begin = end + 1;
      }
      EXPECT_EQ(out.find('\x1b') != std::string::npos, color);
    }
  }
}

TEST(Encodings, HostileTextDoesNotReachTheTerminal) {
  Alert alert = sample();
  alert.actor.username = "evil\x1b]0;owned\x07\xE2\x80\xAE\n";
  alert.message = "line\r\nbreak\x1b[2J";
  const std::string out = encoded("table", {alert}, {false, 200});
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find('\x07'), std::string::npos);
  EXPECT_EQ(out.find('\r'), std::string::npos);
  EXPECT_EQ(out.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3);
}

TEST(Encodings, CsvFormulasInEverySpellingAreDefused) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "  \xC2\xA0 =1",
                           "\xEF\xBC\x9D"
                           "1",
                           "\xEF\xBC\x8B"
                           "1"}) {
    Alert alert = sample();
    alert.target.name = text;
    EXPECT_NE(encoded("csv", {alert}).find("\"'"), std::string::npos) << text;
  }
  for (const char* text : {"", " ", "web-0", "a=1", " a"}) {
    Alert alert = sample();
    alert.target.name = text;
    EXPECT_EQ(encoded("csv", {alert}).find("\"'"), std::string::npos) << text;
  }
}

TEST(Encodings, CsvCellsAreQuotedAndFormulasDefused) {
  Alert alert = sample();
  alert.actor.username = "=HYPERLINK(\"http://evil\")";
  alert.target.name = "+1";
  alert.message = "a,b\nc";
  const std::string out = encoded("csv", {alert});
  EXPECT_NE(out.find(R"x("'=HYPERLINK(""http://evil"")")x"), std::string::npos);
  EXPECT_NE(out.find("\"'+1\""), std::string::npos);
  EXPECT_NE(out.find("\"a,b\\x0ac\""), std::string::npos);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  // As many cells as the header names.
  const std::string header = encoded("csv", {});
  const std::string plain = encoded("csv", {sample()}).substr(header.size());
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(plain.begin(), plain.end(), ','));
}

}  // namespace
}  // namespace kubevigil
