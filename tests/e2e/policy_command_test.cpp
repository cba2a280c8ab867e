// `kubevigil policy check` as people use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/rule_texts.h"
#include "tests/support/source_file.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPolicies = test::source_file("deploy/");

TEST(PolicyCommand, ThePoliciesOfDeployAreSound) {
  const Result balanced = run({"policy", "check", kPolicies + "audit-policy-balanced.yaml", "--fail-on", "warning"});
  EXPECT_EQ(balanced.code, 0) << balanced.out << balanced.err;
  EXPECT_THAT(balanced.out, HasSubstr("0 errors, 0 warnings"));
  EXPECT_THAT(balanced.out, HasSubstr("blind  configmap_credentials (needs Request"));
  EXPECT_THAT(balanced.out, Not(HasSubstr("blind  privileged_pod_created")));
  const Result minimal = run({"policy", "check", kPolicies + "audit-policy-minimal.yaml", "--fail-on", "blind"});
  EXPECT_EQ(minimal.code, 1);
  EXPECT_THAT(minimal.out, HasSubstr("0 errors, 0 warnings"));
  EXPECT_THAT(minimal.out, HasSubstr("blind  privileged_pod_created (needs Request)\n      line "));
}

TEST(PolicyCommand, ABrokenPolicySaysWhereAndHow) {
  const Folder folder;
  const std::string file = folder.write("p.yaml",
                                        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
                                        "  - level: Metadata\n    verb: [get]\n");
  const Result result = run({"policy", "check", file});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("p.yaml:5:5: error: \"verb\" is no key of a rule"));
  EXPECT_THAT(result.out, HasSubstr("did you mean \"verbs\"?"));
  EXPECT_THAT(run({"policy", "check", file, "-o", "json"}).out,
              HasSubstr(R"("code":"policy-key","line":5,"column":5)"));
  EXPECT_EQ(run({"policy", "check", folder.path("none.yaml")}).code, 2);
}

TEST(PolicyCommand, ALogIsCountedByRule) {
  const Folder folder;
  const std::string policy = folder.write("p.yaml",
                                          "apiVersion: audit.k8s.io/v1\nrules:\n  - level: None\n    verbs: [list]\n"
                                          "  - level: Metadata\n");
  const std::string log = folder.write("audit.log", demo_events() + "no event\n");
  const std::string rules = folder.write("rules.yaml", test::detection_text("mine", 1));
  const auto check = [&](const std::string& path, const std::string& form) {
    return run({"policy", "check", policy, "--log", path, "-o", form, "--no-builtin", "--rules", rules});
  };
  const Result text = check(log, "text");
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("line 3     None"));
  EXPECT_THAT(text.out, HasSubstr("1 records hold no audit event"));
  const std::string json = check(log, "json").out;
  EXPECT_THAT(json, HasSubstr(R"({"line":3,"level":"None","events":)"));
  EXPECT_THAT(json, Not(HasSubstr(R"("by_rule":[]})")));
  EXPECT_EQ(check(folder.path("none"), "text").code, 3);
}

}  // namespace
}  // namespace kubevigil::e2e
