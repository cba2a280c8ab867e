// Certificates for tests of TLS, made when the test runs (ECDSA P-256, so making one takes a millisecond). Nothing of
// the kind is in the repository: it would expire, and scanners would report its keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kubevigil {

struct TestCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS#8
};

struct CertificateSpec {
  std::string common_name;
  std::vector<std::string> alternative_names =
      {};  // as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1", "URI:spiffe://x"
  bool authority = false;
  int64_t begins_in = -3600;  // seconds from now
  int64_t ends_in = 86'400;
};

// Signed by `issuer`, by itself without one.
TestCertificate make_certificate(const CertificateSpec& spec, const TestCertificate* issuer = nullptr);

// A folder that goes when the test is over, with what it holds.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const;  // gives the path

 private:
  std::string folder_;
};

}  // namespace kubevigil
