// The chain operator against its model, resumed from archives, and at its bounds.
#include <gtest/gtest.h>

#include <random>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "tests/support/chain_model.h"
#include "tests/support/resumable.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;

// Inputs of the rule: hits that say whose they are, hits of a correlation, events of link 0, and actors alone.
enum Input : uint32_t { kHit, kFiring, kLink, kActor };

struct Shape {
  int64_t timespan = 40, max_span = 120, within = 50;
  size_t depth = 4, fan_out = 16;
  double need = 3;
  bool require = true;
};

Rule chain_rule(const Shape& shape) {
  Rule rule = correlation_rule(CorrelationType::Chain, shape.timespan, shape.need, 4);
  auto& c = std::get<Correlation>(rule.body);
  c.condition_fields = {"hit.stage"};
  if (shape.require) c.value_count.require_any = {"entry", "probe"};
  const FieldRef user{FieldId::UserUsername, {}}, peer{FieldId::PeerIp, {}}, pod{FieldId::CallerPod, {}};
  c.chain.root = {user};
  c.chain.root_anonymous = {peer};
  c.chain.never_root = {"controller"};
  c.chain.max_span = Duration{shape.max_span};
  c.chain.links = {{"entered", {{pod, pod}}, Duration{shape.within}, true},
                   {"granted", {{user, user}}, Duration{2 * shape.within}, false},
                   {"acts", {{user, user}}, Duration{0}, false}};
  c.chain.depth = shape.depth;
  c.chain.fan_out = shape.fan_out;
  for (const uint32_t input : {kHit, kLink, kActor}) c.inputs[input].group = {user, peer};
  c.inputs[kLink].role = Role::Link;
  c.inputs[kActor].role = Role::Actor;
  return rule;
}

struct Event {
  int64_t time = 0;
  std::string user{};  // "": anonymous, by its address
  std::string peer = "10.0.0.1";
  Stage stage = Stage::None;
  std::string in_pod{}, to_pod{}, grants{};  // what it is reached by, and what it links to
  std::string rule = "r";
};

std::string element(const std::string& text) { return text.empty() ? "n" : encoded_text(text); }

// As match/operands.cpp writes them.
StreamMatch match_of(const Event& e, uint64_t sequence, uint32_t input) {
  StreamMatch match{Timestamp{1'000'000 + e.time}, sequence, input, "", "", 0};
  match.key = encoded_text("c") + element(e.user) + element(e.peer);
  match.value = element(std::string(to_text(e.stage))) + encoded_text(e.rule) + encoded_text("low");
  match.value += element(e.user) +
                 "i\x03"
                 "200";
  match.value += element(e.in_pod) + element(e.user) + element(e.user);  // reached: of each link
  match.value += element(e.grants) + element(e.grants);                  // linking: of those without a rule
  if (input == kLink) match.value += element(e.to_pod);
  if (input == kFiring) {
    match.key = encoded_text("c");
    match.value = element(std::string(to_text(e.stage))) + encoded_text(e.rule) + encoded_text("low");
  }
  return match;
}

model::ChainSeen seen_of(const Event& e, const StreamMatch& match) {
  model::ChainSeen seen;
  seen.time = match.time;
  seen.sequence = match.sequence;
  if (e.user != "controller") seen.root = e.user.empty() ? "ip " + e.peer : e.user;
  if (!e.in_pod.empty()) seen.reached.emplace(0, e.in_pod);
  if (!e.user.empty()) seen.reached.emplace(1, e.user);
  if (!e.grants.empty()) seen.linking.emplace(1, e.grants);
  if (match.input == kLink && !e.to_pod.empty()) seen.linking.emplace(0, e.to_pod);
  if (match.input != kLink) seen.stage = e.stage;
  return seen;
}

std::string root_of(const Firing& firing) {
  const auto key = decode_group_key(firing.key_bytes);
  return key.at(1) == "null" ? "ip " + key.at(2) : key.at(1);
}

