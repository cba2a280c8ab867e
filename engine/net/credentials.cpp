#include "engine/net/credentials.h"

#include <algorithm>
#include <charconv>

#include "engine/base/hash.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kPath = "/k8s-audit";
constexpr size_t kClusterName = 253;

using TokenHash = std::array<unsigned char, 32>;

// Looks at every byte whatever it finds; `volatile` keeps the compiler from leaving early.
bool equal_in_constant_time(const TokenHash& a, const TokenHash& b) {
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

bool knows_token(const Credential& credential, const TokenHash& shown) {
  bool known = false;
  for (const TokenHash& hash : credential.token_hashes) known = equal_in_constant_time(hash, shown) || known;
  return known;
}

bool fits_certificate(const Credential& credential, const PeerCertificate& peer) {
  const CredentialSpec& spec = credential.spec;
  const auto& names = peer.alternative_names;
  const bool named =
      (!spec.common_name.empty() && spec.common_name == peer.common_name) ||
      (!spec.alternative_name.empty() && std::find(names.begin(), names.end(), spec.alternative_name) != names.end());
  if (!named || spec.authorities_file.empty()) return named;
  // The leaf is no authority of itself.
  return std::any_of(peer.chain_sha256.begin() + (peer.chain_sha256.empty() ? 0 : 1), peer.chain_sha256.end(),
                     [&](const std::string& print) {
                       const auto& known = credential.authorities;
                       return std::find(known.begin(), known.end(), print) != known.end();
                     });
}

// The token of "Bearer TOKEN" (RFC 6750 2.1; the scheme in any case, RFC 9110 11.1).
std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!equals_folded(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return trim(authorization.substr(kScheme.size()));
}

// The credentials that the request shows; an error if what it shows fits none.
tl::expected<std::vector<const Credential*>, Refusal> shown_credentials(const CredentialTable& table,
                                                                        const PostedBy& request) {
  std::vector<const Credential*> shown;
  if (request.authorization) {
    const auto token = bearer_token(*request.authorization);
    const TokenHash hash = token_hash(token.value_or(""));
    for (const Credential& one : table) {
      if (knows_token(one, hash)) shown.push_back(&one);
    }
    if (!token || shown.empty()) return tl::unexpected(Refusal::UnknownToken);
  }
  if (request.certificate != nullptr) {
    for (const Credential& one : table) {
      if (fits_certificate(one, *request.certificate)) shown.push_back(&one);
    }
  }
  if (!shown.empty()) return shown;
  if (request.anonymous_allowed) {
    for (const Credential& one : table) {
      if (one.spec.anonymous) shown.push_back(&one);
    }
  }
  if (!shown.empty()) return shown;
  return tl::unexpected(request.certificate != nullptr ? Refusal::UnknownIdentity : Refusal::NoCredential);
}

// The cluster in the path; empty if it names none.
tl::expected<std::string_view, Refusal> cluster_of(std::string_view path) {
  if (!path.starts_with(kPath)) return tl::unexpected(Refusal::UnknownPath);
  std::string_view rest = path.substr(kPath.size());
  if (!rest.empty() && rest.front() != '/') return tl::unexpected(Refusal::UnknownPath);
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (!rest.empty() && !is_cluster_name(rest)) return tl::unexpected(Refusal::BadCluster);
  if (path.ends_with("//")) return tl::unexpected(Refusal::BadCluster);
  return rest;
}

}  // namespace

TokenHash token_hash(std::string_view token) {
  const std::string hex = sha256_hex(token);
  TokenHash hash{};
  for (size_t i = 0; i < hash.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, hash[i], 16);
  }
  return hash;
}

bool is_cluster_name(std::string_view text) {
  return !text.empty() && text.size() <= kClusterName && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

std::string_view to_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::UnknownPath:
      return "unknown-path";
    case Refusal::BadCluster:
      return "bad-cluster";
    case Refusal::NoCredential:
      return "no-credential";
    case Refusal::UnknownToken:
      return "unknown-token";
    case Refusal::UnknownIdentity:
      return "unknown-identity";
    case Refusal::OtherCluster:
      return "other-cluster";
    case Refusal::AmbiguousCluster:
      return "ambiguous-cluster";
  }
  return "";
}

tl::expected<Sender, Refusal> authorize(const CredentialTable& table, const PostedBy& request) {
  const auto wanted = cluster_of(request.path);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto shown = shown_credentials(table, request);
  if (!shown) return tl::unexpected(shown.error());
  std::optional<Sender> found;
  for (const Credential* one : *shown) {
    for (const std::string& cluster : one->spec.clusters) {
      if (!wanted->empty() && cluster != *wanted) continue;
      if (found && found->cluster != cluster) return tl::unexpected(Refusal::AmbiguousCluster);
      if (!found) found = Sender{cluster, one->spec.name};
    }
  }
  if (!found) return tl::unexpected(Refusal::OtherCluster);
  return std::move(*found);
}

}  // namespace kubevigil
