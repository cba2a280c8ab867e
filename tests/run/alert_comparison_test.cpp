#include "engine/run/alert_comparison.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

std::vector<Alert> alerts(const std::vector<std::string>& ids) {
  std::vector<Alert> out;
  for (const std::string& id : ids) {
    Alert alert;
    alert.id = id;
    out.push_back(alert);
  }
  return out;
}

struct Group {
  std::vector<std::string> derived, journaled;
  bool comparable = true;
};

struct Comparison {
  const char* name;
  std::vector<Group> groups;
  uint64_t compared, different;
  std::vector<std::string> missing;
};

TEST(AlertComparison, Table) {
  const std::vector<Comparison> cases = {
      {"nothing", {}, 0, 0, {}},
      {"the same", {{{"a", "b"}, {"a", "b"}}, {{"c"}, {"c"}}}, 3, 0, {}},
      {"the last group may end early", {{{"a"}, {"a"}}, {{"b", "c", "d"}, {"b"}}}, 2, 0, {"c", "d"}},
      {"an earlier one may not", {{{"a", "b"}, {"a"}}, {{"c"}, {"c"}}}, 2, 1, {}},
      {"the journal has more", {{{"a"}, {"a", "x"}}, {{}, {}}}, 2, 1, {}},
      {"more at the end", {{{"a"}, {"a", "x"}}}, 2, 1, {}},
      {"another one", {{{"a"}, {"x"}}, {{}, {}}}, 1, 2, {}},
      {"another one at the end is sent, too", {{{"a"}, {"x"}}}, 1, 1, {"a"}},
      {"another order", {{{"a", "b"}, {"b", "a"}}, {{}, {}}}, 2, 1, {}},
      {"not comparable", {{{"a"}, {"x"}, false}, {{"b"}, {"b"}}}, 1, 0, {}},
      {"not comparable at the end", {{{"a", "b"}, {"a"}, false}}, 0, 0, {"b"}},
      {"not comparable, nothing journaled", {{{"a", "b"}, {}, false}}, 0, 0, {"a", "b"}},
      {"not comparable, other names", {{{"a", "b"}, {"x", "y"}, false}}, 0, 0, {}},
      {"not comparable, one other name", {{{"a", "b"}, {"a", "x"}, false}}, 0, 0, {}},
  };
  for (const Comparison& c : cases) {
    SCOPED_TRACE(c.name);
    AlertComparison comparison;
    for (const Group& group : c.groups) {
      comparison.begin(alerts(group.derived), group.comparable);
      for (const std::string& id : group.journaled) comparison.journaled(id, 1);
    }
    std::vector<std::string> missing;
    for (const Alert& alert : comparison.finish()) missing.push_back(alert.id);
    EXPECT_EQ(missing, c.missing);
    EXPECT_EQ(comparison.compared(), c.compared);
    EXPECT_EQ(comparison.different(), c.different);
    EXPECT_EQ(comparison.first_difference().empty(), c.different == 0);
  }
}

TEST(AlertComparison, RevisionsAreOfTheName) {
  AlertComparison comparison;
  comparison.begin(alerts({"a"}), true);
  comparison.journaled("a", 2);
  comparison.begin({}, true);
  EXPECT_EQ(comparison.different(), 2u);
  EXPECT_NE(comparison.first_difference().find("alert a revision 2"), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