OperatorLimits chain_limits(Duration lateness) { return {64u << 20, 1'000'000, lateness, {}}; }

struct Feeding {
  Event event;
  StreamMatch match;
};

// Few people, pods and grants, so that links meet; disorder up to `disorder`.
std::vector<Feeding> random_events(uint64_t seed, size_t count, int64_t disorder) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return random() % n; };
  const auto one_of = [&](const std::vector<std::string>& names) { return names[below(names.size())]; };
  std::vector<std::pair<int64_t, Event>> events;
  int64_t now = 0;
  for (size_t i = 0; i < count; ++i) {
    now += static_cast<int64_t>(below(9));
    Event e;
    e.time = now;
    e.user = one_of({"alice", "bob", "sa1", "sa2", "controller", ""});
    e.peer = one_of({"10.0.0.1", "10.0.0.2"});
    e.stage = static_cast<Stage>(below(kStageNames.size()));
    e.rule = "r" + std::to_string(static_cast<int>(e.stage));
    if (e.user.starts_with("sa")) e.in_pod = "pod-" + e.user;
    if (below(4) == 0) e.to_pod = one_of({"pod-sa1", "pod-sa2"});
    if (below(6) == 0) e.grants = one_of({"sa1", "sa2", "bob"});
    events.emplace_back(now + static_cast<int64_t>(below(static_cast<uint64_t>(disorder) + 1)), e);
  }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Feeding> out;
  uint64_t sequence = 0;
  for (const auto& [arrival, e] : events) {
    ++sequence;
    const bool fires = below(5) == 0;  // then a correlation does by this event
    if (!e.to_pod.empty()) out.push_back({e, match_of(e, sequence, kLink)});
    if (fires) out.push_back({e, match_of(e, sequence, kActor)});
    if (e.stage != Stage::None) out.push_back({e, match_of(e, sequence, fires ? kFiring : kHit)});
  }
  return out;
}

std::map<std::string, size_t> counts_of(const std::vector<Firing>& firings) {
  std::map<std::string, size_t> counts;
  for (const Firing& firing : firings) {
    size_t& count = counts[root_of(firing)];
    count = std::max(count, static_cast<size_t>(firing.count));
  }
  return counts;
}

std::string text_of(const std::map<std::string, size_t>& counts) {
  std::string text;
  for (const auto& [root, count] : counts) text += root + "=" + std::to_string(count) + " ";
  return text;
}

void compare(const Shape& shape, uint64_t seed, int64_t disorder, Duration lateness, size_t& fired) {
  const Rule rule = chain_rule(shape);
  const auto op = make_operator(rule, chain_limits(lateness));
  OperatorDriver driver(*op, Duration{0}, lateness);
  model::Chain model(rule.correlation());
  for (const Feeding& feeding : random_events(seed, 90, disorder)) {
    std::vector<Firing> out;
    if (!driver.feed(feeding.match, out) || feeding.match.input == kActor) continue;
    const auto expected = model.add(seen_of(feeding.event, feeding.match));
    ASSERT_EQ(text_of(counts_of(out)), text_of(expected))
        << "seed " << seed << " event " << feeding.match.sequence << " at " << feeding.event.time;
    fired += out.size();
  }
  EXPECT_EQ(op->stats().approximate_keys, 0u);
}

TEST(ChainOperator, EqualsTheModel) {
  size_t fired = 0, streams = 0;
  for (const uint64_t seed : test_seeds(40)) {
    for (const Shape& shape : {Shape{}, Shape{.timespan = 25, .max_span = 25, .require = false},
                               Shape{.timespan = 60, .max_span = 400, .within = 200, .depth = 2, .need = 4},
                               Shape{.timespan = 15, .max_span = 90, .within = 8, .depth = 1, .need = 2}}) {
      const auto disorder = static_cast<int64_t>(seed % 4) * 20;
      compare(shape, seed, disorder, Duration{static_cast<int64_t>(seed % 3) * 30}, fired);
      ASSERT_FALSE(HasFatalFailure()) << "timespan " << shape.timespan;
      ++streams;
    }
  }
  EXPECT_GT(fired, streams);
}

