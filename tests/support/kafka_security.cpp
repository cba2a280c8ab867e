#include "tests/support/kafka_security.h"

#include <fmt/format.h>

namespace kubevigil::test {
namespace {

constexpr const char* kLogin = "org.apache.kafka.common.security";

std::map<std::string, std::string> with_certificate(const std::string& authority, const std::string& certificate,
                                                    const std::string& key) {
  return {{"security.protocol", "SSL"},
          {"ssl.ca.location", authority},
          {"ssl.certificate.location", certificate},
          {"ssl.key.location", key}};
}

}  // namespace

KafkaSecurity::KafkaSecurity() {
  const TestCertificate authority = make_certificate({.common_name = "authority", .authority = true});
  const TestCertificate stranger = make_certificate({.common_name = "stranger", .authority = true});
  const TestCertificate server =
      make_certificate({.common_name = "broker", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  folder_.write("authority.pem", authority.certificate);
  folder_.write("stranger.pem", stranger.certificate);
  folder_.write("server.pem", server.key + server.certificate);
  for (const auto& [name, issuer] : {std::pair{"client", &authority}, std::pair{"other", &stranger}}) {
    const TestCertificate client = make_certificate({.common_name = name}, issuer);
    folder_.write(fmt::format("{}.pem", name), client.certificate);
    folder_.write(fmt::format("{}.key", name), client.key);
  }
}

std::map<std::string, std::string> KafkaSecurity::sasl(const std::string& mechanism) const {
  return {{"security.protocol", "SASL_SSL"},
          {"ssl.ca.location", authority()},
          {"sasl.mechanism", mechanism},
          {"sasl.username", kUser},
          {"sasl.password", kPassword}};
}

std::map<std::string, std::string> KafkaSecurity::mutual() const {
  return with_certificate(authority(), folder_.path("client.pem"), folder_.path("client.key"));
}

std::map<std::string, std::string> KafkaSecurity::mutual_of_stranger() const {
  return with_certificate(authority(), folder_.path("other.pem"), folder_.path("other.key"));
}

std::string KafkaSecurity::listeners(const SecuredPorts& ports) {
  return fmt::format(",SASL://127.0.0.1:{},MUTUAL://127.0.0.1:{}", ports.sasl, ports.mutual);
}

std::string KafkaSecurity::properties() const {
  return fmt::format(R"(ssl.keystore.type=PEM
ssl.keystore.location={0}
ssl.truststore.type=PEM
ssl.truststore.location={1}
listener.name.mutual.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config={2}.plain.PlainLoginModule required user_{3}="{4}";
listener.name.sasl.scram-sha-256.sasl.jaas.config={2}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config={2}.scram.ScramLoginModule required;
)",
                     folder_.path("server.pem"), authority(), kLogin, kUser, kPassword);
}

std::string KafkaSecurity::users() {
  std::string out;
  for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    out += fmt::format(" --add-scram '{}=[name={},password={}]'", mechanism, kUser, kPassword);
  }
  return out;
}

}  // namespace kubevigil::test
