// Who may post audit events for which cluster. A credential is a client certificate's identity, a bearer token, or (for
// a listener without TLS behind a mesh) the mere fact of posting; each names its clusters.
//
//   auto credentials = CredentialSource::open(specs);             // errors name the credential and the file
//   const auto table = (*credentials)->current();                 // per request; cheap
//   const auto sender = authorize(*table, {.path = head.path, .authorization = only_header(head.headers,
//                                 "authorization"), .certificate = request.certificate, .anonymous_allowed = !tls});
//   if (!sender) -> 401, counted by sender.error()
//
// Rules of authorize():
// * The path is "/k8s-audit" or "/k8s-audit/CLUSTER", one slash at the end allowed; CLUSTER is 1 to 253 of A-Z a-z 0-9
//   '-' '_' '.', never "." or "..", and never percent-encoded. The query is not even a parameter.
// * A token that is shown must be a known one, whatever the certificate says: a wrong one is a guess, not an accident.
// * The clusters of all credentials that fit (token and certificate) are allowed. With a cluster in the path it must be
//   one of them; without, there must be exactly one.
// * Tokens are held as SHA-256 and compared in constant time, all of them for every request.
// * A certificate fits by its common name or one alternative name, both case-sensitive, and, if the credential names
//   authorities, only when one of these signed it: with several authorities trusted, the one of cluster A must not be
//   able to name cluster B's API server.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/net/certificate.h"
#include "engine/net/reloadable.h"

namespace kubevigil {

// As the configuration says it. Exactly one of the first four is set.
struct CredentialSpec {
  std::string name = {};              // for logs and metrics: unique, not secret
  std::string token_file = {};        // one token a line; several while one replaces another; empty lines are skipped
  std::string common_name = {};       // of the client certificate
  std::string alternative_name = {};  // "dns:...", "uri:...", "ip:...", "email:..."
  bool anonymous = false;             // anyone, on listeners that allow it
  std::string authorities_file = {};  // with a certificate: only if one of these certificates signed it; may be empty
  std::vector<std::string> clusters = {};  // at least one
};

struct Credential {
  CredentialSpec spec;
  std::vector<std::array<unsigned char, 32>> token_hashes;
  std::vector<std::string> authorities;  // fingerprints
};
using CredentialTable = std::vector<Credential>;

enum class Refusal : uint8_t {
  UnknownPath,       // neither /k8s-audit nor below it
  BadCluster,        // the cluster in the path cannot be a cluster's name
  NoCredential,      // nothing shown
  UnknownToken,      // a token, or another scheme than Bearer, that fits nothing
  UnknownIdentity,   // a valid certificate that no credential names
  OtherCluster,      // a known sender at the path of a cluster that is not his
  AmbiguousCluster,  // a known sender of several clusters, and none in the path
};
std::string_view to_text(Refusal refusal);  // a slug for metrics and logs: "unknown-path"

struct PostedBy {
  std::string_view path;                          // without the query
  std::optional<std::string_view> authorization;  // the value of the only Authorization header
  const PeerCertificate* certificate = nullptr;   // verified; nullptr without one
  bool anonymous_allowed = false;                 // on this listener
};

struct Sender {
  std::string cluster;
  std::string credential;  // name of the one that allowed it
};

tl::expected<Sender, Refusal> authorize(const CredentialTable& table, const PostedBy& request);

// A table whose files may change; like TlsSource.
class CredentialSource {
 public:
  static Result<std::shared_ptr<CredentialSource>> open(std::vector<CredentialSpec> specs);
  std::shared_ptr<const CredentialTable> current() const { return table_.current(); }  // any thread
  // Reads the files again: true if they differ and the new ones are in use. On an error the old table stays.
  Result<bool> reload();

 private:
  explicit CredentialSource(std::vector<CredentialSpec> specs) : specs_(std::move(specs)) {}

  Result<Reloadable<CredentialTable>::Made> read() const;

  const std::vector<CredentialSpec> specs_;
  Reloadable<CredentialTable> table_;
};

std::array<unsigned char, 32> token_hash(std::string_view token);

// Whether a text can be a cluster's name; see above.
bool is_cluster_name(std::string_view text);

}  // namespace kubevigil
