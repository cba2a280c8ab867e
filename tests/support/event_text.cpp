#include "tests/support/event_text.h"

#include <algorithm>

#include "engine/event/batch_builder.h"
#include "engine/event/json_tree.h"
#include "engine/event/part_joiner.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"

namespace kubevigil::test {
namespace {

class Collector final : public EventSink {
 public:
  explicit Collector(ReadResult& result) : result_(result) {}
  void event(const Event& event) override {
    result_.events.push_back({normalised(event), std::string(event.text(FieldId::AuditId)), std::string(event.cluster),
                              std::string(event.envelope), event.time, event.time_source, event.defect});
  }
  void bad(BadRecord bad) override {
    if (bad.reason == BadReason::OtherLog) {
      ++result_.other_logs;
    } else {
      result_.bad.push_back(std::move(bad));
    }
  }

 private:
  ReadResult& result_;
};

}  // namespace

std::string normalised(const Event& event) {
  std::string out;
  for (size_t i = 0; i < kEnvelopeFieldCount; ++i) {
    const auto field = static_cast<FieldId>(i);
    if (field == FieldId::Kind || field == FieldId::ApiVersion) continue;
    std::string values;
    const FieldShape shape = field_info(field).shape;
    if (shape == FieldShape::Map) {
      std::vector<std::string> entries;
      for (const MapEntry& e : event.entries(field))
        entries.push_back(std::string(e.key) + ":" + std::string(e.value.text));
      std::sort(entries.begin(), entries.end());
      for (const std::string& e : entries) values += e + "|";
    } else {
      for (const Value& v : event.values(field)) values += std::string(v.text) + "|";
    }
    if (!values.empty()) out += std::string(field_info(field).name) + "=" + values + "\n";
  }
  for (const FieldId field : {FieldId::RequestObject, FieldId::ResponseObject, FieldId::ResponseDetails}) {
    JsonTree tree;
    if (event.raw(field).empty()) continue;
    out += std::string(field_info(field).name) + "=";
    out += tree.parse(event.raw(field)) ? to_text(tree, tree.root()) : std::string(event.raw(field));
    out += "\n";
  }
  return out;
}

ReadResult read_events(std::string_view bytes, size_t step) {
  ReadResult result;
  Batch batch;
  BatchBuilder builder(batch);
  PartJoiner joiner(builder);
  Splitter splitter(joiner);
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) splitter.feed(bytes.substr(at, step));
  splitter.finish(false);
  joiner.finish();
  builder.finish();
  Collector collector(result);
  RecordReader reader;
  for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, collector);
  for (const BadRecord& bad : batch.bad) result.bad.push_back(bad);
  return result;
}

}  // namespace kubevigil::test
