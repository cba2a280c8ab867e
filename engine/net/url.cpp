#include "engine/net/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/network.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kUrlBytes = 4096;

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool take_port(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && port != 0;
}

// host [ ":" port ]; an IPv6 address stands in brackets.
bool take_authority(std::string_view text, Url& url) {
  size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return false;
    url.host = text.substr(1, bracket - 1);
    if (url.host.find(':') == std::string::npos || !parse_address(url.host)) return false;
    host_end = bracket + 1;
  } else {
    url.host = folded(text.substr(0, host_end));
    if (!is_host_name(url.host)) return false;
  }
  if (host_end >= text.size()) return true;
  return text[host_end] == ':' && take_port(text.substr(host_end + 1), url.port);
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    // Not the text itself: the path or what stands before '@' may hold a secret.
    return fail(fmt::format("URL of {} characters {}; expected https://HOST[:PORT]/PATH", text.size(), what));
  };
  if (text.size() > kUrlBytes) return wrong("is too long");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return wrong("holds spaces, control characters or letters outside ASCII");
  }
  Url url;
  const size_t scheme_end = text.find("://");
  const std::string scheme = folded(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  if (scheme != "http" && scheme != "https") return wrong("does not begin with http:// or https://");
  url.tls = scheme == "https";
  url.port = url.tls ? 443 : 80;
  const std::string_view rest = text.substr(scheme_end + 3);
  const size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  if (authority.find('@') != std::string_view::npos) return wrong("holds a user name; use the setting for credentials");
  if (!take_authority(authority, url)) return wrong("has no usable host or port");
  if (rest.find('#') != std::string_view::npos) return wrong("holds a fragment (#)");
  url.target = rest.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(url.target.begin(), '/');
  return url;
}

}  // namespace kubevigil
