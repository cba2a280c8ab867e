// PeerCertificate: who the other side of a TLS connection is, after OpenSSL has verified the chain. Plain values, so
// that nothing above this folder sees OpenSSL.
//
// Source of facts: RFC 5280 4.1.2.6 (subject), 4.2.1.6 (subjectAltName). A name that holds a control character or a
// NUL (the certificate of "good.example\0.evil.example") is left out, not cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"

struct x509_st;
struct ssl_st;

namespace kubevigil {

struct PeerCertificate {
  std::string common_name;                     // the last CN of the subject; empty if there is none
  std::vector<std::string> alternative_names;  // "dns:api.prod", "uri:spiffe://...", "ip:10.0.0.1", "email:a@b"
  std::vector<std::string> chain_sha256;       // of leaf, intermediates and root: 64 hex digits each
  Timestamp not_after;
};

// The verified certificate of the peer; nothing when it sent none.
std::optional<PeerCertificate> peer_certificate(const ssl_st* session);

// The end of the validity of one certificate.
Timestamp not_after(const x509_st* certificate);
Timestamp not_before(const x509_st* certificate);
// SHA-256 over the DER form, 64 hex digits.
std::string fingerprint(const x509_st* certificate);
// Fingerprints of all certificates in a PEM text; empty if it holds none.
std::vector<std::string> fingerprints_in(std::string_view pem);
// The first certificate in a PEM text, unverified, with the fingerprint of it alone; nothing if there is none.
std::optional<PeerCertificate> first_certificate_in(std::string_view pem);

}  // namespace kubevigil
