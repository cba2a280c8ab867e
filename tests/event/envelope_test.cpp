// One native event wrapped in every shape: what comes out must be the same event, whatever was around it.
#include "engine/event/envelope.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/codec/base64.h"
#include "engine/event/json_tree.h"
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

std::string packed(std::string_view text) { return base64_encode(test::gzip(text)); }

std::string pretty(std::string_view json) {
  std::string out;
  bool in_string = false;
  size_t depth = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string || c == '"') {
      out += c;
      if (c == '\\') out += json[++i];
      if (c == '"') in_string = !in_string;
      continue;
    }
    if (c == '}' || c == ']') out += "\r\n" + std::string(2 * --depth, ' ');
    out += c;
    if (c == '{' || c == '[') out += "\r\n" + std::string(2 * ++depth, ' ');
    if (c == ',') out += "\r\n" + std::string(2 * depth, ' ');
    if (c == ':') out += ' ';
  }
  return out;
}

std::string without_kind(std::string_view event) {
  constexpr std::string_view kHead = R"("kind":"Event","apiVersion":"audit.k8s.io/v1",)";
  return "{" + std::string(event.substr(1 + kHead.size()));
}

// JSON as an OTLP AnyValue.
std::string any_value(const JsonTree& tree, uint32_t node) {
  const Value& v = tree[node].value;
  std::string out;
  if (v.type == ValueType::Object || v.type == ValueType::Array) {
    for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) {
      out += out.empty() ? "" : ",";
      out += v.type == ValueType::Array
                 ? any_value(tree, c)
                 : fmt::format(R"({{"key":{},"value":{}}})", json_string(tree[c].key), any_value(tree, c));
    }
    return fmt::format(R"({{"{}":{{"values":[{}]}}}})", v.type == ValueType::Array ? "arrayValue" : "kvlistValue", out);
  }
  if (v.type == ValueType::Int) return fmt::format(R"({{"intValue":"{}"}})", v.text);
  return fmt::format(R"({{"stringValue":{}}})", json_string(v.text));
}
std::string any_value(std::string_view json) {
  JsonTree tree;
  EXPECT_TRUE(tree.parse(json));
  return any_value(tree, tree.root());
}

struct Shape {
  const char* name;
  std::string input;
  const char* envelope;
  const char* cluster = "";
};

