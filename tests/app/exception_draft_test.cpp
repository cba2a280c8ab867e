// ExceptionDraft: what no exception is made of, and that texts of attackers stay texts.
#include "engine/app/exception_draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/event/event_reader.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Draft : public testing::Test {
 protected:
  void add(const std::string& user, const std::string& more = "", const std::string& uri = "/x") {
    std::string record = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1",)"
                         R"("stage":"ResponseComplete","verb":"create","requestURI":")" +
                         uri + R"(","user":{"username":")" + user + R"("})" + more + "}";
    const size_t size = record.size();
    record.append(kRecordPadding, ' ');
    Event event;
    ASSERT_TRUE(reader_.read(std::string_view(record).substr(0, size), {}, event).has_value());
    FieldLookup fields;
    fields.begin(event);
    draft_.add(event, fields);
  }

  EventReader reader_;
  const Redactor redactor_;
  ExceptionDraft draft_{redactor_};
};

TEST_F(Draft, OneIdentityOnly) {
  add("alice");
  add("alice");
  EXPECT_THAT(draft_.refused(), IsEmpty());
  add("mallory");
  EXPECT_THAT(draft_.refused(), HasSubstr("several identities gave the events of the alert (alice, mallory)"));
}

TEST_F(Draft, NotOfAClaimedName) {
  add("alice", R"(,"responseStatus":{"code":401})");
  EXPECT_THAT(draft_.refused(), HasSubstr("may have claimed"));
}

// With the command left out, any command would be excepted.
TEST_F(Draft, NotAroundASecret) {
  add("alice", R"(,"objectRef":{"resource":"pods","subresource":"exec","namespace":"shop","name":"db"})",
      "/x?command=mysql&command=--password%3DhunterSecret2");
  EXPECT_THAT(draft_.refused(), HasSubstr("holds what may be a secret"));
}

TEST_F(Draft, TextsStayTexts) {
  add(R"(a\"\nfilter: {}\u001b[2J\u202e*)");
  const std::string yaml = draft_.yaml({"pod_exec", "id", "us", "why", "2027-01-01"});
  EXPECT_THAT(yaml, HasSubstr(R"(user.username|cased: "a\"\u000afilter: {}\u001b[2J\u202e\\*")"));
  EXPECT_THAT(yaml, Not(HasSubstr("\nfilter: {}")));
  EXPECT_THAT(yaml, HasSubstr("expires: \"2027-01-01\""));
}

}  // namespace
}  // namespace kubevigil
