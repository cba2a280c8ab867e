// ExceptionDraft: what no exception is made of, and that texts of attackers stay texts.
#include "engine/app/exception_draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "engine/event/event_reader.h"
#include "engine/match/program.h"
#include "engine/rule/rule_loader.h"

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

// A pod, and what a rule over its spec says of it with a filter.
class PodDraft : public testing::Test {
 protected:
  static constexpr const char* kPodRule =
      "title: Pod\nname: pod\nlogsource: {product: kubernetes, service: audit}\nlevel: low\ndetection:\n"
      "  one: {resource: pods, podSpec.hostPID: true}\n  two: {resource: pods, hostPaths|startswith: '/'}\n"
      "  three: {resource: pods, verb: create, podSpec.hostNetwork: true}\n  condition: 1 of *\n";

  struct Read {
    std::string record;
    Event event;
    FieldLookup fields;
  };
  std::unique_ptr<Read> pod(const std::string& spec) {
    auto read = std::make_unique<Read>();
    read->record = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"a1",)"
                   R"("stage":"ResponseComplete","verb":"create","requestURI":"/x","user":{"username":"alice"},)"
                   R"("objectRef":{"resource":"pods","namespace":"shop","name":"db","apiVersion":"v1"})";
    if (!spec.empty()) read->record += R"(,"requestObject":{"kind":"Pod","spec":)" + spec + "}";
    read->record += "}";
    const size_t size = read->record.size();
    read->record.append(kRecordPadding, ' ');
    EXPECT_TRUE(reader_.read(std::string_view(read->record).substr(0, size), {}, read->event).has_value());
    read->fields.begin(read->event);
    return read;
  }
  static std::vector<FieldRef> fields_of_rule() {
    return {*parse_field("resource"), *parse_field("podSpec.hostPID"), *parse_field("hostPaths"),
            *parse_field("podSpec.hostNetwork"), *parse_field("hit.stage")};
  }
  // Whether the rule with the filter finds the pod.
  Truth with_filter(const std::string& filter, const std::string& spec) {
    const LoadedRules loaded = load_rules({{"r.yaml", kPodRule, false}, {"f.yaml", filter, false}}, {});
    EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
    return evaluate(loaded.rules.find("pod")->detection().condition, pod(spec)->fields);
  }

  EventReader reader_;
  const Redactor redactor_;
};

TEST_F(PodDraft, WhatTheEventLacksTheExceptedOnesLackToo) {
  ExceptionDraft draft(redactor_, fields_of_rule());
  const auto seen = pod(R"({"hostPID":true})");
  draft.add(seen->event, seen->fields);
  const std::string filter = draft.yaml({"pod", "id", "us", "why", "2099-01-01"});
  EXPECT_THAT(filter, HasSubstr("      hostPaths: null\n"));
  EXPECT_THAT(filter, HasSubstr("      podSpec.hostNetwork: null\n"));
  EXPECT_THAT(filter, Not(HasSubstr("hit.stage")));
  EXPECT_EQ(with_filter(filter, R"({"hostPID":true})"), Truth::False);
  EXPECT_EQ(with_filter(filter, R"({"hostPID":true,"hostNetwork":true})"), Truth::True);
  EXPECT_EQ(with_filter(filter, R"({"hostPID":true,"volumes":[{"name":"r","hostPath":{"path":"/"}}]})"), Truth::True);
}

// Left out last, and said.
TEST_F(PodDraft, WhatIsLackingIsWidenedLast) {
  ExceptionDraft draft(redactor_, fields_of_rule());
  const auto seen = pod(R"({"hostPID":true})");
  draft.add(seen->event, seen->fields);
  std::vector<std::string> steps;
  for (std::string step = draft.widen(); !step.empty(); step = draft.widen()) {
    steps.push_back(step);
    const bool lacking = draft.yaml({}).find("hostPaths: null") != std::string::npos;
    EXPECT_EQ(lacking, step != "fields that the events lack") << step;
  }
  EXPECT_EQ(steps.back(), "fields that the events lack");
}

// Nobody knows what stood in a body that is not there.
TEST_F(PodDraft, OfAMissingBodyNothingIsDemanded) {
  ExceptionDraft draft(redactor_, fields_of_rule());
  const auto seen = pod("");
  draft.add(seen->event, seen->fields);
  EXPECT_THAT(draft.yaml({}), Not(HasSubstr("hostPaths")));
}

}  // namespace
}  // namespace kubevigil