std::vector<Shape> lossless_shapes() {
  const std::string flat = kEvent.substr(0, kEvent.size() - 1);
  const std::string gelf = R"({"version":"1.1","_appID":"a","short_message":)" + json_string(kEvent) + "}";
  const std::string prod = cloudwatch(kEvent);
  return {
      {"native", kEvent, "native"},
      {"native, pretty", pretty(kEvent), "native"},
      {"native, pretty, bom", "\xEF\xBB\xBF" + pretty(kEvent) + "\r\n", "native"},
      {"event list",
       R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + without_kind(kEvent) + "]}\n",
       "native"},
      {"event list, pretty", pretty(R"({"kind":"EventList","items":[)" + without_kind(kEvent) + "]}"), "native"},
      {"array", "[" + kEvent + "]", "native"},
      {"array, pretty", pretty("[" + kEvent + "]"), "native"},
      {"cloudwatch subscription", prod, "eks-cloudwatch", "prod"},
      {"cloudwatch, lambda", R"({"awslogs":{"data":")" + packed(prod) + "\"}}", "eks-cloudwatch", "prod"},
      {"cloudwatch, firehose",
       R"({"requestId":"r","timestamp":1714557600123,"records":[{"data":")" + packed(prod) + "\"}]}", "eks-cloudwatch",
       "prod"},
      {"cloudwatch, kinesis",
       R"({"Records":[{"kinesis":{"data":")" + packed(prod) + R"("},"eventSource":"aws:kinesis"}]})", "eks-cloudwatch",
       "prod"},
      {"cloudwatch, cli",
       R"({"events":[{"logStreamName":"kube-apiserver-audit-1","timestamp":1714557600123,"message":)" +
           json_string(kEvent) + R"(,"ingestionTime":1714557600999}]})",
       "eks-cloudwatch"},
      {"cloudwatch, export", "2024-05-01T10:00:00.123Z " + kEvent, "eks-export"},
      {"azure", R"({"records":[)" + azure_record(json_string(kEvent + "\n")) + "]}", "aks", "AKS1"},
      {"azure, one record", azure_record(json_string(kEvent)), "aks", "AKS1"},
      {"azure, object", azure_record(kEvent), "aks", "AKS1"},
      {"azure, pretty, bom", "\xEF\xBB\xBF" + pretty(azure_record(json_string(kEvent))), "aks", "AKS1"},
      {"azure, array of batches", R"([{"records":[)" + azure_record(json_string(kEvent)) + "]}]", "aks", "AKS1"},
      {"openshift",
       flat +
           R"(,"k8s_audit_level":"RequestResponse","@timestamp":"2024-05-01T10:00:01Z","log_type":"audit","log_source":"kubeAPI","openshift":{"cluster_id":"oc-1","sequence":1},"hostname":"h"})",
       "native", ""},
      {"ovh", R"({"message":)" + json_string(gelf) + "}", "ovh"},
      {"fluent-bit",
       R"({"@timestamp":1714557600.123,"log":)" + json_string(kEvent) + R"(,"kubernetes":{"pod_name":"p"}})",
       "shipper"},
      {"fluent-bit, parsed", flat + R"(,"@timestamp":1714557600.123,"kubernetes":{"pod_name":"p"}})", "native"},
      {"vector",
       R"({"file":"/a","host":"h","message":)" + json_string(kEvent) +
           R"(,"source_type":"file","timestamp":"2024-05-01T10:00:00Z"})",
       "shipper"},
      {"vector, http", R"({"path":"/","source_type":"http_server","items":[)" + without_kind(kEvent) + "]}", "native"},
      {"filebeat",
       R"({"@timestamp":"2024-05-01T10:00:00Z","message":)" + json_string(kEvent) +
           R"(,"log":{"file":{"path":"/a"},"offset":1},"agent":{},"host":{"name":"h"}})",
       "shipper"},
      {"logstash, event.original",
       R"({"@timestamp":"2024-05-01T10:00:00Z","event":{"original":)" + json_string(kEvent) +
           R"(},"message":"parsed"})",
       "shipper"},
      {"elasticsearch export", R"({"_index":"i","_source":{"message":)" + json_string(kEvent) + "}}", "elastic"},
      {"splunk hec, object",
       R"({"time":1714557600.123,"host":"h","sourcetype":"x","event":)" + kEvent + R"(,"fields":{}})", "splunk-hec"},
      {"splunk hec, string", R"({"time":"1714557600.123","index":"i","event":)" + json_string(kEvent) + "}",
       "splunk-hec"},
      {"splunk export",
       R"({"preview":false,"result":{"_raw":)" + json_string(kEvent) + R"(,"_time":"2024-05-01 10:00:00"}})",
       "splunk-export"},
      {"otlp, string",
       R"({"resourceLogs":[{"resource":{"attributes":[{"key":"k8s.cluster.name","value":{"stringValue":"c9"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1714557600123000000","body":{"stringValue":)" +
           json_string(kEvent) + "}}]}]}]}",
       "otlp", "c9"},
      {"otlp, kvlist", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)" + any_value(kEvent) + "}]}]}]}",
       "otlp"},
      {"loki",
       R"({"streams":[{"stream":{"cluster":"lk"},"values":[["1714557600123000000",)" + json_string(kEvent) + "]]}]}",
       "loki", "lk"},
      {"loki, query",
       R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1714557600123000000",)" +
           json_string(kEvent) + "]]}]}}",
       "loki"},
      {"cloudevents, object", R"({"specversion":"1.0","type":"t","source":"s","data":)" + kEvent + "}", "cloudevents"},
      {"cloudevents, string", R"({"specversion":"1.0","type":"t","source":"s","data":)" + json_string(kEvent) + "}",
       "cloudevents"},
      {"cloudevents, base64",
       R"({"specversion":"1.0","type":"t","source":"s","data_base64":")" + base64_encode(kEvent) + "\"}",
       "cloudevents"},
      {"datadog", R"({"attributes":)" + kEvent + R"(,"message":"m"})", "datadog"},
      {"panther", flat + R"(,"p_log_type":"Kubernetes.Audit","p_event_time":"2024-05-01 10:00:00"})", "native"},
      {"docker", R"({"log":)" + json_string(kEvent + "\n") + R"(,"stream":"stdout","time":"2024-05-01T10:00:00Z"})",
       "docker"},
      {"cri", "2024-05-01T10:00:00.123456789Z stdout F " + kEvent, "cri"},
      {"cri, parts",
       "2024-05-01T10:00:00.1Z stdout P " + kEvent.substr(0, 99) + "\n2024-05-01T10:00:00.2Z stdout F " +
           kEvent.substr(99),
       "cri"},
      {"syslog 3164", "<13>May  1 10:00:00 host audit: " + kEvent, "syslog"},
      {"syslog 5424", "<13>1 2024-05-01T10:00:00Z host audit - - - " + kEvent, "syslog"},
      {"pub/sub, native",
       R"({"message":{"data":")" + base64_encode(kEvent) + R"(","messageId":"1"},"subscription":"s"})", "native"},
      {"json string in an array", "[" + json_string(kEvent) + "]", "native"},
      {"three wrappers",
       R"({"message":)" + json_string(R"({"log":)" + json_string(R"({"msg":)" + json_string(kEvent) + "}") + "}") + "}",
       "shipper"},
  };
}

