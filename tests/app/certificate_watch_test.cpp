#include "engine/app/certificate_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> shown(const std::vector<CertificateEnd>& ends) {
  std::vector<std::string> out;
  for (const CertificateEnd& one : ends) {
    out.push_back(one.use + " " + one.name + " " + one.cluster + " " + format_rfc3339(one.ends).substr(0, 10));
  }
  return out;
}

std::shared_ptr<TlsSource> source(const TestFolder& folder, int64_t ends_in) {
  const TestCertificate made = make_certificate({.common_name = "x", .ends_in = ends_in});
  auto tls = TlsSource::open({folder.write("c", made.certificate), folder.write("k", made.key), ""}, TlsRole::Server,
                             system_env());
  EXPECT_TRUE(tls) << tls.error().message;
  return *tls;
}

TEST(CertificateWatch, WarnsUntilTheFileIsRenewed) {
  const TestFolder folder;
  const auto tls = source(folder, 13 * 86'400);
  const auto none = TlsSource::open({}, TlsRole::Client, system_env());
  ASSERT_TRUE(none);
  CertificateWatch watch;
  watch.add("listener", "0.0.0.0:9443", tls);
  watch.add("output", "without", *none);
  ASSERT_EQ(watch.ends(nullptr).size(), 1u);

  SelfAlerts alerts("kv", 1);
  const Timestamp now = system_env().now();
  watch.review(nullptr, alerts, now);
  std::vector<Alert> due = alerts.due(now);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].rule_name, "kubevigil_certificate_expiring");
  EXPECT_THAT(to_json(due[0]), HasSubstr("listener 0.0.0.0:9443"));

  const TestCertificate renewed = make_certificate({.common_name = "x", .ends_in = 400 * 86'400});
  folder.write("c", renewed.certificate);
  folder.write("k", renewed.key);
  ASSERT_TRUE(tls->reload().value_or(false));
  const Timestamp later = now + Duration::minutes(6);
  watch.review(nullptr, alerts, later);
  due = alerts.due(later);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].status, EpisodeStatus::Closed);
}

TEST(CertificateWatch, OfSendersBehindOneCredentialTheFirstThatEnds) {
  SenderBook book(system_env(), {});
  const CertificateWatch watch;
  EXPECT_THAT(watch.ends(&book), IsEmpty());
  const auto at = [](const char* time) { return *parse_rfc3339(time); };
  book.showed({"prod", "api", "10.0.0.1"}, at("2030-02-01T00:00:00Z"));
  book.showed({"prod", "api", "10.0.0.2"}, at("2030-01-01T00:00:00Z"));
  book.showed({"lab", "api", "10.0.0.1"}, at("2031-01-01T00:00:00Z"));
  book.took({"lab", "token", "10.0.0.3"}, 1, 1);
  EXPECT_THAT(shown(watch.ends(&book)), ElementsAre("sender api lab 2031-01-01", "sender api prod 2030-01-01"));
  SelfAlerts alerts("kv", 1);
  watch.review(&book, alerts, at("2030-01-01T00:00:00Z") - Duration::days(13));
  const auto due = alerts.due(at("2029-12-20T00:00:00Z"));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].cluster, "prod");
  EXPECT_THAT(to_json(due[0]), HasSubstr("sender api"));
}

}  // namespace
}  // namespace kubevigil
