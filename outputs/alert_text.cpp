#include "outputs/alert_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace kubevigil {

Phase phase_of(const Alert& alert) {
  switch (alert.status) {
    case EpisodeStatus::Open:
      return Phase::New;
    case EpisodeStatus::Update:
      return Phase::Goes;
    case EpisodeStatus::Closed:
      return alert.revision <= 1 ? Phase::New : Phase::Over;
    case EpisodeStatus::Retracted:
      return Phase::Withdrawn;
  }
  return Phase::New;
}

Phase phase_of(const Alert& alert, const EncodingOptions& options) {
  return options.revisions ? phase_of(alert) : Phase::New;
}

std::string resource_of(const Alert& alert) {
  std::string out = alert.target.resource;
  if (!alert.target.subresource.empty()) out += "/" + alert.target.subresource;
  return out;
}

std::string object_of(const Alert& a) {
  std::string out = resource_of(a);
  std::string name = a.target.ns;
  if (!a.target.name.empty()) name += (name.empty() ? "" : "/") + a.target.name;
  if (!name.empty()) out += (out.empty() ? "" : " ") + name;
  return out.empty() ? a.request.uri : out;
}

std::string target_of(const Alert& a) {
  const std::string object = object_of(a);
  return a.request.verb.empty() || object.empty() ? a.request.verb + object : a.request.verb + " " + object;
}

std::string actor_of(const Alert& a) {
  std::string out = a.actor.username.empty() ? std::string("-") : a.actor.username;
  if (!a.actor.impersonated_by.empty()) out = a.actor.impersonated_by + " as " + out;
  if (!a.source.peer_ip.empty()) out += " " + a.source.peer_ip;
  return out;
}

std::string joined(std::span<const std::string> texts, std::string_view separator, size_t most) {
  std::string out;
  for (size_t i = 0; i < texts.size() && i < most; ++i) {
    if (!out.empty()) out += separator;
    out += texts[i];
  }
  if (texts.size() > most) out += fmt::format("{}{} more", separator, texts.size() - most);
  return out;
}

std::vector<std::string> techniques_of(const Alert& alert) {
  std::vector<std::string> out;
  for (const AlertAttack& attack : alert.attack) {
    out.push_back(attack.technique_id.empty() ? attack.tactic : attack.technique_id);
  }
  return out;
}

std::vector<std::string> chain_of(const Alert& alert) {
  std::vector<std::pair<Timestamp, std::string>> steps;
  for (const AlertChainHit& hit : alert.chain.hits) {
    steps.emplace_back(hit.time, fmt::format("{} {} by {}", to_text(hit.stage), hit.rule, hit.by));
  }
  for (const AlertChainLink& link : alert.chain.links) {
    steps.emplace_back(link.time, fmt::format("link {}: {} -> {}", link.link, link.from, link.to));
  }
  std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (const auto& [time, text] : steps) out.push_back(format_rfc3339(time).substr(11, 8) + " " + text);
  return out;
}

std::string rule_title_of(const Alert& alert) {
  if (!alert.rule_title.empty()) return alert.rule_title;
  if (!alert.rule_name.empty()) return alert.rule_name;
  return alert.rule_id.empty() ? "rule without a name" : alert.rule_id;
}

const std::string& authenticated_user(const Alert& alert) {
  return alert.actor.impersonated_by.empty() ? alert.actor.username : alert.actor.impersonated_by;
}

std::string link_to(const Alert& alert, const EncodingOptions& options) {
  return options.link.empty() ? std::string() : options.link + alert.id;
}

std::string host_of(const EncodingOptions& options) { return options.host.empty() ? "kubevigil" : options.host; }

}  // namespace kubevigil
