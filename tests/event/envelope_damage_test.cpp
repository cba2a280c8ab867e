// Envelopes whose content is cut, too large, broken, or not an audit event at all.
#include <gtest/gtest.h>

#include "engine/codec/base64.h"
#include "tests/support/compress.h"
#include "tests/support/event_text.h"
#include "tests/support/wrapped_event.h"

namespace kubevigil {
namespace {

using test::azure_record;
using test::cloudwatch;
using test::json_string;
using test::kEvent;
using test::read_events;
using test::ReadResult;

// Cut in the middle: who, what and where stay; the envelope's time stands in for the event's.
TEST(EnvelopeDamage, CutMessagesKeepWhatStandsBeforeTheCut) {
  const size_t in_body = kEvent.find("\"kind\":\"Secret\"") + 5;
  const std::string cut = kEvent.substr(0, in_body);
  const std::string inputs[] = {
      cloudwatch(cut + "[Truncated...]"), azure_record(json_string(cut)), "2025-10-07T16:19:19.64Z stdout F " + cut,
      R"({"@timestamp":"2025-10-07T16:19:19.64Z","log":)" + json_string(cut) + "}",
      R"({"@timestamp":"2025-10-07T16:19:19.64Z","message":)" + json_string(cut.substr(0, cut.size() - 40)) + "}"};
  for (const std::string& input : inputs) {
    const ReadResult got = read_events(input);
    ASSERT_EQ(got.events.size(), 1u) << input;
    const std::string& text = got.events[0].text;
    EXPECT_NE(text.find("user.username=alice|"), std::string::npos) << text;
    EXPECT_NE(text.find("objectRef.resource=secrets|"), std::string::npos) << text;
    EXPECT_EQ(text.find("requestObject="), std::string::npos) << text;
    EXPECT_EQ(got.events[0].defect, BodyDefect::Truncated);
    EXPECT_EQ(got.events[0].time_source, TimeSource::Envelope) << input;
    EXPECT_TRUE(format_rfc3339(got.events[0].time)
                    .starts_with(input.front() == '{' && input[2] == 'm' ? "2024-05-01T10:00:00.123"
                                                                         : "2025-10-07T16:19:19.64"))
        << input;
  }
  // Every cut behind the stage gives an event, every cut before it a bad record; none gives both.
  const size_t stage_end = kEvent.find(",\"requestURI\"");
  for (size_t size = 2; size < kEvent.size(); size += 3) {
    const ReadResult got = read_events(cloudwatch(kEvent.substr(0, size) + "[Truncated...]"));
    EXPECT_EQ(got.events.size(), size >= stage_end ? 1u : 0u) << size;
    EXPECT_EQ(got.events.size() + got.bad.size() + got.other_logs, 1u) << size;
  }
}

// Clients choose how deep and how wide a body is; the event must come out all the same.
TEST(EnvelopeDamage, HugeBodiesDoNotHideTheEvent) {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  std::string wide = "[0";
  for (int i = 0; i < 1'100'000; ++i) wide += ",0";
  wide += "]";
  for (const auto& [body, defect] : {std::pair(deep, BodyDefect::Depth), std::pair(wide, BodyDefect::Nodes)}) {
    const std::string gke =
        R"({"insertId":"i","timestamp":"2024-05-01T10:00:00Z","protoPayload":{"serviceName":"k8s.io","methodName":)"
        R"("io.k8s.core.v1.pods.create","resourceName":"core/v1/namespaces/n/pods","request":{"@type":"t","x":)" +
        body + R"(},"authenticationInfo":{"principalEmail":"eve"}}})";
    const std::string hec = R"({"time":1714557600,"event":{"kind":"Event","auditID":"i","stage":"ResponseComplete",)"
                            R"("verb":"create","user":{"username":"eve"},"requestObject":)" +
                            body + "}}";
    for (const std::string& input : {gke, hec}) {
      const ReadResult got = read_events(input);
      ASSERT_EQ(got.events.size(), 1u) << input.substr(0, 40) << (got.bad.empty() ? "" : got.bad[0].message);
      EXPECT_NE(got.events[0].text.find("user.username=eve|"), std::string::npos);
      EXPECT_EQ(got.events[0].defect, defect);
    }
  }
}

// Above 8 MiB, in whatever is wrapped around it: who, what and where are read, the body is skipped.
TEST(EnvelopeDamage, LargeWrappedRecordsKeepTheirEnvelope) {
  std::string large = kEvent;
  const size_t body = large.find("\"data\":{") + 8;
  large.insert(body, "\"z\":\"" + std::string(9 << 20, 'z') + "\",");
  const std::string line = large + "\n";
  const struct {
    std::string input;
    const char* envelope;
  } cases[] = {
      {large, "native"},
      {R"({"kind":"EventList","items":[)" + large + "]}", "native"},
      {R"({"log":)" + json_string(line) + R"(,"stream":"stdout","time":"2024-05-01T10:00:00Z"})", "shipper"},
      {cloudwatch(large), "eks-cloudwatch"},
      {R"({"records":[)" + azure_record(json_string(line)) + "]}", "aks"},
      {R"({"records":[)" + azure_record(large) + "]}", "aks"},
      {R"({"time":1714557600.0,"event":)" + large + "}", "splunk-hec"},
      {R"({"time":1714557600.0,"event":)" + json_string(large) + "}", "splunk-hec"},
      {R"({"@timestamp":"2024-05-01T10:00:00Z","kubernetes":{"audit":)" + large + "}}", "elastic"},
      {R"({"streams":[{"stream":{},"values":[["1714557600000000000",)" + json_string(large) + "]]}]}", "loki"},
      {"2024-05-01T10:00:00Z stdout F " + large, "cri"},
      {"2024-05-01T10:00:00Z " + large, "eks-export"},
      {"<13>May  1 10:00:00 host audit: " + large, "syslog"},
  };
  for (const auto& c : cases) {
    const ReadResult got = read_events(c.input + "\n" + kEvent + "\n");
    const std::string name = c.input.substr(0, 60);
    ASSERT_EQ(got.events.size(), 2u) << "CASE " << name << (got.bad.empty() ? "" : got.bad[0].message);
    EXPECT_TRUE(got.bad.empty()) << name;
    const std::string& text = got.events[0].text;
    for (const char* kept : {"user.username=alice|", "objectRef.resource=secrets|", "responseStatus.code=200|"}) {
      EXPECT_NE(text.find(kept), std::string::npos) << name;
    }
    EXPECT_EQ(text.find("requestObject="), std::string::npos) << name << text.substr(0, 900);
    EXPECT_EQ(got.events[0].defect, BodyDefect::Oversize) << name;
    EXPECT_EQ(got.events[0].envelope, c.envelope) << name;
  }
  const ReadResult text = read_events(std::string(9 << 20, 'x') + "\n" + kEvent + "\n");
  EXPECT_EQ(text.events.size(), 1u);
  ASSERT_EQ(text.bad.size(), 1u);
  EXPECT_EQ(text.bad[0].reason, BadReason::TooLong);
}

// A record glued to the first half of another, behind every kind of prefix; and the second half of one whose
// beginning is lost. Nothing goes without a count.
TEST(EnvelopeDamage, TornRecordsAndWhatIsGluedToThem) {
  const std::string early = kEvent.substr(0, 90);  // before the stage: no event
  const std::string late = kEvent.substr(0, kEvent.find("\"data\""));
  const std::string time = "2024-05-01T10:00:00Z ";
  const auto docker = [](const std::string& text) {
    return R"({"log":)" + json_string(text) + R"(,"stream":"stdout"})";
  };
  const struct {
    std::string input;
    size_t events, bad;
  } cases[] = {
      {early + kEvent, 1, 1},
      {late + kEvent, 1, 1},
      {time + "stdout F " + early + kEvent, 1, 1},
      {time + "stdout F " + late + kEvent, 2, 0},  // a cut event, then the glued one
      {time + late + kEvent, 2, 0},
      {kEvent.substr(100) + kEvent, 1, 1},
      {docker(kEvent).substr(0, 90) + docker(kEvent), 1, 1},
      {docker(early + kEvent), 1, 1},
      {cloudwatch(early + kEvent), 1, 1},
  };
  for (const auto& c : cases) {
    const ReadResult got = read_events(c.input + "\n" + kEvent + "\n");
    EXPECT_EQ(got.events.size(), c.events + 1) << c.input;
    EXPECT_EQ(got.bad.size(), c.bad) << c.input;
    for (const auto& bad : got.bad) EXPECT_EQ(bad.reason, BadReason::Torn) << c.input << "\n" << bad.message;
    EXPECT_EQ(got.events[c.events - 1].text, read_events(kEvent).events[0].text) << c.input;
  }
}

TEST(EnvelopeDamage, OtherLogsAreSteppedOverQuietly) {
  const std::string inputs[] = {
      R"({"messageType":"CONTROL_MESSAGE","logGroup":"","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE"}]})",
      R"({"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster","logStream":"kube-scheduler-1","logEvents":[{"id":"1","timestamp":1,"message":"I0501 text"}]})",
      R"({"time":"2025-10-07T16:19:19Z","category":"kube-apiserver","properties":{"log":"I0501 text"}})",
      R"({"time":"2025-10-07T16:19:19Z","category":"guard","properties":{"log":"{}"}})",
      R"({"protoPayload":{"serviceName":"container.googleapis.com","methodName":"x"},"logName":"y"})",
      R"({"logName":"projects/p/logs/stdout","textPayload":"hello"})",
      R"({"@timestamp":"2024-05-01T10:00:00Z","log_type":"audit","log_source":"auditd","message":"type=USER"})",
      R"({"@timestamp":"2024-05-01T10:00:00Z","log_type":"audit","log_source":"ovn"})",
      R"({"auditID":"1","method":"GET","requestTimestamp":"x","responseCode":200,"user":{"name":"u"}})",
      "2024-05-01T10:00:00Z stdout F I0501 10:00:00 controller.go:1] text",
      "2024-05-01T10:00:00Z stderr F {\"level\":\"info\",\"msg\":\"hello\"}",
      R"({"log":"hello\n","stream":"stdout","time":"2024-05-01T10:00:00Z"})",
      "<13>May  1 10:00:00 host sshd: accepted",
  };
  for (const std::string& input : inputs) {
    const ReadResult got = read_events(input);
    EXPECT_EQ(got.other_logs, 1u) << input << (got.bad.empty() ? "" : "\n" + got.bad[0].message);
    EXPECT_TRUE(got.events.empty() && got.bad.empty()) << input;
  }
}

TEST(EnvelopeDamage, BadRecordsSayWhy) {
  std::string deep = kEvent;
  for (int i = 0; i < 5; ++i) deep = R"({"message":)" + json_string(deep) + "}";
  const struct {
    std::string input;
    BadReason reason;
  } cases[] = {
      {R"({"kind": 0})", BadReason::NotAuditEvent},
      {R"({"a":1})", BadReason::NotAuditEvent},
      {"hello", BadReason::NotJson},
      {R"({"a":tru})", BadReason::NotJson},
      {R"({"awslogs":{"data":"###"}})", BadReason::Encoding},
      {R"({"awslogs":{"data":")" + base64_encode(test::gzip(kEvent).substr(0, 50)) + "\"}}", BadReason::Encoding},
      {deep, BadReason::WrappedTooDeep},
      {R"({"kind":"Event","apiVersion":"v1","message":"a core event"})", BadReason::NotAuditEvent},
  };
  for (const auto& c : cases) {
    const ReadResult got = read_events(c.input);
    ASSERT_EQ(got.bad.size(), 1u) << c.input;
    EXPECT_EQ(got.bad[0].reason, c.reason) << c.input << ": " << got.bad[0].message;
    EXPECT_FALSE(got.bad[0].message.empty());
    EXPECT_TRUE(got.events.empty());
  }
}

TEST(EnvelopeDamage, FastLinesThatAreNotOneEventAreCutAgain) {
  const std::string torn = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","user":{"us)";
  const ReadResult glued = read_events(kEvent + "\n" + torn + kEvent + "\n" + kEvent + "\n");
  EXPECT_EQ(glued.events.size(), 3u);
  ASSERT_EQ(glued.bad.size(), 1u);
  EXPECT_EQ(glued.bad[0].reason, BadReason::Torn);
  EXPECT_EQ(glued.bad[0].position.line, 2u);
  EXPECT_EQ(glued.bad[0].position.offset, kEvent.size() + 1);
  EXPECT_EQ(glued.bad[0].kept, torn);
  const ReadResult hole = read_events(torn + std::string(100, '\0') + kEvent + "\n");
  EXPECT_EQ(hole.events.size(), 1u);
  EXPECT_EQ(hole.bad.size(), 1u);
}

}  // namespace
}  // namespace kubevigil
