#include "engine/alert/redaction.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

const Redactor kRedactor;

TEST(Redaction, MarkIsStableKeyedAndGivesTheLength) {
  const std::string mark = kRedactor.mark("hunter2");
  EXPECT_TRUE(mark.starts_with("redacted(sha256:"));
  EXPECT_TRUE(mark.ends_with(",7)"));
  EXPECT_EQ(mark, kRedactor.mark("hunter2"));
  EXPECT_NE(mark, kRedactor.mark("hunter3"));
  EXPECT_NE(mark, Redactor(true, HashKey{1, 2}).mark("hunter2"));
  EXPECT_EQ(Redactor(false).mark("hunter2"), "hunter2");
}

TEST(Redaction, SecretFields) {
  struct Row {
    const char* field;
    const char* resource;
    bool secret;
  };
  const Row rows[] = {
      {"requestObject.data.password", "secrets", true},
      {"requestObject.stringData.x", "secrets", true},
      {"responseObject.items.data.tls\\.key", "secrets", true},
      {"requestObject.metadata.name", "secrets", false},
      {"requestObject.metadata.labels.app", "secrets", false},
      {"responseObject.items.metadata.name", "secrets", false},
      {"requestObject.metadata.annotations.note", "secrets", true},
      {"requestObject.metadata.annotations.kubectl\\.kubernetes\\.io/last-applied-configuration", "pods", true},
      {"requestObject.type", "secrets", false},
      {"requestObject.value", "secrets", true},
      {"requestObject.data.app\\.conf", "configmaps", true},
      {"responseObject.status.token", "serviceaccounts/token", true},
      {"requestObject.spec.token", "tokenreviews", true},
      {"requestObject.spec.containers.env.value", "pods", true},
      {"podSpec.allContainers.env.value", "deployments", true},
      {"value", "pods", true},
      {"requestObject.spec.containers.image", "pods", false},
      {"requestObject.spec.volumes.secret.secretName", "pods", false},
      {"keywords", "secrets", true},
      {"keywords", "pods", false},
      {"objectRef.name", "secrets", false},
      {"user.extra.authentication\\.kubernetes\\.io/credential-id", "secrets", false},
      {"credentialId", "pods", false},
      {"verb", "secrets", false},
  };
  for (const Row& row : rows) EXPECT_EQ(is_secret_field(row.field, row.resource), row.secret) << row.field;
}

TEST(Redaction, SecretsByShapeInText) {
  const char* const kSecret = "c4n4ry-Secret";
  const std::string texts[] = {
      "Authorization: Bearer c4n4ry-Secret",
      "authorization: basic c4n4ry-Secret",
      "curl --token c4n4ry-Secret https://x",
      "mysql --password=c4n4ry-Secret -h db",
      "DB_PASSWORD=c4n4ry-Secret ./run",
      "{\"password\": \"c4n4ry-Secret\"}",
      "{\\\"clientSecret\\\":\\\"c4n4ry-Secret\\\"}",
      "https://user:c4n4ry-Secret@registry.local/v2",
      "-----BEGIN RSA PRIVATE KEY-----\nc4n4ry-Secret\n-----END RSA PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\nc4n4ry-Secret",
      "\"kind\":\"Secret\",\"data\":{\"a\":\"c4n4ry-Secret\"}",
      "\"stringData\" : {\"a\":\"c4n4ry-Secret",
      "token: c4n4ry-Secret",
      "x-api-key='c4n4ry-Secret'",
  };
  for (const std::string& text : texts) {
    const std::string shown = kRedactor.text(text);
    EXPECT_EQ(shown.find(kSecret), std::string::npos) << shown;
    EXPECT_NE(shown.find("redacted(sha256:"), std::string::npos) << shown;
    EXPECT_EQ(Redactor(false).text(text), text);
  }
}

TEST(Redaction, WebTokens) {
  const std::string token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
  const std::string shown = kRedactor.text("run " + token + " now");
  EXPECT_EQ(shown, "run " + kRedactor.mark(token) + " now");
}

TEST(Redaction, HarmlessTextStays) {
  for (const std::string text :
       {"system:serviceaccount:vault:secret-reader", "system:token:reader", "kubectl get secrets -A",
        "kubectl/v1.33 (linux/amd64) kubernetes/abc", "/api/v1/namespaces/default/secrets/db-password", "sh -c ls",
        "http://10.0.0.1:8080/path", "no token", "data: none"}) {
    EXPECT_EQ(kRedactor.text(text), text);
  }
}

TEST(Redaction, UriParametersAndCommands) {
  struct Row {
    const char* uri;
    bool changed;
  };
  const Row rows[] = {
      {"/api/v1/secrets?limit=500&continue=abc", false},
      {"/api/v1/x?token=c4n4ry-Secret", true},
      {"/exec?command=mysql&command=-p&command=c4n4ry-Secret&stdin=true", true},
      {"/exec?command=sh&command=-c&command=export+PASSWORD%3Dc4n4ry-Secret", true},
      {"/exec?command=curl&command=--token&command=c4n4ry%2DSecret", true},
      {"/exec?command=ls&command=-la", false},
  };
  for (const Row& row : rows) {
    const std::string shown = kRedactor.uri(row.uri);
    EXPECT_EQ(shown != row.uri, row.changed) << shown;
    if (row.changed) {
      EXPECT_EQ(shown.find("c4n4ry"), std::string::npos) << shown;
      EXPECT_NE(shown.find("redacted(sha256:"), std::string::npos) << shown;
    }
  }
}

TEST(Redaction, AnyTextTerminatesAndKeepsItsLengthBounded) {
  const std::string pieces[] = {"eyJ", "\\\"", "password", "=", ":", " ", "\"", "://", "@", "data\":{", "-----BEGIN "};
  uint64_t seed = 42;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      text += pieces[(seed >> 33) % std::size(pieces)];
    }
    EXPECT_LE(kRedactor.text(text).size(), text.size() * 40 + 40) << text;
  }
}

}  // namespace
}  // namespace kubevigil