TEST(ChainOperator, ContinuesFromAnArchiveAtAnyPoint) {
  const Rule rule = chain_rule({});
  size_t fired = 0;
  for (const uint64_t seed : test_seeds(20)) {
    std::vector<StreamMatch> stream;
    for (const Feeding& feeding : random_events(seed, 120, 30)) stream.push_back(feeding.match);
    const auto result = compare_resumed(rule, chain_limits(Duration{40}), stream, 1 + seed % 17);
    ASSERT_EQ(result.difference, "") << "seed " << seed;
    fired += result.firings;
  }
  EXPECT_GT(fired, 100u);
}

// Feeds events in their order, one match each, and a link's match in front of it.
class Story {
 public:
  explicit Story(Shape shape = {}, OperatorLimits limits = chain_limits(Duration{50}))
      : rule_(chain_rule(shape)), op_(make_operator(rule_, limits)), driver_(*op_, Duration{0}, limits.lateness) {}

  Story& add(const Event& e) {
    ++sequence_;
    if (!e.to_pod.empty()) driver_.feed(match_of(e, sequence_, kLink), fired_);
    if (e.stage != Stage::None) driver_.feed(match_of(e, sequence_, kHit), fired_);
    return *this;
  }
  std::string roots() const { return text_of(counts_of(fired_)); }
  const std::vector<Firing>& fired() const { return fired_; }
  Operator& op() { return *op_; }

 private:
  Rule rule_;
  std::unique_ptr<Operator> op_;
  OperatorDriver driver_;
  uint64_t sequence_ = 0;
  std::vector<Firing> fired_;
};

TEST(ChainOperator, ShowsWhoLinkedToWhatAndWhen) {
  Story story;
  story.add({.time = 0, .user = "alice", .stage = Stage::Entry, .to_pod = "pod-sa1", .rule = "exec"});
  story.add({.time = 5, .user = "sa1", .stage = Stage::Collect, .in_pod = "pod-sa1", .grants = "sa2", .rule = "list"});
  story.add({.time = 9, .user = "sa2", .stage = Stage::Spread, .rule = "pod"});
  ASSERT_EQ(story.roots(), "alice=3 ");
  const Trail& trail = *story.fired().back().trail;
  ASSERT_EQ(trail.links.size(), 2u);
  EXPECT_EQ(trail.links[0].from, encoded_text("alice") + "n");
  EXPECT_EQ(trail.links[0].to, encoded_text("pod-sa1"));
  EXPECT_EQ(trail.links[1].from, encoded_text("sa1") + "n");
  EXPECT_EQ(trail.links[1].to, encoded_text("sa2"));
  EXPECT_EQ(trail.links[1].event.position.offset, event_ref(Timestamp{1'000'005}, 2).position.offset);
  ASSERT_EQ(trail.hits.size(), 3u);
  EXPECT_EQ(trail.hits[0].rule, "exec");
  EXPECT_EQ(trail.hits[0].by, "");
  EXPECT_EQ(trail.hits[2].by, encoded_text("sa2") + "n");
}

TEST(ChainOperator, LinksLeadForwardOnlyAndNothingIsMerged) {
  Story before;  // what the pod did before somebody entered it
  before.add({.time = 0, .user = "sa1", .stage = Stage::Collect, .in_pod = "pod-sa1"});
  before.add({.time = 1, .user = "sa1", .stage = Stage::Spread, .in_pod = "pod-sa1"});
  before.add({.time = 5, .user = "alice", .stage = Stage::Entry, .to_pod = "pod-sa1"});
  EXPECT_EQ(before.roots(), "");
  Story two;  // two people in one pod have their own chains
  two.add({.time = 0, .user = "alice", .stage = Stage::Entry, .to_pod = "pod-sa1"});
  two.add({.time = 1, .user = "bob", .stage = Stage::Probe});
  two.add({.time = 2, .user = "bob", .stage = Stage::Entry, .to_pod = "pod-sa1"});
  two.add({.time = 5, .user = "sa1", .stage = Stage::Collect, .in_pod = "pod-sa1"});
  EXPECT_EQ(two.roots(), "bob=3 ");
  Story address;  // is evidence, not identity
  address.add({.time = 0, .user = "alice", .stage = Stage::Entry});
  address.add({.time = 1, .user = "bob", .stage = Stage::Collect});
  address.add({.time = 2, .user = "", .stage = Stage::Spread});
  EXPECT_EQ(address.roots(), "");
}

