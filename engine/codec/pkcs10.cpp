#include "engine/codec/pkcs10.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace kubevigil {
namespace {

constexpr size_t kPemBytes = 1u << 20;
constexpr int kParts = 64;

std::string part_text(X509_NAME_ENTRY* entry) {
  const int id = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  std::string text = std::string(id == NID_undef ? "OID" : OBJ_nid2sn(id)) + "=";
  if (size > 0) text.append(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

}  // namespace

std::optional<std::vector<std::string>> pkcs10_subject(std::string_view pem) {
  if (pem.size() > kPemBytes) return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(
      bio ? PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr) : nullptr, &X509_REQ_free);
  if (!request) {
    ERR_clear_error();
    return std::nullopt;
  }
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  std::vector<std::string> parts;
  for (int i = 0; i < X509_NAME_entry_count(name) && i < kParts; ++i) {
    parts.push_back(part_text(X509_NAME_get_entry(name, i)));
  }
  return parts;
}

}  // namespace kubevigil
