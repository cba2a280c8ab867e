// Nothing is lost without a count. Records with a mark each, whole and broken, in all containers, glued, cut and mixed
// with junk: every mark that stands in the input must come out as an event's auditID or in the text of a bad record.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "engine/base/text.h"
#include "tests/support/event_text.h"
#include "tests/support/wrapped_event.h"

namespace kubevigil {
namespace {

using test::json_string;

// An input that grows piece by piece.
class Input {
 public:
  explicit Input(uint32_t seed) : random_(seed) {
    for (size_t n = 1 + pick(12); n > 0; --n) add();
  }

  std::string text;

 private:
  size_t pick(size_t n) { return static_cast<size_t>(random_() % n); }

  std::string event(bool kind = true) {
    return fmt::format(
        R"({{{}"level":"Metadata","auditID":"mark{:04}","stage":"ResponseComplete","verb":"get",)"
        R"("user":{{"username":"al\"ice"}},"sourceIPs":["10.0.0.1"],"stageTimestamp":"2024-05-01T10:00:00Z"}})",
        kind ? R"("kind":"Event","apiVersion":"audit.k8s.io/v1",)" : "", ++marks_);
  }
  std::string half() { return event().substr(0, 1 + pick(200)); }
  std::string line_end() {
    static const std::array<std::string, 6> kEnds = {
        "\n", "\r\n", "\n\n", std::string("\0\0\0", 3), "\n\xEF\xBB\xBF", "\n\x1E"};
    return kEnds[pick(kEnds.size())];
  }

  void add() {
    constexpr std::string_view kTime = "2024-05-01T10:00:00Z ";
    switch (pick(13)) {
      case 0:
        text += event() + event();
        break;
      case 1:
        text += half();
        break;
      case 2:
        text += half() + event();
        break;
      case 3:
        text += event().substr(pick(200)) + event();
        break;
      case 4:
        text += "[" + event() + ",\n" + event(false) + "]";
        break;
      case 5:
        text += R"({"kind":"EventList","items":[)" + event(false) + "," + event(false) + "]}";
        break;
      case 6:
        text += std::string(kTime) + "stdout F " + (pick(2) == 0 ? half() : "") + event();
        break;
      case 7:
        text += fmt::format(R"({{"log":{},"stream":"stdout","time":"2024-05-01T10:00:00Z"}})", json_string(event()));
        break;
      case 8:
        text += test::cloudwatch(event());
        break;
      case 9:
        text += fmt::format(R"({{"streams":[{{"stream":{{}},"values":[["1714557600000000000",{}]]}}]}})",
                            json_string(event()));
        break;
      case 10:
        text += std::string(kTime) + event();
        break;
      case 11: {
        std::string broken = event();
        broken[pick(broken.size())] = "{}[]\",:\\x\xFF"[pick(10)];
        text += broken;
        break;
      }
      default:
        text += event();
    }
    text += line_end();
  }

  std::mt19937 random_;
  int marks_ = 0;
};

std::set<std::string> marks_in(std::string_view text) {
  std::set<std::string> marks;
  for (size_t at = text.find("mark"); at != std::string_view::npos; at = text.find("mark", at + 1)) {
    const std::string_view mark = text.substr(at, 8);
    if (mark.size() == 8 && mark.find_first_not_of("0123456789", 4) == std::string_view::npos) marks.emplace(mark);
  }
  return marks;
}

TEST(ReaderLoss, EveryMarkComesOut) {
  size_t events = 0, bad = 0;
  for (uint32_t seed = 1; seed <= 6000; ++seed) {
    const std::string input = Input(seed).text;
    const test::ReadResult got = test::read_events(input, 1 + seed % 300);
    std::set<std::string> out;
    for (const auto& event : got.events) out.merge(marks_in(event.text));
    for (const auto& record : got.bad) out.merge(marks_in(record.kept));
    for (const std::string& mark : marks_in(input)) {
      ASSERT_TRUE(out.contains(mark)) << mark << " of seed " << seed << "\n" << printable(input);
    }
    events += got.events.size();
    bad += got.bad.size();
    for (const auto& record : got.bad) {
      EXPECT_LE(record.position.offset, input.size()) << "seed " << seed;
      const auto before = std::string_view(input).substr(0, record.position.offset);
      EXPECT_EQ(record.position.line, 1u + static_cast<size_t>(std::count(before.begin(), before.end(), '\n')))
          << "seed " << seed;
    }
  }
  EXPECT_GT(events, 30'000u);
  EXPECT_GT(bad, 5'000u);
}

}  // namespace
}  // namespace kubevigil
