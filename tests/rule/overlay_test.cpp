// Overlays: each kind of change, what may go wrong with it, and that what is wrong changes nothing.
#include "engine/rule/overlay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rule_texts.h"

namespace kubevigil {
namespace {

using test::correlation_text;
using test::detection_text;
using test::filter_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<RuleSource> kShipped = {
    {"pack/a.yaml", detection_text("pod_exec", 1) + "level: high\n", true},
    {"pack/b.yaml", detection_text("secret_read", 2), true},
    {"pack/c.yaml", correlation_text("many_secrets", 3, "secret_read"), true},
    {"pack/d.yaml", filter_text("secret_read", 4), true},
    {"pack/e.yaml", detection_text("miner", 5, "objectRef.name|expand: '%miners%'"), true},
    {"pack/f.yaml", detection_text("stream", 6) + "kubevigil: {preset: all}\n", true},
};

LoadedRules load_with(const std::string& overlay, const std::vector<RuleSource>& own = {},
                      std::optional<Preset> preset = Preset::Core) {
  std::vector<RuleSource> sources = kShipped;
  sources.insert(sources.end(), own.begin(), own.end());
  sources.push_back({"site/overlay.yaml", overlay, false});
  LoadOptions options;
  options.lists["lists/miners"] = "- xmrig\n- ethminer\n";
  options.today = "2026-06-01";
  options.preset = preset;
  return load_rules(sources, options);
}

std::string problems(const LoadedRules& loaded) { return render(loaded.diagnostics, loaded.sources); }

std::vector<std::string> notes(const LoadedRules& loaded, std::string_view rule) {
  const Rule* found = loaded.rules.find(rule);
  return found == nullptr ? std::vector<std::string>{"no rule"} : found->site.notes;
}

TEST(Overlay, FilesAreKnownByTheirNames) {
  EXPECT_TRUE(is_overlay_file("overlay.yaml"));
  EXPECT_TRUE(is_overlay_file("rules/overlay.yml"));
  EXPECT_TRUE(is_overlay_file("rules/team-a.overlay.yaml"));
  EXPECT_FALSE(is_overlay_file("rules/myoverlay.yaml"));
  EXPECT_FALSE(is_overlay_file("overlay/rule.yaml"));
}

TEST(Overlay, ADisabledRuleGoesUnlessItIsRead) {
  const LoadedRules loaded = load_with(
      "disable:\n"
      "  - {rule: pod_exec, owner: platform, reason: bastion only, expires: 2026-12-31}\n"
      "  - {rule: 00000000-0000-4000-8000-000000000002, owner: platform, reason: too many}\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.rules.find("pod_exec"), nullptr);
  ASSERT_NE(loaded.rules.find("secret_read"), nullptr);
  EXPECT_FALSE(loaded.rules.find("secret_read")->alerts);
  EXPECT_TRUE(loaded.rules.find("many_secrets")->alerts);
  EXPECT_THAT(loaded.overlays, ElementsAre("site/overlay.yaml: 2 disabled"));
}

TEST(Overlay, WithoutAPresetADisabledRuleIsShownWithWhoDidIt) {
  const LoadedRules loaded = load_with(
      "disable: [{rule: pod_exec, owner: platform, reason: bastion only, expires: 2026-12-31}]\n", {}, std::nullopt);
  ASSERT_NE(loaded.rules.find("pod_exec"), nullptr);
  EXPECT_FALSE(loaded.rules.find("pod_exec")->alerts);
  EXPECT_THAT(notes(loaded, "pod_exec"),
              ElementsAre("disabled by platform until 2026-12-31: bastion only (site/overlay.yaml:1)"));
}

TEST(Overlay, WhatHasExpiredIsOffAndSaid) {
  const LoadedRules loaded =
      load_with("disable: [{rule: pod_exec, owner: platform, reason: for a while, expires: 2026-05-31}]\n");
  EXPECT_TRUE(loaded.rules.find("pod_exec")->alerts);
  EXPECT_THAT(problems(loaded), HasSubstr("overlay-expired"));
  EXPECT_THAT(loaded.skipped, ElementsAre(HasSubstr("disabling \"pod_exec\" expired on 2026-05-31: off")));
}

TEST(Overlay, AFilterCanBeDisabled) {
  EXPECT_THAT(to_text(load_with("").rules.find("secret_read")->detection().condition), HasSubstr("alice"));
  const LoadedRules loaded = load_with("disable: [{filter: exception, owner: us, reason: alice left}]\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_THAT(to_text(loaded.rules.find("secret_read")->detection().condition), Not(HasSubstr("alice")));
  EXPECT_THAT(loaded.overlays, ElementsAre("site/overlay.yaml: 1 exceptions disabled"));
}

TEST(Overlay, ASitesOwnRuleTakesThePlaceOfABuiltInOne) {
  const std::vector<RuleSource> own = {{"site/r.yaml", detection_text("secret_read", 20, "verb: list"), false}};
  EXPECT_THAT(problems(load_with("", own)), HasSubstr("duplicate-name"));
  const LoadedRules loaded = load_with("replace: [{rule: secret_read, owner: us, reason: lists only}]\n", own);
  EXPECT_EQ(problems(loaded), "");
  const Rule* read = loaded.rules.find("secret_read");
  EXPECT_FALSE(read->meta.builtin);
  EXPECT_THAT(notes(loaded, "secret_read"), ElementsAre(HasSubstr("replaces the built-in rule: us: lists only")));
  const CorrelationInput& input = loaded.rules.find("many_secrets")->correlation().inputs.at(0);
  EXPECT_EQ(&loaded.rules.rules[input.rule], read) << "who refers to it means the new one";
}

TEST(Overlay, ABrokenRuleTakesNoPlace) {
  const std::vector<RuleSource> own = {{"site/r.yaml", detection_text("secret_read", 20, "verb|nomod: list"), false}};
  const LoadedRules loaded = load_with("replace: [{rule: secret_read, owner: us, reason: lists only}]\n", own);
  EXPECT_THAT(problems(loaded), HasSubstr("the built-in one stays"));
  ASSERT_NE(loaded.rules.find("secret_read"), nullptr);
  EXPECT_TRUE(loaded.rules.find("secret_read")->meta.builtin);
}

TEST(Overlay, EnabledRulesAlertInEveryPreset) {
  EXPECT_EQ(load_with("").rules.find("stream"), nullptr);
  const LoadedRules loaded = load_with("enable: [stream]\n");
  EXPECT_TRUE(loaded.rules.find("stream")->alerts);
  EXPECT_THAT(loaded.rules.left_out, IsEmpty());
}

TEST(Overlay, LevelsAndListsAreChangedAndPartOfTheMeaning) {
  const LoadedRules plain = load_with(""),
                    loaded = load_with("levels: {pod_exec: low}\nlists: {miners: {add: [nbminer], remove: [xmrig]}}\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.rules.find("pod_exec")->meta.level, Level::Low);
  EXPECT_EQ(to_text(loaded.rules.find("miner")->detection().condition),
            "objectRef.name equals [\"ethminer\", \"nbminer\"]");
  EXPECT_THAT(notes(loaded, "pod_exec"), ElementsAre("level low instead of high (site/overlay.yaml:1)"));
  EXPECT_THAT(notes(loaded, "miner"), ElementsAre("list lists/miners: 1 added, 1 removed (site/overlay.yaml:2)"));
  for (const char* rule : {"pod_exec", "miner"}) {
    EXPECT_NE(loaded.rules.find(rule)->semantic_hash, plain.rules.find(rule)->semantic_hash);
  }
  EXPECT_EQ(loaded.rules.find("secret_read")->semantic_hash, plain.rules.find("secret_read")->semantic_hash);
}

TEST(Overlay, AListIsReplacedAsAWholeWithWhateverStandsInIt) {
  const LoadedRules loaded = load_with("lists: {miners: {replace: ['a: \"b\"', \"x\\ty\"]}}\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(to_text(loaded.rules.find("miner")->detection().condition),
            "objectRef.name equals [\"a: \\\"b\\\"\", \"x\\x09y\"]");
}

// Rules read the rows of a list by their width; a row of another one must not put them out of work without a word.
TEST(Overlay, RowsOfAnotherWidthAreRefusedAndTheListStays) {
  for (const std::string change : {"add: [nbminer, [a, b]]", "replace: [[a, b]]"}) {
    const LoadedRules loaded = load_with("lists:\n  miners: {" + change + "}\n");
    EXPECT_EQ(loaded.diagnostics.count(Severity::Error), 1u) << problems(loaded);
    EXPECT_THAT(problems(loaded), HasSubstr("site/overlay.yaml:2:"));
    EXPECT_THAT(problems(loaded), HasSubstr("[a, b] is a tuple of 2 values, and an entry of the list "
                                            "\"lists/miners\" is a plain value: the list stays as it was [bad-list]"));
    EXPECT_EQ(loaded.rules.find("miner")->semantic_hash, load_with("").rules.find("miner")->semantic_hash);
    EXPECT_THAT(loaded.overlays, ElementsAre("site/overlay.yaml: changes nothing, 1 without effect"));
  }
}

// The line at the start counts what took effect.
TEST(Overlay, WhatFailedIsNotCountedAsDone) {
  const LoadedRules loaded = load_with(
      "disable:\n"
      "  - {rule: pod_exec, owner: us, reason: x}\n"
      "  - {rule: pod_exce, owner: us, reason: x}\n"
      "  - {rule: stream, owner: us}\n"
      "  - {rule: miner, owner: us, reason: x, expires: 2026-05-31}\n"
      "enable: [strem]\nlevels: {secret_read: low, nothing: low}\nlists: {minrs: {add: [a]}}\n");
  EXPECT_THAT(loaded.overlays, ElementsAre("site/overlay.yaml: 1 disabled, 1 of another level, 6 without effect"));
}

// Everything that may be wrong, with its place.
TEST(Overlay, WhatIsWrongIsSaidWithItsPlaceAndChangesNothing) {
  const LoadedRules loaded = load_with(
      "disable:\n"
      "  - {rule: pod_exce, owner: us, reason: x}\n"
      "  - {rule: pod_exec, owner: us}\n"
      "  - {rule: pod_exec, filter: exception, owner: us, reason: x}\n"
      "  - {rule: pod_exec, owner: us, reason: x, expires: soon}\n"
      "  - pod_exec\n"
      "replace: [{rule: pod_exec, owner: us, reason: x}]\n"
      "enable: [strem]\n"
      "levels: {pod_exec: hihg, nothing: low}\n"
      "lists:\n"
      "  minrs: {add: [a]}\n"
      "  miners: {add: [a], replace: [b]}\n"
      "lsts: {}\n");
  const std::string said = problems(loaded);
  for (const char* expected :
       {"site/overlay.yaml:2:12: error: no rule has the id or name \"pod_exce\" [unknown-rule]",
        "did you mean \"pod_exec\"?", "site/overlay.yaml:3:5: error: nobody answers for this",
        "site/overlay.yaml:4:5: error: expected one rule or filter [bad-overlay]",
        "site/overlay.yaml:5:53: error: \"soon\" is no date", "site/overlay.yaml:6:5: error: expected a mapping",
        "site/overlay.yaml:7:18: error: no rule of your own has the id or name \"pod_exec\"",
        "did you mean \"stream\"?", "\"hihg\" is no level", "did you mean \"high\"?",
        "no rule has the id or name \"nothing\"", "no list is named \"minrs\"", "did you mean \"miners\"?",
        "a list is replaced as a whole", "\"lsts\" is no key of an overlay", "did you mean \"lists\"?"}) {
    EXPECT_THAT(said, HasSubstr(expected));
  }
  EXPECT_TRUE(loaded.rules.find("pod_exec")->alerts);
  EXPECT_EQ(loaded.rules.find("pod_exec")->meta.level, Level::High);
  EXPECT_EQ(loaded.rules.hash, load_with("").rules.hash);
}

TEST(Overlay, AChangeOfNothingIsWarnedAbout) {
  const std::vector<RuleSource> own = {{"site/r.yaml", detection_text("mine", 20), false}};
  const LoadedRules loaded = load_with(
      "replace: [{rule: mine, owner: us, reason: x}]\nlevels: {pod_exec: high}\nlists: {miners: {remove: [xmrg]}}\n",
      own);
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << problems(loaded);
  EXPECT_EQ(loaded.diagnostics.count(Severity::Warning), 3u);
  EXPECT_THAT(problems(loaded), HasSubstr("did you mean \"xmrig\"?"));
}

TEST(Overlay, IsOneDocumentOfAMapping) {
  EXPECT_THAT(problems(load_with("{}\n---\n{}\n")), HasSubstr("bad-overlay"));
  EXPECT_THAT(problems(load_with("- rule: x\n")), HasSubstr("expected a mapping"));
  EXPECT_EQ(problems(load_with("# nothing\n")), "");
  EXPECT_THAT(load_with("# nothing\n").overlays, ElementsAre("site/overlay.yaml: changes nothing"));
}

// A pack that is built in has none: its rules are changed where they stand.
TEST(Overlay, OneInThePackIsARuleFileLikeAnyOther) {
  EXPECT_TRUE(load_rules({{"pack/overlay.yaml", "disable: []\n", true}}, {}).diagnostics.has_errors());
}

}  // namespace
}  // namespace kubevigil
