#include "tests/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace kubevigil {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("test certificate: ") + what);
}

template <typename Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  must(write(bio.get()) == 1, "writing PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

Bio reading(const std::string& pem) { return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free}; }

void extend(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

void describe(X509* certificate, const CertificateSpec& spec) {
  static std::atomic<long> serial{1000};
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.begins_in);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.ends_in);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(spec.common_name.data()),
                             static_cast<int>(spec.common_name.size()), -1, 0);
  extend(certificate, NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
  std::string names;
  for (const std::string& one : spec.alternative_names) names += (names.empty() ? "" : ",") + one;
  if (!names.empty()) extend(certificate, NID_subject_alt_name, names);
}

}  // namespace

TestCertificate make_certificate(const CertificateSpec& spec, const TestCertificate* issuer) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate certificate(X509_new(), &X509_free);
  must(key != nullptr && certificate != nullptr, "out of memory");
  describe(certificate.get(), spec);
  X509_set_pubkey(certificate.get(), key.get());
  Key signer(nullptr, &EVP_PKEY_free);
  if (issuer != nullptr) {
    const Bio key_text = reading(issuer->key), certificate_text = reading(issuer->certificate);
    signer.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    const Certificate parent(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr), &X509_free);
    must(signer != nullptr && parent != nullptr, "reading the issuer");
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent.get()));
  } else {
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  }
  must(X509_sign(certificate.get(), signer ? signer.get() : key.get(), EVP_sha256()) > 0, "signing");
  return {pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }), pem_of([&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

TestFolder::TestFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kubevigil-test-XXXXXX").string();
  must(mkdtemp(pattern.data()) != nullptr, "making a folder");
  folder_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
  return path(name);
}

}  // namespace kubevigil
