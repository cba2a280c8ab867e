#include "engine/alert/alert_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string tuple(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (text.empty()) {
      out += 'n';
    } else {
      append_group_text(out, text);
    }
  }
  return out;
}

Rule chain_rule() {
  const auto field = [](const char* name) { return *parse_field(name); };
  Correlation c;
  c.type = CorrelationType::Chain;
  c.chain.root = {field("user.username"), field("user.uid")};
  c.chain.root_anonymous = {field("peerIP")};
  c.chain.links = {
      {"entered",
       {{field("caller.pod"), field("target.pod")}, {field("caller.namespace"), field("objectRef.namespace")}},
       Duration::hours(1),
       true}};
  Rule rule;
  rule.body = c;
  return rule;
}

TEST(AlertChain, NamesWhoDidWhatAndBecameWhom) {
  Trail trail;
  trail.links.push_back({0, tuple({"alice", "u-1", ""}), tuple({"web-1", "shop"}), {}});
  trail.links.push_back({7, tuple({"alice"}), tuple({"x"}), {}});  // of a rule that had more links
  trail.hits.push_back({"pod_exec", Stage::Entry, Level::Low, "", {}, {}});
  trail.hits.push_back({"secrets", Stage::Collect, Level::Medium, tuple({"", "", "10.0.0.9"}), {}, {}});
  trail.hits.push_back({"pod_exec", Stage::Entry, Level::Low, tuple({"bob", "", ""}), {}, {}});
  const AlertChain chain = alert_chain(chain_rule(), tuple({"prod", "alice", "u-1", ""}), &trail, Redactor());
  EXPECT_EQ(chain.root, "alice u-1");
  EXPECT_THAT(chain.stages, ElementsAre("entry", "collect"));
  ASSERT_EQ(chain.links.size(), 1u);
  EXPECT_EQ(chain.links[0].link, "entered");
  EXPECT_EQ(chain.links[0].from, "alice u-1");
  EXPECT_EQ(chain.links[0].to, "web-1 shop");
  ASSERT_EQ(chain.hits.size(), 3u);
  EXPECT_EQ(chain.hits[0].by, "alice u-1");
  EXPECT_EQ(chain.hits[1].by, "10.0.0.9");
  EXPECT_EQ(chain.hits[2].by, "bob");
}

TEST(AlertChain, AUserWhoIsCalledNullIsSomebody) {
  Trail trail;
  trail.hits.push_back({"pod_exec", Stage::Entry, Level::Low, tuple({"null", "", ""}), {}, {}});
  const AlertChain chain = alert_chain(chain_rule(), tuple({"prod", "null", "u-1", ""}), &trail, Redactor());
  EXPECT_EQ(chain.root, "null u-1");
  EXPECT_EQ(chain.hits.at(0).by, "null");
}

// Names of identities are shown as they are, everything else by what it looks like.
TEST(AlertChain, HidesSecretsAndCutsWhatIsLong) {
  Trail trail;
  const std::string token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl";
  const std::string longer(5000, 'x');
  trail.links.push_back({0, tuple({"", "", token}), tuple({token, "shop"}), {}});
  trail.links.push_back({0, tuple({longer}), tuple({longer, longer}), {}});
  trail.hits.push_back({longer, Stage::Entry, Level::Low, tuple({"", "", token}), {}, {}});
  const AlertChain chain = alert_chain(chain_rule(), tuple({"prod", "", "", token}), &trail, Redactor());
  EXPECT_THAT(chain.root, Not(HasSubstr("c2lnbmF0dXJl")));
  EXPECT_THAT(chain.links[0].from, Not(HasSubstr("c2lnbmF0dXJl")));
  EXPECT_THAT(chain.links[0].to, Not(HasSubstr("c2lnbmF0dXJl")));
  EXPECT_THAT(chain.hits[0].by, Not(HasSubstr("c2lnbmF0dXJl")));
  EXPECT_LE(chain.links[1].from.size(), limits::kDisplayBytes + 3);
  EXPECT_LE(chain.links[1].to.size(), limits::kDisplayBytes + 3);
  EXPECT_LE(chain.hits[0].rule.size(), limits::kDisplayBytes + 3);
}

TEST(AlertChain, OtherRulesHaveNone) {
  Trail trail;
  trail.hits.push_back({"pod_exec", Stage::Entry, Level::Low, "", {}, {}});
  EXPECT_TRUE(alert_chain(Rule(), tuple({"prod"}), &trail, Redactor()).empty());
}

}  // namespace
}  // namespace kubevigil
