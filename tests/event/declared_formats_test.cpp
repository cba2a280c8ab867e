// Batch::formats: what is told apart by shape in an archive is refused where it is not declared, for a forger could
// have written it.
#include <gmock/gmock.h>

#include <map>

#include "engine/event/batch_builder.h"
#include "engine/event/formats.h"
#include "engine/event/part_joiner.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"
#include "tests/support/wrapped_event.h"

namespace kubevigil {
namespace {

using test::json_string;
using test::kEvent;

using testing::AllOf;
using testing::HasSubstr;

struct Counts : EventSink {
  size_t events = 0, bad_records = 0;
  std::string cluster, envelope, reason;
  void event(const Event& e) override {
    ++events;
    cluster = e.cluster;
    envelope = e.envelope;
  }
  void bad(BadRecord b) override {
    bad_records += b.reason != BadReason::OtherLog ? 1 : 0;
    reason = b.message;
  }
};

const FormatsPtr kAny = nullptr;
FormatsPtr declared(const std::vector<std::string>& texts) {
  auto parsed = parse_formats(texts);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : native_formats();
}

Counts read(std::string_view bytes, const FormatsPtr& formats, std::string cluster = {}) {
  Batch batch;
  BatchBuilder builder(batch);
  PartJoiner joiner(builder);
  Splitter splitter(joiner);
  splitter.feed(bytes);
  splitter.finish(false);
  joiner.finish();
  builder.finish();
  batch.formats = formats;
  batch.cluster = std::move(cluster);
  Counts counts;
  counts.bad_records = batch.bad.size();
  RecordReader reader;
  for (const Record& record : batch.records) reader.read(batch, record, {}, counts);
  return counts;
}

const std::string kItem =
    R"({"level":"Metadata","auditID":"a","stage":"ResponseComplete","requestURI":"/api","verb":"get"})";

TEST(NativeOnly, TakesNativeEventsInAllTheirForms) {
  const std::vector<std::pair<std::string, size_t>> taken = {
      {kEvent + "\n" + kEvent + "\n", 2},
      {R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + kItem + "," + kItem + "]}", 2},
      {"[" + kEvent + "," + kItem + "]", 2},
      {kEvent + kEvent + "\n", 2},                                                       // glued
      {R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","lev)" + kEvent + "\n", 1},     // behind a torn one
      {kItem.substr(0, kItem.size() - 1) + R"(,"requestObject":{"log_source":1}})", 1},  // a client wrote the body
      {kEvent.substr(0, kEvent.size() - 1) + R"(,"requestObject":{"a":}})" + "\n", 1},   // its body is broken
  };
  for (const auto& [text, events] : taken) EXPECT_EQ(read(text, native_formats()).events, events) << text;
}

TEST(NativeOnly, RefusesEverythingThatWraps) {
  const std::string quoted = json_string(kEvent);
  const std::vector<std::string> refused = {
      R"({"log":)" + quoted + R"(,"stream":"stdout","time":"2026-01-01T00:00:00Z"})" + "\n",
      "2026-01-01T00:00:00.000000000Z stdout F " + kEvent + "\n",
      "<13>Jan  1 00:00:00 host apiserver: " + kEvent + "\n",
      R"({"message":)" + quoted + "}\n",
      R"({"time":1767225600,"host":"h","event":)" + kEvent + "}\n",
      R"({"logEvents":[{"id":"1","timestamp":1,"message":)" + quoted + "}]}",
      "[" + quoted + "]",
      quoted + "\n",
      R"({"specversion":"1.0","type":"x","source":"y","data":)" + kEvent + "}\n",
      kItem.substr(0, kItem.size() - 1) + R"(,"openshift":{"cluster_id":"forged"},"log_source":"kubeAPI"})" + "\n",
  };
  for (const std::string& text : refused) {
    const Counts open = read(text, kAny), native = read(text, native_formats());
    EXPECT_GT(open.events, 0u) << "not a wrapper at all: " << text;
    if (text.find("openshift") != std::string::npos) {  // members beside a native event's own say nothing
      EXPECT_EQ(native.events, 1u);
      EXPECT_EQ(native.cluster, "");
      continue;
    }
    EXPECT_EQ(native.events, 0u) << text;
    EXPECT_GT(native.bad_records, 0u) << text;
  }
}

TEST(NativeOnly, TheReceiversClusterWins) {
  const std::string forged =
      kItem.substr(0, kItem.size() - 1) + R"(,"openshift":{"cluster_id":"forged"},"log_source":"kubeAPI"})" + "\n";
  EXPECT_EQ(read(forged, kAny).cluster, "forged");
  EXPECT_EQ(read(forged, kAny, "prod").cluster, "prod");
  EXPECT_EQ(read(kEvent + "\n", native_formats(), "prod").cluster, "prod");
}

// Each format with the shape that it carries.
const std::map<std::string, std::string>& shapes() {
  static const std::string quoted = json_string(kEvent);
  static const std::map<std::string, std::string> all = {
      {"native", kEvent + "\n"},
      {"eks-cloudwatch", test::cloudwatch(kEvent)},
      {"eks-export", "2026-01-01T00:00:00.000Z " + kEvent + "\n"},
      {"event-hubs", R"({"records":[)" + test::azure_record(quoted) + "," + test::azure_record(kEvent) + "]}"},
      {"gke", R"({"protoPayload":{"serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.list",)"
              R"("resourceName":"core/v1/pods","authenticationInfo":{"principalEmail":"u@x"}},"insertId":"1",)"
              R"("timestamp":"2026-01-01T00:00:00Z"})"},
      {"fluent-bit log", R"({"@timestamp":1767225600.1,"log":)" + quoted + "}\n"},
      {"vector message", R"({"file":"/var/log/audit.log","message":)" + quoted + "}\n"},
      {"filebeat event.original", R"({"@timestamp":"2026-01-01T00:00:00Z","event":{"original":)" + quoted + "}}\n"},
      {"logstash payload", R"({"@version":"1","payload":)" + quoted + "}\n"},
      {"openshift", kItem.substr(0, kItem.size() - 1) + R"(,"openshift":{"cluster_id":"c"},"log_source":"kubeAPI"})"},
      {"ovh", R"({"message":)" + json_string(R"({"_appID":"a","short_message":)" + quoted + "}") + "}\n"},
      {"elastic", R"({"@timestamp":"2026-01-01T00:00:00Z","kubernetes":{"audit":)" + kEvent + "}}\n"},
      {"splunk-hec", R"({"time":1767225600,"host":"h","event":)" + kEvent + "}\n"},
      {"splunk-export", R"({"preview":false,"result":{"_raw":)" + quoted + "}}\n"},
      {"otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1767225600000000000",)"
               R"("body":{"stringValue":)" +
                   quoted + "}}]}]}]}"},
      {"loki", R"({"streams":[{"stream":{"a":"b"},"values":[["1767225600000000000",)" + quoted + "]]}]}"},
      {"cloudevents", R"({"specversion":"1.0","type":"x","source":"y","data":)" + kEvent + "}\n"},
      {"datadog", R"({"attributes":)" + kEvent + "}\n"},
      {"panther", kItem.substr(0, kItem.size() - 1) + R"(,"p_log_type":"Kubernetes.Audit"})"},
      {"docker", R"({"log":)" + quoted + R"(,"stream":"stdout","time":"2026-01-01T00:00:00Z"})" + "\n"},
      {"cri", "2026-01-01T00:00:00.000000000Z stdout F " + kEvent + "\n"},
      {"syslog", "<13>Jan  1 00:00:00 host apiserver: " + kEvent + "\n"},
      {"legacy", R"(2026-01-01T00:00:00.0Z AUDIT: id="1" stage="ResponseComplete" ip="10.0.0.1" method="get" user="u" )"
                 R"(groups="\"g\"" as="<self>" asgroups="<lookup>" namespace="dev" uri="/api/v1/namespaces/dev/pods" )"
                 R"(response="200")"
                 "\n"},
  };
  return all;
}

