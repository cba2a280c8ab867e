// Credentials: who may post for which cluster, as tables; loading and reloading.
#include "engine/net/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;

const std::string kToken = "prod-token-0123456789", kOther = "lab-token-abcdefghijk",
                  kShared = "shared-token-0123456789";

struct Table {
  TestFolder folder;
  TestCertificate authority = make_certificate({.common_name = "CA of B", .authority = true});
  std::shared_ptr<CredentialSource> source;

  Table() {
    auto opened = CredentialSource::open({
        {.name = "prod", .token_file = folder.write("prod", kToken + "\n"), .clusters = {"prod-eu1"}},
        {.name = "lab", .token_file = folder.write("lab", "\r\n" + kOther + "\r\nold-" + kOther), .clusters = {"lab"}},
        {.name = "fleet", .token_file = folder.write("fleet", kShared), .clusters = {"a", "b", "prod-eu1"}},
        {.name = "cn", .common_name = "kube-apiserver", .clusters = {"prod-eu1"}},
        {.name = "san",
         .alternative_name = "uri:spiffe://b/api",
         .authorities_file = folder.write("ca", authority.certificate),
         .clusters = {"b"}},
        {.name = "mesh", .anonymous = true, .clusters = {"mesh"}},
    });
    EXPECT_TRUE(opened) << opened.error().message;
    source = *opened;
  }
  std::string ask(const PostedBy& request) const {
    const auto sender = authorize(*source->current(), request);
    return sender ? sender->cluster + " by " + sender->credential : std::string(to_text(sender.error()));
  }
};

