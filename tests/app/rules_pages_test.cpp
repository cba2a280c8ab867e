// The pages made from the built-in rules stand as files beside them; the layer for the ATT&CK Navigator is a golden.
#include "engine/app/rules_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/app/pack.h"
#include "tests/support/json_schema.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;

std::string read(const std::string& path) {
  std::ifstream in(test::source_file(path), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const RuleSet& pack() {
  static const RuleSet kRules = [] {
    LoadOptions options;
    options.lists = builtin_lists();
    return load_rules(builtin_rules(), options).rules;
  }();
  return kRules;
}

void compare(const std::string& path, const std::string& actual) {
  if (std::getenv("KUBEVIGIL_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(test::source_file(path), std::ios::binary) << actual;
    return;
  }
  EXPECT_TRUE(read(path) == actual) << path << " is not what the rules give: `make docs` makes it anew";
}

TEST(RulesPages, TheCatalogueIsCurrent) { compare("detections/CATALOGUE.md", catalogue_page(pack())); }

TEST(RulesPages, TheCoverageIsCurrent) {
  Diagnostics problems;
  const Threats threats = parse_threats(builtin_threats(), "detections/threats.yaml", problems);
  EXPECT_TRUE(problems.empty()) << render(problems, {{"detections/threats.yaml", std::string(builtin_threats())}});
  compare("detections/COVERAGE.md", coverage_page(pack(), threats));
}

TEST(RulesPages, CellsHoldAnyText) {
  EXPECT_EQ(cell("a|b\nc"), "a\\|b c");
  EXPECT_EQ(cell("a\\|b"), "a\\\\\\|b");  // a backslash does not take the one in front of the bar
  EXPECT_EQ(cell("\x1b[2J"), "\\\\x1b\\[2J");
  EXPECT_EQ(cell("<img src=x> & [a](b)"), "&lt;img src=x&gt; &amp; \\[a](b)");
}

TEST(RulesPages, TheCoverageSaysWhatIsMissing) {
  Diagnostics problems;
  const Threats threats = parse_threats(
      "seed:\n"
      "  - {id: A1, threat: seen, ideas: [done, open], unseen: little}\n"
      "  - {id: B1, threat: not seen, ideas: [], visible: false, unseen: all}\n"
      "ideas:\n"
      "  - {id: done, rules: [pod_exec]}\n"
      "  - {id: open, missing: a baseline}\n"
      "  - {id: no, left-out: too much}\n",
      "t", problems);
  ASSERT_TRUE(problems.empty()) << render(problems, {});
  const std::string page = coverage_page(pack(), threats);
  for (const char* expected :
       {"2 threats, of 1 of which", "| A1 | seen | `pod_exec` Metadata<br>no rule: open | little |",
        "| B1 | not seen | *the act is invisible* | all |", "| done | `pod_exec` Metadata |", "| open | a baseline |",
        "| no | too much |"}) {
    EXPECT_THAT(page, HasSubstr(expected));
  }
}

TEST(Threats, WhatIsWrongIsSaid) {
  Diagnostics problems;
  parse_threats(
      "seed: [{id: A1, threat: x, ideas: [nothing], unseen: y}]\nideas: [{id: a}, {id: b, missing: c, rules: [d]}]\n",
      "t", problems);
  EXPECT_EQ(problems.count(Severity::Error), 3u) << render(problems, {});
}

// What layers/spec/v4.5 of mitre-attack/attack-navigator says of the members that a layer of ours has.
constexpr const char* kLayerSchema = R"({
  "type": "object", "required": ["name", "domain", "versions"], "additionalProperties": false,
  "properties": {
    "name": {"type": "string"}, "description": {"type": "string"},
    "domain": {"enum": ["enterprise-attack", "mobile-attack", "ics-attack"]},
    "versions": {"type": "object", "required": ["navigator", "layer"], "additionalProperties": false, "properties": {
      "attack": {"type": "string"}, "navigator": {"type": "string"}, "layer": {"const": "4.5"}}},
    "sorting": {"type": "integer", "minimum": 0, "maximum": 3}, "hideDisabled": {"type": "boolean"},
    "layout": {"type": "object", "additionalProperties": false, "properties": {
      "layout": {"enum": ["side", "flat", "mini"]}, "showID": {"type": "boolean"}, "showName": {"type": "boolean"},
      "expandedSubtechniques": {"enum": ["none", "all", "annotated"]}}},
    "techniques": {"type": "array", "items": {"type": "object", "required": ["techniqueID"],
      "additionalProperties": false, "properties": {
        "techniqueID": {"type": "string", "pattern": "^T[0-9]{4}(\\.[0-9]{3})?$"}, "enabled": {"type": "boolean"},
        "score": {"type": "integer"}, "comment": {"type": "string"}, "showSubtechniques": {"type": "boolean"}}}},
    "gradient": {"type": "object", "required": ["colors", "minValue", "maxValue"], "additionalProperties": false,
      "properties": {"colors": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "minValue": {"type": "integer"}, "maxValue": {"type": "integer", "minimum": 1}}},
    "legendItems": {"type": "array", "items": {"type": "object", "required": ["label", "color"], "additionalProperties": false,
      "properties": {"label": {"type": "string"}, "color": {"type": "string"}}}}
  }
})";

TEST(Navigator, TheLayerIsOfFormat45) {
  LoadOptions options;
  const auto rule = [](const std::string& name, const std::string& tags) {
    return RuleSource{name + ".yaml",
                      "title: " + name + "\nname: " + name +
                          "\nlogsource: {product: kubernetes, service: audit}\ntags: [" + tags +
                          "]\ndetection: {selection: {verb: get}, condition: selection}\n",
                      false};
  };
  const RuleSet rules = load_rules({rule("b", "attack.t1552.007, attack.credential-access"),
                                    rule("a", "attack.t1611, attack.t1552.007"), rule("c", "attack.t1562.008")},
                                   options)
                            .rules;
  compare("tests/golden/navigator/layer.json", navigator_layer(rules));
  EXPECT_THAT(test::schema_problems(kLayerSchema, navigator_layer(rules)), testing::IsEmpty());
  EXPECT_THAT(test::schema_problems(kLayerSchema, navigator_layer(pack())), testing::IsEmpty());
}

TEST(Navigator, OfThePackIsJsonWithATechniqueForEachRule) {
  const std::string layer = navigator_layer(pack());
  for (const Rule& rule : pack().rules) {
    if (!rule.alerts) continue;
    EXPECT_THAT(layer, HasSubstr(rule.meta.name));
  }
}

}  // namespace
}  // namespace kubevigil