TEST(DeclaredFormats, EachTakesItsOwnShapeAndNoOther) {
  for (const FormatInfo& row : format_table()) {
    const bool there = std::any_of(shapes().begin(), shapes().end(),
                                   [&](const auto& shape) { return shape.first.starts_with(row.name); });
    EXPECT_TRUE(there) << row.name << " has no shape here";
  }
  for (const auto& [format, unused] : shapes()) {
    for (const auto& [carrier, text] : shapes()) {
      const Counts found = read(text, declared({format}));
      // A flattened event is a native one with members that say nothing.
      const bool flat = format == "native" && (carrier == "openshift" || carrier == "panther");
      // The same record: docker's own file, or fluent-bit's word for it.
      const bool same = format == "fluent-bit log" && carrier == "docker";
      EXPECT_EQ(found.events > 0, format == carrier || flat || same)
          << carrier << " by " << format << ": " << found.reason;
      if (found.events > 0) continue;
      EXPECT_GT(found.bad_records, 0u) << carrier << " by " << format;
      EXPECT_THAT(found.reason, HasSubstr("formats: [" + format + "]")) << carrier;
    }
    const bool usual = format != "logstash payload";  // by shape, only the usual members are known
    EXPECT_EQ(read(shapes().at(format), kAny).events > 0, usual) << format;
  }
}