TEST(Envelope, EveryShapeGivesTheSameEvent) {
  const std::string expected = read_events(kEvent).events.at(0).text;
  ASSERT_NE(expected.find("requestObject="), std::string::npos);
  for (const Shape& shape : lossless_shapes()) {
    for (const size_t step : {7ul, 1ul << 20}) {
      const ReadResult got = read_events(shape.input, step);
      ASSERT_EQ(got.events.size(), 1u) << shape.name << " " << (got.bad.empty() ? "" : got.bad[0].message);
      EXPECT_TRUE(got.bad.empty()) << shape.name << ": " << got.bad[0].message;
      EXPECT_EQ(got.other_logs, 0u) << shape.name;
      EXPECT_EQ(got.events[0].text, expected) << shape.name;
      EXPECT_EQ(got.events[0].cluster, shape.cluster) << shape.name;
      EXPECT_EQ(format_rfc3339(got.events[0].time), "2024-05-01T10:00:00.000002Z") << shape.name;
      EXPECT_EQ(got.events[0].defect, BodyDefect::None) << shape.name;
      EXPECT_EQ(got.events[0].envelope, shape.envelope) << shape.name;
    }
  }
}

TEST(Envelope, ManyOnOneLineAndSideBySide) {
  std::string all;
  size_t count = 0;
  for (const Shape& shape : lossless_shapes()) {
    all += shape.input + "\n";
    ++count;
  }
  const ReadResult got = read_events(all);
  EXPECT_EQ(got.events.size(), count);
  EXPECT_TRUE(got.bad.empty());
  const std::string hec = R"({"time":1,"event":)" + kEvent + "}";
  EXPECT_EQ(read_events(hec + hec + hec).events.size(), 3u);
  EXPECT_EQ(read_events(kEvent + kEvent + kEvent + "\n").events.size(), 3u);
  EXPECT_EQ(read_events(cloudwatch(kEvent) + cloudwatch(kEvent)).events.size(), 2u);
}

// Logs that went through a program that sorts members begin with the annotations.
std::string annotations_first(const std::string& event) {
  const size_t at = event.find(R"(,"annotations":{)");
  return "{" + event.substr(at + 1, event.size() - at - 2) + "," + event.substr(1, at - 1) + "}";
}

