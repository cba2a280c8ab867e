#include "engine/run/alert_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/hash.h"

namespace kubevigil {
namespace {

constexpr size_t kNamed = 10;  // rules in the message; the values have all

std::string digest_id(const std::string& sink, const Alert& first) {
  return sha256_hex(fmt::format("digest\n{}\n{}\n{}", sink, first.id, first.revision)).substr(0, 32);
}

Alert begin_digest(const std::string& sink, const Alert& first) {
  Alert digest;
  digest.id = digest_id(sink, first);
  digest.dedup_key = sha256_hex("digest\n" + sink).substr(0, 32);
  digest.status = EpisodeStatus::Open;
  digest.time = first.time;
  digest.first_seen = first.first_seen;
  digest.last_seen = first.last_seen;
  digest.level = first.level;
  digest.cluster = first.cluster;
  digest.rule_id = kDigestRuleId;
  digest.rule_name = kDigestRuleName;
  digest.rule_title = "More alerts than the rate limit of this output";
  digest.next_steps = {"Read the folded alerts where there is no limit: another output, or the status page",
                       "Many alerts of one rule: look at who causes them, or add an exception"};
  return digest;
}

}  // namespace

bool AlertRate::admits(const Alert& alert, Duration now) {
  if (limit_.alerts == 0) return true;
  if (!end_ || now >= *end_) {
    end_ = Duration{now.micros + limit_.per.micros};
    passed_ = 0;
  }
  const bool always = alert.level == Level::Critical || alert.status == EpisodeStatus::Retracted;
  if (!always && passed_ >= limit_.alerts) {
    fold(alert);
    return false;
  }
  ++passed_;
  return true;
}

void AlertRate::fold(const Alert& alert) {
  if (!digest_) digest_ = begin_digest(sink_, alert);
  ++digest_->count;
  digest_->time = std::max(digest_->time, alert.time);
  digest_->first_seen = std::min(digest_->first_seen, alert.first_seen);
  digest_->last_seen = std::max(digest_->last_seen, alert.last_seen);
  digest_->level = std::max(digest_->level, alert.level);
  if (digest_->cluster != alert.cluster) digest_->cluster.clear();
  std::string name = alert.rule_name.empty() ? alert.rule_id : alert.rule_name;
  if (rules_.size() >= kDigestRules && !rules_.contains(name)) name = "other rules";
  Folded& rule = rules_[name];
  ++rule.count;
  rule.level = std::max(rule.level, alert.level);
}

std::optional<Duration> AlertRate::digest_due() const { return digest_ ? end_ : std::nullopt; }

Alert AlertRate::take_digest() {
  std::vector<std::pair<std::string, Folded>> rules(rules_.begin(), rules_.end());
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
    return std::tie(b.second.level, b.second.count) < std::tie(a.second.level, a.second.count);
  });
  Alert digest = std::move(*digest_);
  for (const auto& [name, folded] : rules) {
    digest.values.push_back(fmt::format("{} {} ({})", folded.count, name, to_text(folded.level)));
  }
  const size_t named = std::min(kNamed, digest.values.size());
  digest.message = fmt::format("{} alerts above the limit of {} in {} were folded into this one: {}{}", digest.count,
                               limit_.alerts, format_duration(limit_.per),
                               fmt::join(digest.values.begin(), digest.values.begin() + static_cast<int>(named), ", "),
                               named < digest.values.size() ? ", and of other rules" : "");
  digest_.reset();
  rules_.clear();
  end_.reset();
  return digest;
}

}  // namespace kubevigil