TEST(DeclaredFormats, SeveralAreTakenSideBySide) {
  const FormatsPtr formats = declared({"native", "event-hubs", "vector message"});
  const std::string all = shapes().at("native") + shapes().at("vector message") + shapes().at("event-hubs");
  EXPECT_EQ(read(all, formats).events, 4u);
  EXPECT_EQ(read(shapes().at("event-hubs"), formats).envelope, "aks");
  EXPECT_EQ(read(shapes().at("cri"), formats).events, 0u);
}

TEST(DeclaredFormats, AStringCountsOnlyInTheDeclaredMember) {
  const FormatsPtr formats = declared({"fluent-bit log"});
  const std::string quoted = json_string(kEvent);
  EXPECT_EQ(read(R"({"log":)" + quoted + "}", formats).events, 1u);
  EXPECT_EQ(read(R"({"log":"something else","message":)" + quoted + "}", formats).events, 0u);
  EXPECT_THAT(read(R"({"message":)" + quoted + "}", formats).reason,
              AllOf(HasSubstr("in member message"), HasSubstr("formats: [fluent-bit log]")));
  // The shipper merged the line that somebody printed into its record.
  EXPECT_THAT(read(kEvent, formats).reason, HasSubstr("a bare native event"));
  // Other lines are no fault.
  const Counts other = read(R"({"log":"GET / 200","kubernetes":{"pod_name":"web"}})", formats);
  EXPECT_EQ(other.events + other.bad_records, 0u);
}

TEST(DeclaredFormats, ProofIsWhatTheShipperWrites) {
  const FormatsPtr formats = declared({"fluent-bit log kubernetes.container_name=kube-apiserver stream=stdout"});
  const std::string quoted = json_string(kEvent);
  const auto record = [&](const std::string& rest) { return R"({"log":)" + quoted + "," + rest + "}"; };
  const std::string proven = R"("kubernetes":{"container_name":"kube-apiserver"},"stream":"stdout")";
  EXPECT_EQ(read(record(proven), formats).events, 1u);
  EXPECT_EQ(read(record(R"("kubernetes.container_name":"kube-apiserver","stream":"stdout")"), formats).events, 1u);
  const std::vector<std::string> unproven = {
      R"("stream":"stdout")",
      R"("kubernetes":{"container_name":"web"},"stream":"stdout")",
      R"("kubernetes":{"container_name":["kube-apiserver"]},"stream":"stdout")",
      R"("kubernetes":{"container_name":"web"},)" + proven,  // twice
      R"("kubernetes":{"container_name":"web"},"kubernetes.container_name":"kube-apiserver","stream":"stdout")",
      R"("kubernetes":{"container_name":"web","container_name":"kube-apiserver"},"stream":"stdout")",
  };
  for (const std::string& rest : unproven) {
    const Counts found = read(record(rest), formats);
    EXPECT_EQ(found.events, 0u) << rest;
    EXPECT_THAT(found.reason, HasSubstr("where kubernetes.container_name is not kube-apiserver")) << rest;
  }
  // What a pod prints looks like a record with proof; it is a string in one without.
  const std::string forged =
      R"({"log":)" + json_string(record(proven)) + R"(,"kubernetes":{"container_name":"web"},"stream":"stdout"})";
  EXPECT_EQ(read(forged, formats).events, 0u);
}

