#include "inputs/sender_book.h"

#include <algorithm>
#include <cmath>

#include "engine/base/hash.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr Duration kGeneration = Duration::minutes(10);
constexpr Duration kForgotten = Duration::minutes(20);
constexpr double kRateSeconds = 60;
constexpr size_t kNotices = 256;
constexpr size_t kPathBytes = 256;
constexpr Duration kExpectedWithin = Duration::minutes(5);  // longer than an API server's ladder of retries

// The one not seen for longest leaves.
template <typename Table>
uint64_t make_place(Table& table, size_t most) {
  if (table.size() < most) return 0;
  table.erase(std::min_element(table.begin(), table.end(),
                               [](const auto& a, const auto& b) { return a.second.touched < b.second.touched; }));
  return 1;
}

}  // namespace

std::string_view to_text(WebhookRefusal refusal) {
  switch (refusal) {
    case WebhookRefusal::Paused:
      return "paused";
    case WebhookRefusal::Busy:
      return "busy";
    case WebhookRefusal::Budget:
      return "budget";
    case WebhookRefusal::DiskFull:
      return "disk-full";
    case WebhookRefusal::TooLong:
      return "too-long";
    case WebhookRefusal::Broken:
      return "broken";
  }
  return "";
}

int64_t SenderBook::Sender::longest_gap() const { return *std::max_element(gaps.begin(), gaps.end()); }

Duration SenderBook::Sender::silent_after(Duration idle) const {
  const Duration usual = expected ? kExpectedWithin : Duration::seconds(kSilentGaps * longest_gap());
  return std::max(idle, usual);
}

SenderBook::Sender& SenderBook::sender(const SenderKey& key, Duration now) {
  auto found = senders_.find(key);
  if (found == senders_.end()) {
    totals_.forgotten += make_place(senders_, limits::kSenders);
    found = senders_.try_emplace(key).first;
    found->second.facts.key = key;
    found->second.posted = found->second.rated = now;
  }
  found->second.touched = now;
  return found->second;
}

SenderSums& SenderBook::sums_of(const SenderKey& key) {
  std::pair<std::string, std::string> name{key.cluster, key.credential};
  if (sums_.size() >= limits::kSenders && !sums_.contains(name)) name = {"other", "other"};
  SenderSums& sums = sums_[name];
  sums.cluster = name.first;
  sums.credential = name.second;
  return sums;
}

void SenderBook::notify(SenderNotice notice) {
  if (notices_.size() >= kNotices) {
    ++totals_.notices_dropped;
    return;
  }
  notices_.push_back(std::move(notice));
}

void SenderBook::count_gap(Sender& one, Duration now) {
  const Duration gap = now - one.posted;
  const bool first = !one.facts.heard.has_value();
  if (one.facts.silent) {
    notify({SenderNotice::Kind::Heard, one.facts.key, gap});
    one.facts.silent = false;
    one.facts.longest_silence = std::max(one.facts.longest_silence, gap);
  } else if (!first) {
    if (gap < Duration::seconds(1)) return;  // `posted` stays: a thousand posts a second make one gap a second
    one.gaps[one.gap_count++ % kHabitGaps] = (gap.micros + 999'999) / 1'000'000;
  }
  one.expected = false;
  one.posted = now;
}

bool SenderBook::is_retry(const std::string& cluster, uint64_t bytes, uint64_t fingerprint, Duration now) {
  if (now - generation_ >= kGeneration || bodies_.size() >= limits::kBodiesRemembered) {
    older_bodies_ = std::exchange(bodies_, {});
    if (now - generation_ >= kForgotten) older_bodies_.clear();
    generation_ = now;
  }
  const uint64_t id = siphash(cluster, {bytes, fingerprint}).low;
  const bool known = older_bodies_.contains(id) || bodies_.contains(id);
  bodies_.insert(id);
  return known;
}

void SenderBook::took(const SenderKey& key, uint64_t bytes, uint64_t fingerprint) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  Sender& one = sender(key, now);
  count_gap(one, now);
  one.facts.heard = env_.now();
  const uint64_t again = is_retry(key.cluster, bytes, fingerprint, now) ? 1 : 0;
  SenderSums& sums = sums_of(key);
  ++one.facts.bodies, ++sums.bodies, ++totals_.bodies;
  one.facts.bytes += bytes, sums.bytes += bytes, totals_.bytes += bytes;
  one.facts.retries += again, sums.retries += again, totals_.retries += again;
}

