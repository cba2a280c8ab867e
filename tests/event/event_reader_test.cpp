#include "engine/event/event_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace kubevigil {
namespace {

// A record with its padding, its reader and its event.
struct Fixture {
  std::string memory;
  EventReader reader;
  Event event;
  tl::expected<void, ReadError> read(std::string_view record, const RecordOrigin& origin = {}) {
    memory = std::string(record) + std::string(kRecordPadding, ' ');
    return reader.read(std::string_view(memory).substr(0, record.size()), origin, event);
  }
};

std::string joined(const Event& event, FieldId field) {
  std::string out;
  for (const Value& v : event.values(field)) out += (out.empty() ? "" : "|") + std::string(v.text);
  return out;
}

std::string entries_text(const Event& event, FieldId map) {
  std::string out;
  for (const MapEntry& e : event.entries(map)) out += std::string(e.key) + "=" + std::string(e.value.text) + ";";
  return out;
}

constexpr std::string_view kFull =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse",)"
    R"("auditID":"a1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/x/pods?a=1\u0026b=2","verb":"create",)"
    R"("user":{"username":"alice","uid":"u1","groups":["g1","g2"],"extra":{"k":["v1","v2"]}},)"
    R"("impersonatedUser":{"username":"bob","groups":["h"]},"authenticationMetadata":{"impersonationConstraint":"c"},)"
    R"("sourceIPs":["1.2.3.4","10.0.0.1"],"userAgent":"kubectl/v1",)"
    R"("objectRef":{"resource":"pods","namespace":"x","name":"p","apiVersion":"v1","subresource":"exec"},)"
    R"("responseStatus":{"metadata":{},"status":"Failure","message":"m","reason":"Forbidden","details":{"kind":"pods"},"code":403},)"
    R"("requestObject":{"a":[1,2]} ,"responseObject":[{"b":null}],)"
    R"("requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:06.000000Z",)"
    R"("annotations":{"authorization.k8s.io/decision":"forbid","audit.k8s.io/truncated":"true"}})";

TEST(EventReader, ReadsEveryEnvelopeField) {
  Fixture f;
  ASSERT_TRUE(f.read(kFull));
  const Event& e = f.event;
  const std::vector<std::pair<FieldId, std::string>> expected = {
      {FieldId::Kind, "Event"},
      {FieldId::ApiVersion, "audit.k8s.io/v1"},
      {FieldId::Level, "RequestResponse"},
      {FieldId::AuditId, "a1"},
      {FieldId::Stage, "ResponseComplete"},
      {FieldId::RequestUri, "/api/v1/namespaces/x/pods?a=1&b=2"},
      {FieldId::Verb, "create"},
      {FieldId::UserUsername, "alice"},
      {FieldId::UserUid, "u1"},
      {FieldId::UserGroups, "g1|g2"},
      {FieldId::ImpersonatedUsername, "bob"},
      {FieldId::ImpersonatedUid, ""},
      {FieldId::ImpersonatedGroups, "h"},
      {FieldId::ImpersonationConstraint, "c"},
      {FieldId::SourceIps, "1.2.3.4|10.0.0.1"},
      {FieldId::UserAgent, "kubectl/v1"},
      {FieldId::ObjectResource, "pods"},
      {FieldId::ObjectNamespace, "x"},
      {FieldId::ObjectName, "p"},
      {FieldId::ObjectApiVersion, "v1"},
      {FieldId::ObjectSubresource, "exec"},
      {FieldId::ResponseStatus, "Failure"},
      {FieldId::ResponseMessage, "m"},
      {FieldId::ResponseReason, "Forbidden"},
      {FieldId::ResponseCode, "403"}};
  for (const auto& [field, text] : expected) {
    EXPECT_EQ(joined(e, field), text) << field_info(field).name;
    EXPECT_EQ(e.present(field), !text.empty()) << field_info(field).name;
  }
  EXPECT_EQ(e.values(FieldId::ResponseCode)[0].number, 403);
  EXPECT_EQ(entries_text(e, FieldId::UserExtra), "k=v1;k=v2;");
  EXPECT_EQ(entries_text(e, FieldId::Annotations), "authorization.k8s.io/decision=forbid;audit.k8s.io/truncated=true;");
  EXPECT_EQ(e.raw(FieldId::RequestObject), R"({"a":[1,2]})");
  EXPECT_EQ(e.raw(FieldId::ResponseObject), R"([{"b":null}])");
  EXPECT_EQ(e.raw(FieldId::ResponseDetails), R"({"kind":"pods"})");
  EXPECT_TRUE(e.truncated);
  EXPECT_EQ(e.defect, BodyDefect::None);
  EXPECT_EQ(format_rfc3339(e.time), "2026-01-02T03:04:06.000000Z");
}

std::string minimal(std::string_view more) {
  return R"({"auditID":"a","stage":"ResponseComplete")" + std::string(more.empty() ? "" : ",") + std::string(more) +
         "}";
}

struct TypeCase {
  const char* member;
  FieldId field;
  const char* values;
  bool present;
};

TEST(EventReader, UnexpectedTypesNeverFail) {
  for (const TypeCase& c :
       {TypeCase{R"("user":"x")", FieldId::UserUsername, "", false},
        TypeCase{R"("user":[{"username":"x"}])", FieldId::UserUsername, "", false},
        TypeCase{R"("user":{"username":5})", FieldId::UserUsername, "5", true},
        TypeCase{R"("user":{"username":null})", FieldId::UserUsername, "", true},
        TypeCase{R"("user":{"groups":"g"})", FieldId::UserGroups, "g", true},
        TypeCase{R"("user":{"groups":[1,null,"g",{}]})", FieldId::UserGroups, "1|g|", true},
        TypeCase{R"("sourceIPs":5)", FieldId::SourceIps, "5", true},
        TypeCase{R"("sourceIPs":null)", FieldId::SourceIps, "", true},
        TypeCase{R"("verb":{"a":1})", FieldId::Verb, "", true}, TypeCase{R"("verb":true)", FieldId::Verb, "true", true},
        TypeCase{R"("responseStatus":{"code":"403"})", FieldId::ResponseCode, "403", true},
        TypeCase{R"("responseStatus":{"code":1e999})", FieldId::ResponseCode, "1e999", true},
        TypeCase{R"("verb":"get","verb":"list")", FieldId::Verb, "get|list", true},
        TypeCase{R"("\u0076erb":"get")", FieldId::Verb, "get", true},
        TypeCase{R"("verb":"\ud800x")", FieldId::Verb, "\uFFFDx", true},
        TypeCase{R"("verb":"a\u0000b")", FieldId::Verb, nullptr, true}}) {
    Fixture f;
    ASSERT_TRUE(f.read(minimal(c.member))) << c.member;
    if (c.values != nullptr) {
      EXPECT_EQ(joined(f.event, c.field), c.values) << c.member;
    }
    EXPECT_EQ(f.event.present(c.field), c.present) << c.member;
    EXPECT_EQ(f.event.defect, BodyDefect::None) << c.member;
  }
}

TEST(EventReader, AnnotationsOfAnyType) {
  Fixture f;
  for (const char* text : {"[]", "5", "\"x\"", "null"}) {
    ASSERT_TRUE(f.read(minimal(std::string("\"annotations\":") + text))) << text;
    EXPECT_TRUE(f.event.entries(FieldId::Annotations).empty());
    EXPECT_TRUE(f.event.present(FieldId::Annotations));
  }
  ASSERT_TRUE(f.read(minimal(R"("annotations":{"a":1,"b":["x","y"],"a":"z"})")));
  EXPECT_EQ(entries_text(f.event, FieldId::Annotations), "a=1;b=x;b=y;a=z;");
}

TEST(EventReader, RepeatedKeysKeepOtherFieldsApart) {
  Fixture f;
  ASSERT_TRUE(
      f.read(minimal(R"("user":{"groups":["a","b"]},"sourceIPs":["1"],"user":{"groups":["c"]},"sourceIPs":["2"])")));
  EXPECT_EQ(joined(f.event, FieldId::UserGroups), "a|b|c");
  EXPECT_EQ(joined(f.event, FieldId::SourceIps), "1|2");
}

struct ProblemCase {
  std::string record;
  ReadProblem problem;
  size_t offset;
};

TEST(EventReader, RecordsThatAreNoEvent) {
  const std::string whole = minimal("");
  for (const ProblemCase& c :
       {ProblemCase{"", ReadProblem::NotJson, 0}, ProblemCase{"   ", ReadProblem::NotJson, 3},
        ProblemCase{"[]", ReadProblem::NotJson, 0}, ProblemCase{"{}", ReadProblem::NotAuditEvent, 0},
        ProblemCase{R"({"kind":"Event","items":[]})", ReadProblem::NotAuditEvent, 0},
        ProblemCase{R"({"auditID":"a","stage":null})", ReadProblem::NotAuditEvent, 0},
        ProblemCase{whole + "x", ReadProblem::NotJson, whole.size()},
        ProblemCase{whole + whole, ReadProblem::NotJson, whole.size()},
        ProblemCase{whole + std::string(1, '\0'), ReadProblem::NotJson, whole.size()},
        ProblemCase{whole.substr(0, whole.size() - 1), ReadProblem::NotJson, whole.size() - 1},
        ProblemCase{R"({"auditID":"a","stage" "x"})", ReadProblem::NotJson, 23},
        ProblemCase{R"({"auditID":"a","stage":"x","requestObject":{"a":"b{"auditID":"c","stage":"d"})",
                    ReadProblem::NotJson, 0}}) {
    Fixture f;
    const auto result = f.read(c.record);
    ASSERT_FALSE(result) << c.record;
    EXPECT_EQ(result.error().problem, c.problem) << c.record;
    if (c.offset > 0) {
      EXPECT_EQ(result.error().offset, c.offset) << c.record << ": " << result.error().message;
    }
    EXPECT_FALSE(result.error().message.empty());
  }
}

