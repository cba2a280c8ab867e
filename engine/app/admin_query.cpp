#include "engine/app/admin_query.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kMembers = 20;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (fold(c) >= 'a' && fold(c) <= 'f') return fold(c) - 'a' + 10;
  return -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return fail("the query has a % that two hexadecimal digits do not follow");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Result<void> set(AlertQuery& query, const std::string& name, const std::string& value, Timestamp now) {
  constexpr std::array<std::string_view, 4> kStatus = {"open", "update", "closed", "retracted"};
  if (name == "rule") {
    query.rule = value;
  } else if (name == "cluster") {
    query.cluster = value;
  } else if (name == "level") {
    const auto level = parse_level(value);
    if (!level) return fail(fmt::format("level is one of {}", fmt::join(kLevelNames, ", ")));
    query.min_level = *level;
  } else if (name == "status") {
    if (std::find(kStatus.begin(), kStatus.end(), value) == kStatus.end()) {
      return fail(fmt::format("status is one of {}", fmt::join(kStatus, ", ")));
    }
    query.status = value;
  } else if (name == "since") {
    const auto ago = parse_duration(value);
    query.since = ago ? now - *ago : parse_date_or_time(value);
    if (!query.since) return fail("since is a time (2026-01-02T03:04:05Z) or how long ago (1h)");
  } else if (name == "limit") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
    if (error != std::errc() || end != value.data() + value.size() || query.limit < 1 ||
        query.limit > limits::kRecentAlerts) {
      return fail(fmt::format("limit is a number from 1 to {}", limits::kRecentAlerts));
    }
  } else {
    return fail("parameters are level, rule, cluster, status, since and limit");
  }
  return {};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::string_view member : split(query, '&')) {
    if (member.empty()) continue;
    if (out.size() == kMembers) return fail(fmt::format("the query has more than {} parameters", kMembers));
    const size_t equals = member.find('=');
    auto name = decoded(member.substr(0, equals));
    auto value = decoded(equals == std::string_view::npos ? std::string_view() : member.substr(equals + 1));
    if (!name) return tl::unexpected(name.error());
    if (!value) return tl::unexpected(value.error());
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

Result<AlertQuery> parse_alert_query(std::string_view query, Timestamp now) {
  const auto members = parse_query(query);
  if (!members) return tl::unexpected(members.error());
  AlertQuery out;
  std::set<std::string> seen;
  for (const auto& [name, value] : *members) {
    if (!seen.insert(name).second) return fail("a parameter stands twice");
    if (const auto set_one = set(out, name, value, now); !set_one) return tl::unexpected(set_one.error());
  }
  return out;
}

}  // namespace kubevigil
