#include "engine/codec/pkcs10.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/base64.h"

namespace kubevigil {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE REQUEST-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE REQUEST-----";

std::string part_text(X509_NAME_ENTRY* entry) {
  const int id = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  std::string text = std::string(id == NID_undef ? "OID" : OBJ_nid2sn(id)) + "=";
  if (size > 0) text.append(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

// False when it is no request.
bool append_subject(std::string_view coded, std::vector<std::string>& parts) {
  const auto der = base64_decode(coded);
  if (!der) return false;
  auto at = reinterpret_cast<const unsigned char*>(der->data());
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(der->size())), &X509_REQ_free);
  if (!request) {
    ERR_clear_error();
    return false;
  }
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  for (int i = 0; i < X509_NAME_entry_count(name) && parts.size() < limits::kListValues; ++i) {
    parts.push_back(part_text(X509_NAME_get_entry(name, i)));
  }
  return true;
}

}  // namespace

// text  = *( line | block )
// block = kBegin LF *( header LF | coded LF | LF ) kEnd          header: a line with a colon; coded: base64, blanks
std::optional<std::vector<std::string>> pkcs10_subject(std::string_view pem) {
  if (pem.size() > limits::kRecordBytes) return std::nullopt;
  std::vector<std::string> parts;
  std::string coded;
  bool inside = false, found = false;
  for (const std::string_view whole : split(pem, '\n')) {
    const std::string_view line = trim(whole);
    if (line.starts_with(kBegin)) {
      inside = true;
      coded.clear();
    } else if (line.starts_with(kEnd)) {
      found = (inside && append_subject(coded, parts)) || found;
      inside = false;
    } else if (inside && line.find(':') == line.npos) {
      for (const char c : line) {
        if (c != ' ' && c != '\t') coded += c;
      }
    }
  }
  if (!found) return std::nullopt;
  return parts;
}

}  // namespace kubevigil
