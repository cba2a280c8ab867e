// Batch::native_only: what is told apart by shape in an archive is refused where a forger could write it.
#include <gtest/gtest.h>

#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace {

struct Counts : EventSink {
  size_t events = 0, bad_records = 0;
  std::string cluster;
  void event(const Event& e) override {
    ++events;
    cluster = e.cluster;
  }
  void bad(BadRecord b) override { bad_records += b.reason != BadReason::OtherLog ? 1 : 0; }
};

Counts read(std::string_view bytes, bool native_only, std::string cluster = {}) {
  Batch batch;
  BatchBuilder builder(batch);
  PartJoiner joiner(builder);
  Splitter splitter(joiner);
  splitter.feed(bytes);
  splitter.finish(false);
  joiner.finish();
  builder.finish();
  batch.native_only = native_only;
  batch.cluster = std::move(cluster);
  Counts counts;
  counts.bad_records = batch.bad.size();
  RecordReader reader;
  for (const Record& record : batch.records) reader.read(batch, record, {}, counts);
  return counts;
}

const std::string kEvent =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete",)"
    R"("requestURI":"/api","verb":"get","user":{"username":"u"}})";
const std::string kItem =
    R"({"level":"Metadata","auditID":"a","stage":"ResponseComplete","requestURI":"/api","verb":"get"})";

std::string escaped(std::string text) {
  std::string out;
  for (const char c : text) out += c == '"' ? "\\\"" : std::string(1, c);
  return out;
}

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
  for (const auto& [text, events] : taken) EXPECT_EQ(read(text, true).events, events) << text;
}

TEST(NativeOnly, RefusesEverythingThatWraps) {
  const std::string quoted = "\"" + escaped(kEvent) + "\"";
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
    const Counts open = read(text, false), native = read(text, true);
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
  EXPECT_EQ(read(forged, false).cluster, "forged");
  EXPECT_EQ(read(forged, false, "prod").cluster, "prod");
  EXPECT_EQ(read(kEvent + "\n", true, "prod").cluster, "prod");
}

}  // namespace
}  // namespace kubevigil
