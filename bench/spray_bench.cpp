// Somebody makes keys of one rule in masses (streaming.md 5, test 21): the correlator with a million or more keys that
// are seen once, in a budget that holds a few thousand, against the same number of events of 1,000 honest keys. First,
// on the whole of it: the state stays within its budget, a key that lacked one match fires, and the actor is named.
//
//   spray_bench [--keys=50000000]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/interleaved.h"
#include "engine/match/group_key.h"
#include "engine/state/correlator.h"

namespace kubevigil::bench {
namespace {

constexpr double kThreshold = 10;
constexpr size_t kStateBytes = 4u << 20;
constexpr uint64_t kHonestKeys = 1'000;

std::shared_ptr<const RuleSet> rules() {
  auto rules = std::make_shared<RuleSet>();
  Rule& probe = rules->rules.emplace_back();
  probe.meta.name = probe.meta.id = "probe";
  probe.body = Detection{};
  probe.alerts = false;
  Rule& many = rules->rules.emplace_back();
  many.meta.name = many.meta.id = "many";
  Correlation correlation;
  correlation.type = CorrelationType::EventCount;
  correlation.timespan = Duration::hours(24);
  correlation.group_by = {"objectRef.name"};
  correlation.condition.bounds = {{CountCondition::Op::Gte, kThreshold}};
  correlation.inputs.resize(1);
  correlation.inputs[0].group = {FieldRef{FieldId::ObjectName, {}}};
  many.body = correlation;
  return rules;
}

class Scene {
 public:
  Scene() : correlator_(rules(), std::vector<Feed>{{1, 0}}, options()) {}

  // One event of `user` that matches the rule's detection, for this key.
  void event(std::string_view user, std::string_view name) {
    ++events_;
    result_.events.resize(1);
    result_.hits.resize(1);
    result_.operands.resize(1);
    result_.memory.clear();
    EventMark& mark = result_.events[0] = EventMark();
    mark.time = Timestamp{1'700'000'000'000'000 + static_cast<int64_t>(events_) * 10};
    mark.identity = {events_, events_ * 0x9e3779b97f4a7c15ULL};
    mark.audit_stage = {~events_, events_ * 0xc2b2ae3d27d4eb4fULL};
    mark.hit_count = 1;
    result_.hits[0].operand_count = 1;
    Operand& operand = result_.operands[0] = Operand();
    append_group_text(result_.memory, "prod");
    append_group_text(result_.memory, name);
    operand.key_size = static_cast<uint32_t>(result_.memory.size());
    operand.key = siphash(result_.memory);
    mark.actor_begin = operand.key_size;
    append_group_text(result_.memory, "prod");
    append_group_text(result_.memory, user);
    mark.actor_size = static_cast<uint32_t>(result_.memory.size()) - mark.actor_begin;
    changes_.clear();
    correlator_.on_event(mark.time, mark.time, result_, mark, source_, changes_);
    for (const EpisodeChange& change : changes_) opened_ += change.kind == EpisodeChange::Kind::Opened ? 1 : 0;
    most_bytes_ = std::max(most_bytes_, (events_ & 0xff) == 0 ? correlator_.operator_stats(1).bytes : 0);
  }

  Correlator& correlator() { return correlator_; }
  uint64_t opened() const { return opened_; }
  uint64_t most_bytes() const { return most_bytes_; }

 private:
  static CorrelatorOptions options() {
    CorrelatorOptions options;
    options.state_bytes = kStateBytes;
    return options;
  }

  Correlator correlator_;
  EventSource source_;
  MatchResult result_;
  std::vector<EpisodeChange> changes_;
  uint64_t events_ = 0, opened_ = 0, most_bytes_ = 0;
};

void spray(Scene& scene, uint64_t keys) {
  for (uint64_t i = 0; i < keys; ++i) scene.event("mallory", "pod-" + std::to_string(i));
}

void honest(Scene& scene, uint64_t events) {
  for (uint64_t i = 0; i < events; ++i) scene.event("alice", "pod-" + std::to_string(i % kHonestKeys));
}

bool check(uint64_t keys) {
  Scene scene;
  for (int i = 1; i < static_cast<int>(kThreshold); ++i) scene.event("eve", "victim");
  spray(scene, keys);
  if (scene.opened() != 0) std::fprintf(stderr, "spray: keys that were seen once fired\n");
  scene.event("eve", "victim");
  const auto named = scene.correlator().take_explosions();
  const bool actor = named.size() == 1 && named[0].maker.user == "mallory" && named[0].rule == 1;
  std::printf("%lu keys: at most %lu bytes of state in a budget of %zu; the victim's key %s; %s\n", keys,
              scene.most_bytes(), kStateBytes, scene.opened() == 1 ? "fired" : "was LOST",
              actor ? "the actor is named" : "the actor is NOT named");
  return scene.opened() == 1 && scene.most_bytes() <= kStateBytes && actor;
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil::bench;
  uint64_t keys = 1'000'000;
  const std::string_view option = "--keys=";
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(option)) keys = std::strtoull(argv[i] + option.size(), nullptr, 10);
  }
  if (!check(keys)) return 1;
  std::vector<double> ratios, honest_rates, spray_rates;
  for (int pair = 0; pair < kPairs; ++pair) {
    Scene one, other;
    const double yardstick = seconds_of(Clock::Thread, [&] { honest(one, keys); });
    const double candidate = seconds_of(Clock::Thread, [&] { spray(other, keys); });
    ratios.push_back(yardstick / candidate);
    honest_rates.push_back(static_cast<double>(keys) / yardstick / 1e6);
    spray_rates.push_back(static_cast<double>(keys) / candidate / 1e6);
  }
  std::printf("spray: %.2f M events/s, honest keys: %.2f M events/s, ratio %.2f (medians of %d pairs)\n",
              median(spray_rates), median(honest_rates), median(ratios), kPairs);
  return 0;
}
