// The judge of a soak finds what it is there to find.
#include "tests/soak/delivery_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace kubevigil::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string alert(const std::string& id, int revision, const std::string& rule, const std::string& object = "") {
  return fmt::format(
      R"({{"schema":"kubevigil.alert/v1","id":"{}","revision":{},"status":"open","rule":{{"id":"r","name":"{}"}},)"
      R"("message":"about {}","fields":{{"objectRef.name":"{}"}}}})",
      id, revision, rule, id, object);
}

struct Delivered {
  FileAlerts file;
  Revisions receiver;
  void both(const std::string& line) {
    read_alert_line(line, file);
    ++receiver[revision_of(line)];
  }
};

Delivered sound() {
  Delivered out;
  out.both(alert("a", 1, "soak_object", "soak-x-7"));
  out.both(alert("a", 3, "soak_object", "soak-x-7"));
  out.both(alert("b", 1, "soak_object", "soak-x-47"));
  out.both(alert("c", 1, "pod_exec"));
  out.both(alert("d", 1, "kubevigil_disk_full"));
  return out;
}
const std::set<std::string> kObjects = {"soak-x-7", "soak-x-47"};

TEST(DeliveryCheck, IsContentWithWhatIsWhole) {
  Delivered made = sound();
  ++made.receiver[{"a", 1}];  // at least once is enough there
  EXPECT_THAT(delivery_problems(kObjects, made.file, made.receiver), IsEmpty());
  EXPECT_EQ(made.file.alerts_of_rule.at("soak_object"), 2);
}

struct Fault {
  std::string name;
  std::function<void(Delivered&)> make;
  std::string said;
};

class DeliveryFault : public testing::TestWithParam<Fault> {};

TEST_P(DeliveryFault, IsSaid) {
  Delivered made = sound();
  GetParam().make(made);
  EXPECT_THAT(delivery_problems(kObjects, made.file, made.receiver), ElementsAre(HasSubstr(GetParam().said)));
}

INSTANTIATE_TEST_SUITE_P(
    All, DeliveryFault,
    testing::Values(
        Fault{"Lost", [](Delivered& d) { d.file.alerts_of_object.erase("soak-x-47"); }, "1 accepted events have no"},
        Fault{"TwoAlerts", [](Delivered& d) { d.both(alert("e", 1, "soak_object", "soak-x-7")); }, "several alerts"},
        Fault{"Foreign", [](Delivered& d) { d.both(alert("e", 1, "soak_object", "soak-y-7")); }, "nobody says"},
        Fault{"Twice", [](Delivered& d) { read_alert_line(alert("c", 1, "pod_exec"), d.file); }, "file twice, as c"},
        Fault{"Skipped", [](Delivered& d) { d.both(alert("e", 3, "pod_exec")); },
              "without the first of their alert, as e"},
        Fault{"Unheard",
              [](Delivered& d) {
                d.receiver.erase({"b", 1});
              },
              "did not reach the HTTP receiver, as b"},
        Fault{"Unknown",
              [](Delivered& d) {
                ++d.receiver[{"z", 1}];
              },
              "not in the file, as z"},
        Fault{"Torn", [](Delivered& d) { read_alert_line(R"({"schema":"kube)", d.file); }, "1 lines in the file are"},
        Fault{"Complaint", [](Delivered& d) { d.both(alert("e", 1, "kubevigil_input_gap")); }, "as: about e"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace kubevigil::test
