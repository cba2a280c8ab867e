#include <gtest/gtest.h>

#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

std::string with(std::string_view member, std::string_view value) {
  struct Member {
    std::string_view key, value;
  };
  std::string out = "{";
  for (const Member& m : {Member{"auditID", R"("a")"},
                          {"stage", R"("ResponseComplete")"},
                          {"verb", R"("get")"},
                          {"requestURI", R"("/x")"},
                          {"user", R"({"username":"u"})"},
                          {"impersonatedUser", R"({"username":"i"})"},
                          {"objectRef", R"({"resource":"pods"})"},
                          {"responseStatus", R"({"code":200})"},
                          {"requestReceivedTimestamp", R"("2026-01-01T00:00:00Z")"},
                          {"stageTimestamp", R"("2026-01-01T00:00:01Z")"},
                          {"timestamp", R"("2026-01-01T00:00:00Z")"},
                          {"userAgent", R"("x")"},
                          {"level", R"("Metadata")"}}) {
    const std::string_view used = m.key == member ? value : m.value;
    if (!used.empty()) out += (out.size() > 1 ? ",\"" : "\"") + std::string(m.key) + "\":" + std::string(used);
  }
  return out + "}";
}

struct IdentityCase {
  const char* member;
  const char* value;  // "" leaves it out
  bool other_event;
  bool other_request;
};

TEST(EventIdentity, WhatMakesAnotherEventOrRequest) {
  ReadEvent base(with("", ""));
  const Hash128 event = event_digests(base.event).identity, request = request_identity(base.event);
  for (const IdentityCase& c :
       {IdentityCase{"auditID", R"("b")", true, true}, IdentityCase{"stage", R"("ResponseStarted")", true, false},
        IdentityCase{"stageTimestamp", R"("2026-01-01T00:00:02Z")", true, false},
        IdentityCase{"requestReceivedTimestamp", R"("2026-01-01T00:00:02Z")", true, true},
        IdentityCase{"timestamp", "", true, false}, IdentityCase{"verb", R"("list")", true, true},
        IdentityCase{"user", R"({"username":"v"})", true, true}, IdentityCase{"impersonatedUser", "", true, true},
        IdentityCase{"requestURI", R"("/y")", true, true},
        IdentityCase{"objectRef", R"({"resource":"secrets"})", true, true},
        IdentityCase{"objectRef", R"({"namespace":"pods"})", true, true},
        IdentityCase{"responseStatus", R"({"code":403})", true, false},
        IdentityCase{"responseStatus", R"({"code":"200"})", true, false},
        IdentityCase{"userAgent", R"("y")", false, false}, IdentityCase{"level", R"("Request")", false, false}}) {
    ReadEvent other(with(c.member, c.value));
    EXPECT_EQ(event_digests(other.event).identity != event, c.other_event) << c.member << " " << c.value;
    EXPECT_EQ(request_identity(other.event) != request, c.other_request) << c.member << " " << c.value;
  }
}

TEST(EventIdentity, ClusterAndKeyCount) {
  ReadEvent e(with("", ""));
  const Hash128 plain = event_digests(e.event).identity;
  EXPECT_NE(event_digests(e.event, {1, 2}).identity, plain);
  RecordOrigin origin;
  origin.cluster = "c1";
  ASSERT_TRUE(e.read(with("", ""), origin));
  EXPECT_NE(event_digests(e.event).identity, plain);
  EXPECT_EQ(e.show("cluster"), "c1");
}

struct RoleCase {
  const char* stage;
  const char* members;
  StageRole role;
};

TEST(EventIdentity, StageRoles) {
  constexpr const char* kExec = R"("objectRef":{"resource":"pods","subresource":"exec"})";
  for (const RoleCase& c : {RoleCase{"RequestReceived", "", StageRole::None},
                            {"ResponseComplete", "", StageRole::First},
                            {"Panic", "", StageRole::First},
                            {"ResponseStarted", "", StageRole::None},
                            {"ResponseStarted", R"("responseStatus":{"code":401})", StageRole::First},
                            {"ResponseStarted", R"("verb":"watch")", StageRole::First},
                            {"ResponseComplete", R"("verb":"watch")", StageRole::Later},
                            {"ResponseStarted", kExec, StageRole::First},
                            {"ResponseComplete", kExec, StageRole::Later},
                            {"Panic", kExec, StageRole::Later},
                            {"ResponseComplete", R"("objectRef":{"subresource":"log"})", StageRole::Later}}) {
    std::string record = std::string(R"({"auditID":"a","stage":")") + c.stage + "\"";
    if (*c.members != 0) record += std::string(",") + c.members;
    ReadEvent e(record + "}");
    EXPECT_EQ(stage_role(e.event), c.role) << record;
  }
}

}  // namespace
}  // namespace kubevigil
