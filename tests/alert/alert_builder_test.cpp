// Alerts whose opening event is not at hand: who and what, as far as the group key tells.
#include "engine/alert/alert_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/match/group_key.h"
#include "engine/rule/rule_loader.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kBuilderRules =
    "title: Read\nname: read\nlogsource: {product: kubernetes, service: audit}\n"
    "detection: {s: {verb: get}, condition: s}\nlevel: low\n"
    "kubevigil: {stage: entry, dedup: {by: [user.username, objectRef.namespace]}}\n"
    "---\n"
    "title: Chain\nname: chain\nlevel: high\n"
    "correlation: {type: chain, timespan: 1h, condition: {field: hit.stage, gte: 1}}\n"
    "kubevigil: {chain: {root: [user.username], root-anonymous: [peerIP]}}\n";

// A text for each element; nothing: null.
Alert alert_of(const char* rule, const std::vector<std::optional<std::string>>& group) {
  LoadedRules loaded = load_rules({{"r.yaml", kBuilderRules, false}}, {});
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
  const auto rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  const AlertBuilder builder(Program::compile(rules), Redactor(), [](uint32_t) { return std::string("log"); });
  Episode episode;
  while (rules->rules[episode.rule].meta.name != rule) ++episode.rule;
  for (const auto& element : group) {
    if (element) append_group_text(episode.key_bytes, *element);
    if (!element) episode.key_bytes += 'n';
  }
  return builder.opened(episode, static_cast<const OpeningFacts*>(nullptr)).alert;
}

TEST(AlertBuilder, AUserWhoIsCalledNullIsSomebody) {
  const Alert null = alert_of("read", {"null", "null", std::nullopt});
  EXPECT_EQ(null.cluster, "null");
  EXPECT_EQ(null.actor.username, "null");
  EXPECT_EQ(null.target.ns, "");
  const Alert nobody = alert_of("read", {std::nullopt, std::nullopt, "null"});
  EXPECT_EQ(nobody.cluster, "");
  EXPECT_EQ(nobody.actor.username, "");
  EXPECT_EQ(nobody.target.ns, "null");
  EXPECT_THAT(alert_of("chain", {"prod", "null", std::nullopt}).group, ElementsAre(Pair("user.username", "null")));
}

// What a chain's root lacks is not in its group; what is there keeps its meaning.
TEST(AlertBuilder, AnAddressAsTheRootOfAChainIsNoUser) {
  const Alert alert = alert_of("chain", {"prod", std::nullopt, "10.0.0.9"});
  EXPECT_THAT(alert.group, ElementsAre(Pair("peerIP", "10.0.0.9")));
  EXPECT_THAT(alert.actor.username, IsEmpty());
  EXPECT_EQ(alert.source.peer_ip, "10.0.0.9");
}

}  // namespace
}  // namespace kubevigil