TEST(ChainOperator, WithoutAnIdentityTheAddressIsTheRoot) {
  Story story;
  for (const std::string peer : {"10.0.0.1", "10.0.0.2"}) {
    story.add({.time = 0, .user = "", .peer = peer, .stage = Stage::Entry});
    story.add({.time = 1, .user = "", .peer = peer, .stage = Stage::Collect});
  }
  story.add({.time = 2, .user = "system:anonymous", .peer = "10.0.0.2", .stage = Stage::Spread});
  EXPECT_EQ(story.roots(), "ip 10.0.0.2=3 ");
}

TEST(ChainOperator, AControllerHasNoChainButMayBePartOfOne) {
  Story alone;
  for (const Stage stage : {Stage::Entry, Stage::Collect, Stage::Spread}) {
    alone.add({.time = static_cast<int64_t>(stage), .user = "controller", .stage = stage});
  }
  EXPECT_EQ(alone.roots(), "");
  Story taken;
  taken.add({.time = 0, .user = "alice", .stage = Stage::Probe, .grants = "controller"});
  taken.add({.time = 1, .user = "controller", .stage = Stage::Collect});
  taken.add({.time = 2, .user = "controller", .stage = Stage::Spread});
  EXPECT_EQ(taken.roots(), "alice=3 ");
}

TEST(ChainOperator, ARequiredStageIsTheRootsOwn) {
  Story story;
  story.add({.time = 0, .user = "alice", .stage = Stage::Spread, .grants = "sa1"});
  story.add({.time = 1, .user = "sa1", .stage = Stage::Probe});
  story.add({.time = 2, .user = "sa1", .stage = Stage::Collect});
  EXPECT_EQ(story.roots(), "");
  story.add({.time = 3, .user = "alice", .stage = Stage::Entry});
  EXPECT_EQ(story.roots(), "alice=4 ");
}

TEST(ChainOperator, BeginsWithinTheTimespanAndGrowsUpToMaxSpan) {
  Story story({.timespan = 40, .max_span = 120});
  story.add({.time = 0, .user = "alice", .stage = Stage::Entry});
  story.add({.time = 20, .user = "alice", .stage = Stage::Collect});
  story.add({.time = 39, .user = "alice", .stage = Stage::Spread});
  EXPECT_EQ(story.roots(), "alice=3 ");
  story.add({.time = 118, .user = "alice", .stage = Stage::Effect});
  EXPECT_EQ(story.roots(), "alice=4 ");
  Story late({.timespan = 40, .max_span = 120});
  late.add({.time = 0, .user = "alice", .stage = Stage::Entry});
  late.add({.time = 20, .user = "alice", .stage = Stage::Collect});
  late.add({.time = 40, .user = "alice", .stage = Stage::Spread});
  EXPECT_EQ(late.roots(), "");
}