TEST(DeclaredFormats, EveryWrapperOnTheWayIn) {
  const std::string inner = R"({"log":)" + json_string(kEvent) + "}";
  const std::string nested = test::cloudwatch(inner);
  EXPECT_EQ(read(nested, declared({"eks-cloudwatch"})).events, 0u);
  EXPECT_EQ(read(nested, declared({"fluent-bit log"})).events, 0u);
  EXPECT_EQ(read(nested, declared({"fluent-bit log", "eks-cloudwatch"})).events, 1u);
  // A native event inside needs no declaration of its own.
  EXPECT_EQ(read(test::cloudwatch(kEvent), declared({"eks-cloudwatch"})).events, 1u);
}

TEST(DeclaredFormats, WhatIsBrokenIsHeldToTheSame) {
  const std::string torn = kEvent.substr(0, 300), glued = R"({"log":)" + json_string(kEvent) + "}";
  EXPECT_EQ(read(torn + glued + "\n", declared({"native"})).events, read(torn + "\n", declared({"native"})).events);
  EXPECT_EQ(read(torn + kEvent + "\n", declared({"fluent-bit log"})).events, 0u);
  // Cut at 16 KiB, as Azure does: what stands in front of the cut, where that is declared.
  const std::string cut = R"({"records":[)" + test::azure_record(json_string(kEvent.substr(0, 500))) + "]}";
  EXPECT_EQ(read(cut, declared({"event-hubs"})).events, 1u);
  EXPECT_EQ(read(cut, declared({"native"})).events, 0u);
}

TEST(DeclaredFormats, TextsThatAreWrongSayWhatWasExpected) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "expected 1 to 32"},
      {{"nativ"}, "expected one of native, eks-cloudwatch"},
      {{"native", "any"}, "any stands alone"},
      {{"native log"}, "takes no key"},
      {{"fluent-bit"}, "such as fluent-bit log"},
      {{"vector a=b"}, "such as vector message"},
      {{"vector message file"}, "expected MEMBER=TEXT, found file"},
      {{"vector message =x"}, "expected MEMBER=TEXT, found =x"},
      {{"vector a,b"}, "without comma"},
      {{"vector " + std::string(300, 'a')}, "at most 256 bytes"},
      {{""}, "is empty"},
      {std::vector<std::string>(40, "native"), "expected 1 to 32"},
  };
  for (const auto& [texts, message] : wrong) {
    const auto parsed = parse_formats(texts);
    ASSERT_FALSE(parsed) << message;
    EXPECT_THAT(parsed.error().message, HasSubstr(message));
  }
}

TEST(DeclaredFormats, AreKeptAsOneWord) {
  const std::vector<std::vector<std::string>> all = {
      {"native"}, {"native", "event-hubs"}, {"fluent-bit log a.b=c=d e=", "native"}};
  for (const auto& texts : all) {
    const std::string word = format_word(texts);
    EXPECT_EQ(word.find(' '), std::string::npos);
    ASSERT_NE(decode_formats(word), nullptr);
    EXPECT_EQ(decode_formats(word)->text(), declared(texts)->text());
  }
  const std::vector<std::string> any = {"any"};
  EXPECT_EQ(format_word(any), "any");
  EXPECT_EQ(decode_formats("any"), nullptr);
  EXPECT_EQ(decode_formats("of tomorrow")->text(), "native");
}

}  // namespace
}  // namespace kubevigil