TEST(Envelope, MembersInAnotherOrder) {
  const std::string sorted = annotations_first(kEvent);
  ASSERT_TRUE(sorted.starts_with(R"({"annotations":{")"));
  const std::string torn = sorted.substr(0, sorted.size() / 2);
  for (const std::string& input : {sorted, sorted + "\n", sorted + sorted + kEvent + "\n" + sorted,
                                   torn + "\n" + sorted, torn + kEvent + "\n" + sorted, pretty(sorted)}) {
    const ReadResult got = read_events(input);
    ASSERT_FALSE(got.events.empty()) << input;
    for (const auto& event : got.events) EXPECT_EQ(event.text, read_events(kEvent).events[0].text) << input;
    EXPECT_EQ(got.bad.size(), input.starts_with(torn + "\n") || input.starts_with(torn + kEvent) ? 1u : 0u) << input;
  }
  EXPECT_EQ(read_events(sorted + sorted + kEvent + "\n" + sorted).events.size(), 4u);
  EXPECT_EQ(read_events(torn + kEvent + "\n" + sorted).events.size(), 2u);
}

TEST(Envelope, OpenShiftLevelIsRestored) {
  std::string text = kEvent;
  text.replace(text.find("RequestResponse"), 15, "info");
  text.insert(text.size() - 1, R"(,"k8s_audit_level":"RequestResponse","openshift":{"cluster_id":"oc-1"})");
  for (const std::string& input :
       {text, "{\"@timestamp\":\"2024-05-01T10:00:01Z\"," + text.substr(1), annotations_first(text)}) {
    const ReadResult got = read_events(input);
    ASSERT_EQ(got.events.size(), 1u);
    EXPECT_EQ(got.events[0].text, read_events(kEvent).events[0].text);
    EXPECT_EQ(got.events[0].envelope, "openshift");
    EXPECT_EQ(got.events[0].cluster, "oc-1");
  }
}

TEST(Envelope, ElasticAnnotationsGetTheirDotsBack) {
  std::string audit = without_kind(kEvent);
  for (size_t at = 0; (at = audit.find("authorization.k8s.io/", at)) != std::string::npos;)
    audit.replace(at, 20, "authorization_k8s_io");
  const ReadResult got = read_events(R"({"@timestamp":"2024-05-01T10:00:00Z","kubernetes":{"audit":)" + audit + "}}");
  ASSERT_EQ(got.events.size(), 1u);
  EXPECT_EQ(got.events[0].text, read_events(kEvent).events[0].text);
  EXPECT_EQ(got.events[0].envelope, "elastic");
}

TEST(Envelope, LegacyText) {
  const ReadResult got = read_events(
      "2024-05-01T10:00:00.123456Z AUDIT: id=\"i-1\" stage=\"ResponseComplete\" ip=\"10.0.0.1\" method=\"list\" "
      "user=\"bob\" groups=\"\\\"g1\\\",\\\"g,2\\\"\" as=\"<self>\" asgroups=\"<lookup>\" user-agent=\"k \\\"x\\\"\" "
      "namespace=\"<none>\" uri=\"/apis/apps/v1/namespaces/n/deployments/d/scale?x=1\" response=\"403\"\n");
  ASSERT_EQ(got.events.size(), 1u);
  EXPECT_EQ(got.events[0].text,
            "level=Metadata|\nauditID=i-1|\nstage=ResponseComplete|\n"
            "requestURI=/apis/apps/v1/namespaces/n/deployments/d/scale?x=1|\nverb=list|\nuser.username=bob|\n"
            "user.groups=g1|g,2|\nsourceIPs=10.0.0.1|\nuserAgent=k \"x\"|\nobjectRef.resource=deployments|\n"
            "objectRef.namespace=n|\nobjectRef.name=d|\nobjectRef.apiGroup=apps|\nobjectRef.apiVersion=v1|\n"
            "objectRef.subresource=scale|\nresponseStatus.code=403|\n"
            "requestReceivedTimestamp=2024-05-01T10:00:00.123456Z|\nstageTimestamp=2024-05-01T10:00:00.123456Z|\n");
  EXPECT_EQ(got.events[0].envelope, "legacy");
}

TEST(EnvelopeTable, NamesAreDistinct) {
  std::vector<std::string_view> names;
  for (const EnvelopeInfo& info : envelope_table()) {
    EXPECT_EQ(std::count(names.begin(), names.end(), info.name), 0) << info.name;
    EXPECT_FALSE(info.description.empty());
    names.push_back(info.name);
  }
}

}  // namespace
}  // namespace kubevigil