// What time passing fires by an earlier event is its actor's, while that is remembered.
TEST(ChainOperator, AFiringBelongsToWhoeverMadeItsAnchor) {
  Rule rule = chain_rule({.require = false});
  std::get<Correlation>(rule.body).inputs[kActor].remember = Duration{500};
  const auto op = make_operator(rule, chain_limits(Duration{50}));
  std::vector<Firing> out;
  const auto feed = [&](const Event& e, uint64_t sequence, uint32_t input, uint64_t anchor, int64_t anchor_time) {
    const StreamMatch match = match_of(e, sequence, input);
    op->on_watermark(match.time, out);
    Match handed = match.match();
    handed.event = event_ref(Timestamp{1'000'000 + anchor_time}, anchor);
    op->on_match(handed, out);
  };
  feed({.time = 0, .user = "alice"}, 1, kActor, 1, 0);
  feed({.time = 300, .user = "bob", .stage = Stage::Entry}, 2, kHit, 2, 300);
  feed({.time = 301, .stage = Stage::Effect}, 3, kFiring, 1, 0);
  feed({.time = 302, .user = "alice", .stage = Stage::Probe}, 4, kHit, 4, 302);
  feed({.time = 303, .user = "alice", .stage = Stage::Spread}, 5, kHit, 5, 303);
  EXPECT_EQ(text_of(counts_of(out)), "alice=3 ");
  EXPECT_EQ(op->stats().approximate_keys, 0u);
  feed({.time = 900, .stage = Stage::Effect}, 6, kFiring, 1, 0);  // forgotten: nobody's
  EXPECT_EQ(op->stats().approximate_keys, 1u);
}

TEST(ChainOperator, DepthAndFanOutAreBounded) {
  Story deep({.depth = 1});
  deep.add({.time = 0, .user = "alice", .stage = Stage::Entry, .to_pod = "pod-sa1"});
  deep.add({.time = 1, .user = "sa1", .stage = Stage::Collect, .in_pod = "pod-sa1", .grants = "sa2"});
  deep.add({.time = 2, .user = "sa2", .stage = Stage::Spread});
  EXPECT_EQ(deep.roots(), "");
  Story wide({.fan_out = 4});  // counts for four roots, the fifth is left out and counted
  for (int i = 0; i < 5; ++i) {
    wide.add({.time = i, .user = "user" + std::to_string(i), .stage = Stage::Entry, .to_pod = "pod-sa1"});
    wide.add({.time = i, .user = "user" + std::to_string(i), .stage = Stage::Probe});
  }
  wide.add({.time = 9, .user = "sa1", .stage = Stage::Collect, .in_pod = "pod-sa1"});
  EXPECT_EQ(counts_of(wide.fired()).size(), 3u);  // and itself
  EXPECT_EQ(wide.op().stats().approximate_keys, 2u);
}

TEST(ChainOperator, AFloodStaysWithinItsBudget) {
  const size_t budget = 200'000;
  Story story({}, {budget, 1'000'000, Duration{50}, {}});
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = "user" + std::to_string(i);
    story.add({.time = i, .user = name, .stage = Stage::Entry, .to_pod = "pod" + name, .grants = "sa" + name});
    ASSERT_LE(story.op().bytes(), budget + 20'000);
  }
  EXPECT_GT(story.op().stats().evictions, 1'000u);
  const uint64_t approximate = story.op().stats().approximate_keys;
  story.op().shrink(10'000);
  EXPECT_LE(story.op().bytes(), 10'000u);
  EXPECT_GT(story.op().stats().approximate_keys, approximate) << "events inside the lateness were pushed out";
  story.add({.time = 5'001, .user = "alice", .stage = Stage::Entry});
  story.add({.time = 5'002, .user = "alice", .stage = Stage::Collect});
  story.add({.time = 5'003, .user = "alice", .stage = Stage::Spread});
  EXPECT_EQ(story.roots(), "alice=3 ");
}

// One instant with more events than are remembered: a link that comes late misses the first of them.
TEST(ChainOperator, EventsThatArePushedOutAreCounted) {
  Story story({}, {64u << 20, 1'000'000, Duration{50}, {}});
  for (size_t i = 0; i < limits::kChainEvents + 7; ++i) {
    story.add({.time = 0, .user = "alice", .stage = Stage::Collect});
  }
  EXPECT_EQ(story.op().stats().approximate_keys, 7u);
}

}  // namespace
}  // namespace kubevigil
