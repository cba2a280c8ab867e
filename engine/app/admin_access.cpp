#include "engine/app/admin_access.h"

#include "engine/base/network.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

bool same(const std::array<unsigned char, 32>& a, const std::array<unsigned char, 32>& b) {
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

bool knows_token(const CredentialTable& table, std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() || !equals_folded(authorization.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  const auto shown = token_hash(trim(authorization.substr(kScheme.size())));
  bool known = false;
  for (const Credential& credential : table) {
    for (const auto& hash : credential.token_hashes) known |= same(hash, shown);
  }
  return known;
}

// The host of "host", "host:port", "[v6]" and "[v6]:port".
std::string_view host_of(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') == std::string_view::npos ? 0 : text.find(']') - 1);
  return text.substr(0, text.find(':'));
}

}  // namespace

bool is_loopback(std::string_view address) {
  static const Network kV4 = *parse_network("127.0.0.0/8"), kV6 = *parse_network("::1");
  const auto parsed = parse_address(address);
  return parsed && (kV4.contains(*parsed) || kV6.contains(*parsed));
}

bool names_loopback(std::string_view host) {
  const std::string_view name = host_of(host);
  return equals_folded(name, "localhost") || is_loopback(name);
}

AdminAccess AdminGuard::judge(const HttpHeaders& headers, bool probe) const {
  if (tokens != nullptr) {
    const auto authorization = only_header(headers, "authorization");
    if (authorization && knows_token(*tokens->current(), *authorization)) return AdminAccess::Full;
    return probe ? AdminAccess::Probe : AdminAccess::NoToken;
  }
  const auto host = only_header(headers, "host");
  if (loopback && !(host && names_loopback(*host))) return AdminAccess::WrongHost;
  return AdminAccess::Full;
}

Result<std::shared_ptr<CredentialSource>> open_admin_tokens(const std::string& file) {
  return CredentialSource::open({{.name = "admin", .token_file = file, .clusters = {"admin"}}});
}

}  // namespace kubevigil