struct DefectCase {
  std::string body;
  BodyDefect defect;
};

TEST(EventReader, DefectsOfABodyKeepTheEnvelope) {
  const std::string nested = std::string(100'000, '[') + std::string(100'000, ']');
  for (const DefectCase& c :
       {DefectCase{"{\"a\":\"\xff\"}", BodyDefect::Utf8}, DefectCase{"{\"a\xc3\":1}", BodyDefect::Utf8},
        DefectCase{"{\"a\":\"\n\"}", BodyDefect::Grammar}, DefectCase{"{\"a\":]]]}", BodyDefect::Grammar},
        DefectCase{std::string("{\"a\":\"\0\"}", 9), BodyDefect::Grammar},
        // Found when a rule walks the body, not by the reader:
        DefectCase{nested, BodyDefect::None}, DefectCase{"{\"a\":]}", BodyDefect::None},
        DefectCase{"{\"a\":1e99999}", BodyDefect::None}, DefectCase{"{\"a\":\"\\ud800\"}", BodyDefect::None},
        DefectCase{"\"text\"", BodyDefect::None}, DefectCase{"{} ,\"requestObject\":{}", BodyDefect::Grammar}}) {
    Fixture f;
    const auto result = f.read(minimal("\"verb\":\"patch\",\"requestObject\":" + c.body +
                                       ",\"responseObject\":{\"ok\":1},\"stageTimestamp\":\"2026-01-01T00:00:00Z\""));
    ASSERT_TRUE(result) << c.body.substr(0, 80) << ": " << result.error().message;
    EXPECT_EQ(f.event.defect, c.defect) << c.body.substr(0, 80);
    EXPECT_EQ(f.event.body_defect(FieldId::RequestObject), c.defect);
    EXPECT_EQ(f.event.body_defect(FieldId::ResponseObject), BodyDefect::None);
    EXPECT_EQ(joined(f.event, FieldId::Verb), "patch");
    EXPECT_EQ(f.event.raw(FieldId::ResponseObject), "{\"ok\":1}");
    EXPECT_EQ(format_rfc3339(f.event.time), "2026-01-01T00:00:00.000000Z");
  }
}

TEST(EventReader, BadBytesInTheEnvelopeAreReplaced) {
  Fixture f;
  ASSERT_TRUE(f.read(minimal("\"userAgent\":\"a\xff\tb\\\"c\",\"requestObject\":{\"x\":1}")));
  EXPECT_EQ(joined(f.event, FieldId::UserAgent),
            "a\uFFFD\uFFFD"
            "b\"c");
  EXPECT_EQ(f.event.defect, BodyDefect::None);
  EXPECT_EQ(f.event.raw(FieldId::RequestObject), "{\"x\":1}");
}

TEST(EventReader, OriginDefectsMarkTheMissingBodies) {
  Fixture f;
  RecordOrigin origin;
  origin.defect = BodyDefect::Oversize;
  ASSERT_TRUE(f.read(minimal("\"requestObject\":{\"x\":1}"), origin));
  EXPECT_EQ(f.event.defect, BodyDefect::Oversize);
  EXPECT_EQ(f.event.body_defect(FieldId::RequestObject), BodyDefect::None);
  EXPECT_EQ(f.event.body_defect(FieldId::ResponseObject), BodyDefect::Oversize);
}

struct TimeCase {
  const char* members;
  const char* time;
  TimeSource source;
};

TEST(EventReader, EventTime) {
  RecordOrigin origin;
  origin.previous_time = *parse_rfc3339("2000-01-01T00:00:00Z");
  const auto check = [&](const TimeCase& c) {
    Fixture f;
    ASSERT_TRUE(f.read(minimal(c.members), origin)) << c.members;
    EXPECT_EQ(format_rfc3339(f.event.time).substr(0, 4), c.time) << c.members;
    EXPECT_EQ(f.event.time_source, c.source) << c.members;
  };
  check({R"("requestReceivedTimestamp":"2001-01-01T00:00:00Z","stageTimestamp":"2002-01-01T00:00:00Z")", "2002",
         TimeSource::Event});
  check({R"("requestReceivedTimestamp":"2001-01-01T00:00:00Z","stageTimestamp":null)", "2001", TimeSource::Event});
  check({R"("requestReceivedTimestamp":"x","timestamp":"2003-01-01T00:00:00Z")", "2003", TimeSource::Event});
  check({R"("metadata":{"creationTimestamp":"2004-01-01T00:00:00Z"})", "2004", TimeSource::Event});
  check({R"("stageTimestamp":17)", "2000", TimeSource::Previous});
  origin.envelope_time = parse_rfc3339("1999-01-01T00:00:00Z");
  check({R"("stageTimestamp":17)", "1999", TimeSource::Envelope});
}

TEST(EventReader, ListsAreBounded) {
  std::string groups = "\"g\"";
  for (int i = 0; i < 5000; ++i) groups += ",\"g\"";
  Fixture f;
  ASSERT_TRUE(f.read(minimal("\"user\":{\"groups\":[" + groups + "]}")));
  EXPECT_EQ(f.event.values(FieldId::UserGroups).size(), 4096u);
  EXPECT_EQ(f.event.values_cut, 905u);
}

TEST(EventReader, AReaderIsReused) {
  Fixture f;
  ASSERT_TRUE(f.read(kFull));
  ASSERT_FALSE(f.read("{"));
  ASSERT_TRUE(f.read(minimal("")));
  EXPECT_EQ(joined(f.event, FieldId::Verb), "");
  EXPECT_FALSE(f.event.present(FieldId::Verb));
  EXPECT_TRUE(f.event.raw(FieldId::RequestObject).empty());
  EXPECT_FALSE(f.event.truncated);
  const std::string large = minimal("\"verb\":\"a\\u0026\",\"requestObject\":\"" + std::string(3u << 20, 'x') + "\"");
  ASSERT_TRUE(f.read(large));
  EXPECT_EQ(joined(f.event, FieldId::Verb), "a&");
  EXPECT_EQ(f.event.raw(FieldId::RequestObject).size(), (3u << 20) + 2);
}

TEST(EventReader, KernelIsNotTheSlowOne) { EXPECT_NE(simdjson_kernel(), "fallback"); }

}  // namespace
}  // namespace kubevigil
