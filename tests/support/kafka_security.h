// What a test's broker (KafkaBroker) is given so that it has, beside its open listener, two that are not: SASL over TLS
// (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), and TLS with a client's certificate. One user, one authority; all made when
// the test runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/support/certificates.h"

namespace kubevigil::test {

// Of one node.
struct SecuredPorts {
  uint16_t sasl = 0, mutual = 0;
};

class KafkaSecurity {
 public:
  KafkaSecurity();

  static constexpr const char* kUser = "kubevigil";
  static constexpr const char* kPassword = "pa55-of-the-test";

  // Properties of librdkafka. `mechanism`: "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512".
  std::map<std::string, std::string> sasl(const std::string& mechanism) const;
  // The client's certificate is the authority's.
  std::map<std::string, std::string> mutual() const;
  std::string authority() const { return folder_.path("authority.pem"); }
  // One that has not signed anything here.
  std::string stranger() const { return folder_.path("stranger.pem"); }
  // A certificate of the stranger's instead.
  std::map<std::string, std::string> mutual_of_stranger() const;

  // For server.properties; the listeners are SASL and MUTUAL.
  static std::string listeners(const SecuredPorts& ports);  // begins with a comma
  static constexpr const char* kProtocols = ",SASL:SASL_SSL,MUTUAL:SSL";
  std::string properties() const;
  // Of StorageTool format.
  static std::string users();

 private:
  const TestFolder folder_;
};

}  // namespace kubevigil::test