void SenderBook::refused(const SenderKey& key, WebhookRefusal reason) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  Sender& one = sender(key, now);
  count_gap(one, now);  // it is there
  ++one.facts.refused[static_cast<size_t>(reason)];
  ++sums_of(key).refused[static_cast<size_t>(reason)];
  ++totals_.refused[static_cast<size_t>(reason)];
}

void SenderBook::showed(const SenderKey& key, Timestamp certificate_ends) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  sender(key, now).facts.certificate_ends = certificate_ends;
}

void SenderBook::turned_away(const std::string& peer, Refusal refusal, std::string_view path) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  ++totals_.turned_away[static_cast<size_t>(refusal)];
  auto found = strangers_.find(peer);
  if (found == strangers_.end()) {
    totals_.strangers_forgotten += make_place(strangers_, limits::kStrangers);
    found = strangers_.try_emplace(peer).first;
    found->second.facts.peer = peer;
  }
  StrangerFacts& facts = found->second.facts;
  found->second.touched = now;
  ++facts.refused[static_cast<size_t>(refusal)];
  facts.seen = env_.now();
  facts.path = cut_to_bytes(printable(path.substr(0, kPathBytes)), kPathBytes);
  const bool guesses =
      refusal == Refusal::OtherCluster || refusal == Refusal::UnknownToken || refusal == Refusal::UnknownIdentity;
  const auto same = [&](const SenderNotice& n) {
    return n.kind == SenderNotice::Kind::Unknown && n.key.peer == peer && n.refusal == refusal;
  };
  if (!guesses || std::any_of(notices_.begin(), notices_.end(), same)) return;
  notify({SenderNotice::Kind::Unknown, {"", "", peer}, {}, refusal, facts.path});
}

double SenderBook::rate_at(const Sender& one, Duration now) {
  const double passed = static_cast<double>((now - one.rated).micros) / 1e6;
  return one.rate * std::exp(-passed / kRateSeconds);
}

void SenderBook::events_read(const SenderKey& key, uint64_t events, std::optional<Timestamp> newest, Timestamp arrival,
                             uint64_t duplicates) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  totals_.events += events;
  SenderSums& sums = sums_of(key);
  sums.events += events;
  sums.duplicates += duplicates;
  const auto found = senders_.find(key);
  if (found == senders_.end()) return;  // of the last life, or forgotten
  Sender& one = found->second;
  one.facts.events += events;
  one.facts.duplicates += duplicates;
  one.rate = rate_at(one, now) + static_cast<double>(events) / kRateSeconds;
  one.rated = now;
  if (!newest) return;
  const Duration late = arrival - *newest;
  const Duration before = one.facts.latency.value_or(late);
  one.facts.latency = Duration{before.micros + (late - before).micros / 8};
  one.facts.latency_longest = std::max(one.facts.latency_longest, late);
}

void SenderBook::expect(const SenderKey& key) {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  Sender& one = sender(key, now);
  if (!one.facts.heard) one.expected = true;
}

std::vector<SenderNotice> SenderBook::review() {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  for (auto& [key, one] : senders_) {
    const Duration gap = now - one.posted;
    const bool habit = one.expected || one.gap_count >= kHabitGaps;
    if (one.facts.silent || !habit || gap <= one.silent_after(options_.idle)) continue;
    one.facts.silent = true;
    ++one.facts.silences;
    ++sums_of(key).silences;
    notify({SenderNotice::Kind::Silent, key, gap});
  }
  return std::exchange(notices_, {});
}

SenderTotals SenderBook::totals() const {
  const std::lock_guard hold(mutex_);
  return totals_;
}

std::vector<SenderSums> SenderBook::sums() const {
  const std::lock_guard hold(mutex_);
  std::vector<SenderSums> all;
  for (const auto& [name, sums] : sums_) all.push_back(sums);
  return all;
}

std::vector<SenderFacts> SenderBook::senders() const {
  const Duration now = env_.monotonic();
  const std::lock_guard hold(mutex_);
  std::vector<SenderFacts> all;
  for (const auto& [key, one] : senders_) {
    SenderFacts& facts = all.emplace_back(one.facts);
    facts.events_per_second = rate_at(one, now);
    if (one.gap_count >= kHabitGaps) facts.usual_gap = Duration::seconds(one.longest_gap());
  }
  return all;
}

std::vector<StrangerFacts> SenderBook::strangers() const {
  const std::lock_guard hold(mutex_);
  std::vector<StrangerFacts> all;
  for (const auto& [peer, one] : strangers_) all.push_back(one.facts);
  return all;
}

}  // namespace kubevigil
