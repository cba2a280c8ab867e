#include "engine/event/field_ref.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace kubevigil {
namespace {

PathSegment key(std::string name) { return {std::move(name), std::nullopt}; }

struct NameCase {
  const char* name;
  FieldRef field;
};

class FieldNames : public testing::TestWithParam<NameCase> {};

TEST_P(FieldNames, Parsed) {
  const auto parsed = parse_field(GetParam().name);
  ASSERT_TRUE(parsed) << GetParam().name;
  EXPECT_EQ(*parsed, GetParam().field) << to_text(*parsed);
  EXPECT_EQ(parse_field(to_text(*parsed)), *parsed);
}

INSTANTIATE_TEST_SUITE_P(
    Known, FieldNames,
    testing::Values(
        NameCase{"verb", {FieldId::Verb, {}}}, NameCase{"userAgent", {FieldId::UserAgent, {}}},
        NameCase{"userAgent.family", {FieldId::UserAgentFamily, {}}},
        NameCase{"sourceIPs[0]", {FieldId::SourceIps, {{"", 0}}}},
        NameCase{"annotations.authorization.k8s.io/decision",
                 {FieldId::Annotations, {key("authorization.k8s.io/decision")}}},
        NameCase{R"(annotations.authorization\.k8s\.io/decision)",
                 {FieldId::Annotations, {key("authorization.k8s.io/decision")}}},
        NameCase{"annotations.a[0]", {FieldId::Annotations, {key("a[0]")}}},
        NameCase{"user.extra.authentication.kubernetes.io/pod-name",
                 {FieldId::UserExtra, {key("authentication.kubernetes.io/pod-name")}}},
        NameCase{"uri.query.command", {FieldId::UriQuery, {key("command")}}},
        NameCase{"requestObject", {FieldId::RequestObject, {}}},
        NameCase{"requestObject[1].op", {FieldId::RequestObject, {{"", 1}, key("op")}}},
        NameCase{"requestObject.spec.containers[0].image",
                 {FieldId::RequestObject, {key("spec"), {"containers", 0}, key("image")}}},
        NameCase{"requestObject.metadata.labels.app.kubernetes.io/name",
                 {FieldId::RequestObject, {key("metadata"), key("labels"), key("app.kubernetes.io/name")}}},
        NameCase{"requestObject.metadata.labels", {FieldId::RequestObject, {key("metadata"), key("labels")}}},
        NameCase{R"(requestObject.data.a\.crt)", {FieldId::RequestObject, {key("data"), key("a.crt")}}},
        NameCase{R"(requestObject.m[1][2].x\[3])", {FieldId::RequestObject, {{"m", 1}, {"", 2}, key("x[3]")}}},
        NameCase{"podSpec.allContainers.image", {FieldId::PodSpec, {key("allContainers"), key("image")}}},
        NameCase{"responseStatus.details.kind", {FieldId::ResponseDetails, {key("kind")}}},
        NameCase{"exec.command", {FieldId::ExecCommand, {}}}, NameCase{"(keywords)", {FieldId::Keywords, {}}}));

TEST(FieldRef, UnknownNames) {
  for (const char* name :
       {"", ".", "verbs", "user", "verb.x", "verb[0]", "annotations", "annotations.", "user.groups.x", "responseStatus",
        "objectRef", "requestObjects.x", "sourceIPs[0][1]", "requestObject."}) {
    EXPECT_FALSE(parse_field(name)) << name;
  }
}

TEST(FieldRef, ElementNames) {
  EXPECT_EQ(parse_element_field("."), (FieldRef{FieldId::Element, {}}));
  EXPECT_EQ(parse_element_field(""), (FieldRef{FieldId::Element, {}}));
  EXPECT_EQ(parse_element_field("securityContext.privileged"),
            (FieldRef{FieldId::Element, {key("securityContext"), key("privileged")}}));
  EXPECT_EQ(to_text(parse_element_field("a.b[2]")), "a.b[2]");
}

TEST(FieldRef, EveryTableNameResolvesToItsRow) {
  std::set<std::string_view> names;
  for (const FieldInfo& info : field_table()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.doc.empty()) << info.name;
    if (info.id == FieldId::Element) continue;
    const std::string name = std::string(info.name) + (info.shape == FieldShape::Map ? ".key" : "");
    const auto parsed = parse_field(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->id, info.id) << name;
  }
}

struct SuggestionCase {
  const char* written;
  const char* meant;
};

TEST(FieldRef, Suggestions) {
  for (const SuggestionCase& c : {SuggestionCase{"vreb", "verb"},
                                  {"objectref.resource", "objectRef.resource"},
                                  {"apiGroup", "objectRef.apiGroup"},
                                  {"hostPath", "hostPaths"},
                                  {"anotations.foo/bar", "annotations.foo/bar"},
                                  {"user.extra", "user.extra.<key>"},
                                  {"requestObjct.spec.x", "requestObject.spec.x"},
                                  {"zzzzzzzzzz", ""},
                                  {"objectRef.subresorce", "objectRef.subresource"}}) {
    EXPECT_EQ(field_suggestion(c.written), c.meant) << c.written;
  }
}

TEST(FieldRef, TextOfAnyFieldParsesBack) {
  static constexpr std::array<std::string_view, 8> kKeys = {"a",      "b.c",  "x[0]",  "back\\slash",
                                                            "labels", "spec", "[any]", "\xC3\xA9"};
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
    const FieldInfo& info = field_table()[pick(kFieldCount)];
    FieldRef field{info.id, {}};
    const auto random_key = [&] { return std::string(kKeys[pick(kKeys.size())]); };
    if (info.shape == FieldShape::Map) field.path.push_back(key(random_key()));
    if (info.shape == FieldShape::List && pick(2) == 1) field.path.push_back({"", pick(9)});
    if (info.shape == FieldShape::Tree) {
      for (size_t n = pick(4); n > 0; --n) {
        const bool may_be_bare = field.path.empty() || field.path.back().index;  // else the index belongs to the key
        PathSegment s = key(may_be_bare && pick(4) == 0 ? "" : random_key());
        if (s.key.empty() || pick(3) == 0) s.index = pick(5);
        const bool last = !s.index && s.key == "labels";
        field.path.push_back(std::move(s));
        if (!last) continue;
        field.path.push_back(key(random_key()));
        break;
      }
    }
    const std::string text = to_text(field);
    const auto parsed = field.id == FieldId::Element ? parse_element_field(text) : parse_field(text);
    ASSERT_TRUE(parsed) << "seed " << seed << ": " << text;
    ASSERT_EQ(*parsed, field) << "seed " << seed << ": " << text << " came back as " << to_text(*parsed);
  }
}

// Empty keys, indices that stand alone, escapes in odd places: whatever a name means, its text means the same.
TEST(FieldRef, AnyNameMeansWhatItsTextMeans) {
  static constexpr std::array<std::string_view, 8> kPieces = {".", ".", "[0]", "[1]", "\\", "a", "labels", "]"};
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string name;
    for (uint64_t n = random() % 9; n > 0; --n) name += kPieces[random() % kPieces.size()];
    const FieldRef element = parse_element_field(name);
    ASSERT_EQ(parse_element_field(to_text(element)), element) << name << " became " << to_text(element);
    const auto field = parse_field("requestObject" + name);
    if (!field) continue;
    ASSERT_EQ(parse_field(to_text(*field)), field) << name << " became " << to_text(*field);
  }
}

}  // namespace
}  // namespace kubevigil
