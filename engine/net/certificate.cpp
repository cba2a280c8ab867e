#include "engine/net/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>

#include "engine/base/hash.h"

namespace kubevigil {
namespace {

constexpr int kNames = 256;  // subjectAltNames read of one certificate

bool is_plain(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

std::string utf8_of(const ASN1_STRING* string) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, string);
  std::string text;
  if (size > 0) text.assign(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return is_plain(text) ? text : std::string();
}

std::string common_name_of(const X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  std::string name;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    name = utf8_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  return name;
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  char text[INET6_ADDRSTRLEN] = {};
  const int size = ASN1_STRING_length(address);
  if (size != 4 && size != 16) return {};
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof text);
  return text;
}

std::string alternative_name_text(const GENERAL_NAME* name) {
  std::string prefix, text;
  switch (name->type) {
    case GEN_DNS:
      prefix = "dns:", text = utf8_of(name->d.dNSName);
      break;
    case GEN_URI:
      prefix = "uri:", text = utf8_of(name->d.uniformResourceIdentifier);
      break;
    case GEN_EMAIL:
      prefix = "email:", text = utf8_of(name->d.rfc822Name);
      break;
    case GEN_IPADD:
      prefix = "ip:", text = ip_text(name->d.iPAddress);
      break;
    default:
      break;
  }
  return text.empty() ? text : prefix + text;
}

std::vector<std::string> alternative_names_of(const X509* certificate) {
  std::vector<std::string> names;
  auto* list = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list) && i < kNames; ++i) {
    std::string text = alternative_name_text(sk_GENERAL_NAME_value(list, i));
    if (!text.empty()) names.push_back(std::move(text));
  }
  GENERAL_NAMES_free(list);
  return names;
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Timestamp::min();
  return {static_cast<int64_t>(timegm(&parts)) * 1'000'000};
}

}  // namespace

Timestamp not_after(const x509_st* certificate) { return time_of(X509_get0_notAfter(certificate)); }
Timestamp not_before(const x509_st* certificate) { return time_of(X509_get0_notBefore(certificate)); }

std::string fingerprint(const x509_st* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  std::string hex = sha256_hex({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return hex;
}

std::vector<std::string> fingerprints_in(std::string_view pem) {
  std::vector<std::string> found;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  while (X509* next = bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr) {
    found.push_back(fingerprint(next));
    X509_free(next);
  }
  ERR_clear_error();
  return found;
}

std::optional<PeerCertificate> first_certificate_in(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> first(
      bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  ERR_clear_error();
  if (!first) return std::nullopt;
  return PeerCertificate{common_name_of(first.get()),
                         alternative_names_of(first.get()),
                         {fingerprint(first.get())},
                         not_after(first.get())};
}

std::optional<PeerCertificate> peer_certificate(const ssl_st* session) {
  const X509* leaf = SSL_get0_peer_certificate(session);
  if (leaf == nullptr || SSL_get_verify_result(session) != X509_V_OK) return std::nullopt;
  PeerCertificate peer{common_name_of(leaf), alternative_names_of(leaf), {}, not_after(leaf)};
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(session);
  for (int i = 0; i < sk_X509_num(chain); ++i) peer.chain_sha256.push_back(fingerprint(sk_X509_value(chain, i)));
  return peer;
}

}  // namespace kubevigil