TEST(Credentials, PathsAndTokens) {
  const Table table;
  struct Row {
    std::string path;
    std::optional<std::string> authorization;
    const char* expected;
  };
  const Row rows[] = {
      {"/k8s-audit", "Bearer " + kToken, "prod-eu1 by prod"},
      {"/k8s-audit/", "bearer  " + kToken, "prod-eu1 by prod"},
      {"/k8s-audit/prod-eu1", "BEARER " + kToken, "prod-eu1 by prod"},
      {"/k8s-audit/prod-eu1/", "Bearer " + kToken, "prod-eu1 by prod"},
      {"/k8s-audit", "Bearer " + kOther, "lab by lab"},
      {"/k8s-audit", "Bearer old-" + kOther, "lab by lab"},
      {"/k8s-audit/b", "Bearer " + kShared, "b by fleet"},
      {"/k8s-audit", "Bearer " + kShared, "ambiguous-cluster"},
      {"/k8s-audit/lab", "Bearer " + kToken, "other-cluster"},
      {"/k8s-audit/PROD-EU1", "Bearer " + kToken, "other-cluster"},
      {"/k8s-audit/absent", "Bearer " + kToken, "other-cluster"},
      {"/k8s-audit", std::nullopt, "no-credential"},
      {"/k8s-audit", "", "unknown-token"},
      {"/k8s-audit", "Bearer", "unknown-token"},
      {"/k8s-audit", "Bearer ", "unknown-token"},
      {"/k8s-audit", "Bearer " + kToken + "x", "unknown-token"},
      {"/k8s-audit", "Bearer " + kToken.substr(1), "unknown-token"},
      {"/k8s-audit", "Bearer" + kToken, "unknown-token"},
      {"/k8s-audit", kToken, "unknown-token"},
      {"/k8s-audit", "Basic " + kToken, "unknown-token"},
      {"/k8s-audit", "Bearer " + kToken + "," + kOther, "unknown-token"},
      {"/", "Bearer " + kToken, "unknown-path"},
      {"", "Bearer " + kToken, "unknown-path"},
      {"/K8S-AUDIT", "Bearer " + kToken, "unknown-path"},
      {"/k8s-auditor", "Bearer " + kToken, "unknown-path"},
      {"/k8s-audit?cluster=lab", "Bearer " + kToken, "unknown-path"},
      {"//k8s-audit", "Bearer " + kToken, "unknown-path"},
      {"/x/../k8s-audit", "Bearer " + kToken, "unknown-path"},
      {"/k8s-audit//", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit//prod-eu1", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/prod-eu1//", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/a/b", "Bearer " + kShared, "bad-cluster"},
      {"/k8s-audit/..", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/.", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/prod%2Deu1", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/prod-eu1;x", "Bearer " + kToken, "bad-cluster"},
      {"/k8s-audit/" + std::string(254, 'a'), "Bearer " + kToken, "bad-cluster"},
  };
  for (const Row& row : rows) {
    PostedBy request{.path = row.path, .authorization = std::nullopt};
    if (row.authorization) request.authorization = *row.authorization;
    EXPECT_EQ(table.ask(request), row.expected) << row.path << " with " << row.authorization.value_or("none");
  }
}

TEST(Credentials, Certificates) {
  const Table table;
  const std::string print = fingerprints_in(table.authority.certificate).at(0);
  const PeerCertificate api{"kube-apiserver", {}, {"leaf", "root"}, {}};
  const PeerCertificate spiffe{"x", {"dns:y", "uri:spiffe://b/api"}, {"leaf", print}, {}};
  PeerCertificate forged = spiffe, self = spiffe, both = spiffe, stranger = spiffe;
  forged.chain_sha256 = {"leaf", "root of another cluster"};
  self.chain_sha256 = {print};
  both.common_name = "kube-apiserver";
  stranger.alternative_names = {"dns:uri:spiffe://b/api", "uri:spiffe://b/api/"};
  const std::string bearer = "Bearer " + kToken, bad_bearer = "Bearer nobody's";
  struct Row {
    const char* name;
    PostedBy request;
    const char* expected;
  };
  const Row rows[] = {
      {"common name", {"/k8s-audit", {}, &api}, "prod-eu1 by cn"},
      {"alternative name", {"/k8s-audit", {}, &spiffe}, "b by san"},
      {"signed by another authority", {"/k8s-audit", {}, &forged}, "unknown-identity"},
      {"the leaf is not its own authority", {"/k8s-audit", {}, &self}, "unknown-identity"},
      {"nobody we know", {"/k8s-audit", {}, &stranger}, "unknown-identity"},
      {"two identities, no path", {"/k8s-audit", {}, &both}, "ambiguous-cluster"},
      {"two identities, path", {"/k8s-audit/b", {}, &both}, "b by san"},
      {"certificate and token of one cluster", {"/k8s-audit", bearer, &api}, "prod-eu1 by prod"},
      {"certificate and token of two", {"/k8s-audit", bearer, &spiffe}, "ambiguous-cluster"},
      {"good certificate, bad token", {"/k8s-audit", bad_bearer, &api}, "unknown-token"},
      {"other cluster's path", {"/k8s-audit/lab", {}, &api}, "other-cluster"},
      {"anonymous where allowed", {"/k8s-audit", {}, nullptr, true}, "mesh by mesh"},
      {"anonymous, other cluster", {"/k8s-audit/lab", {}, nullptr, true}, "other-cluster"},
      {"anonymous where not", {"/k8s-audit", {}, nullptr, false}, "no-credential"},
      {"bad token is not anonymous", {"/k8s-audit", bad_bearer, nullptr, true}, "unknown-token"},
      {"known token is not anonymous", {"/k8s-audit/mesh", bearer, nullptr, true}, "other-cluster"},
  };
  for (const Row& row : rows) EXPECT_EQ(table.ask(row.request), row.expected) << row.name;
}

TEST(Credentials, WrongSpecifications) {
  TestFolder folder;
  const std::string token = folder.write("token", kToken), text = folder.write("text", "hello");
  const std::pair<CredentialSpec, const char*> rows[] = {
      {{.token_file = token, .clusters = {"a"}}, "credential without a name: give it a name"},
      {{.name = "n", .clusters = {"a"}}, "credential n: name one of"},
      {{.name = "n", .token_file = token, .common_name = "x", .clusters = {"a"}}, "name one of"},
      {{.name = "n", .token_file = token, .anonymous = true, .clusters = {"a"}}, "name one of"},
      {{.name = "n", .token_file = token}, "at least one cluster"},
      {{.name = "n", .token_file = token, .clusters = {"a b"}}, "\"a b\" cannot be a cluster's name"},
      {{.name = "n", .token_file = token, .clusters = {"\x1b[2J"}}, "\"\\x1b[2J\" cannot be"},
      {{.name = "n", .token_file = folder.path("absent"), .clusters = {"a"}}, "absent: cannot be opened"},
      {{.name = "n", .token_file = folder.write("empty", "\n\n"), .clusters = {"a"}}, "empty: holds no token"},
      {{.name = "n", .token_file = folder.write("short", "\nsecret"), .clusters = {"a"}},
       "short, line 2: a token has 16"},
      {{.name = "n", .token_file = folder.write("space", "0123456789 0123456789"), .clusters = {"a"}}, "visible ASCII"},
      {{.name = "n", .token_file = token, .authorities_file = text, .clusters = {"a"}}, "with a certificate only"},
      {{.name = "n", .common_name = "x", .authorities_file = text, .clusters = {"a"}}, "text: holds no certificate"},
      {{.name = "n", .alternative_name = "api.prod", .clusters = {"a"}}, "begins with dns:"},
  };
  for (const auto& [spec, part] : rows) {
    const auto opened = CredentialSource::open({spec});
    ASSERT_FALSE(opened) << part;
    EXPECT_THAT(opened.error().message, HasSubstr(part));
    EXPECT_THAT(opened.error().message, testing::Not(HasSubstr("secret")));
  }
  const CredentialSpec one{.name = "one", .token_file = token, .clusters = {"a"}};
  CredentialSpec two = one;
  EXPECT_THAT(CredentialSource::open({one, two}).error().message, HasSubstr("same name"));
  two.name = "two";
  EXPECT_THAT(CredentialSource::open({one, two}).error().message, HasSubstr("credential two: holds a token of one"));
}

TEST(Credentials, ReloadByContent) {
  const Table table;
  const std::string bearer = "Bearer " + kToken, next = "Bearer next-" + kToken;
  EXPECT_FALSE(table.source->reload().value());
  // Both while senders change over, then the new one alone.
  table.folder.write("prod", kToken + "\nnext-" + kToken);
  EXPECT_TRUE(table.source->reload().value());
  EXPECT_EQ(table.ask({"/k8s-audit", bearer}), "prod-eu1 by prod");
  EXPECT_EQ(table.ask({"/k8s-audit", next}), "prod-eu1 by prod");
  table.folder.write("prod", "next-" + kToken);
  EXPECT_TRUE(table.source->reload().value());
  EXPECT_EQ(table.ask({"/k8s-audit", bearer}), "unknown-token");
  EXPECT_EQ(table.ask({"/k8s-audit", next}), "prod-eu1 by prod");
  // An error keeps what was.
  table.folder.write("prod", "");
  EXPECT_FALSE(table.source->reload().has_value());
  EXPECT_EQ(table.ask({"/k8s-audit", next}), "prod-eu1 by prod");
}

}  // namespace
}  // namespace kubevigil
