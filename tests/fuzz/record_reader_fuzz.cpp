// Any bytes through decompression, splitter, joiner, envelopes and reader. Every event must have an id and a stage.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/codec/decompress.h"
#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"

namespace {

using namespace kubevigil;

class Checker final : public EventSink {
 public:
  void event(const Event& event) override {
    if (!event.present(FieldId::AuditId) || !event.present(FieldId::Stage) || event.envelope.empty()) std::abort();
  }
  void bad(BadRecord bad) override {
    if (bad.message.empty() || bad.kept.size() > kKeptBytes) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto stream =
      decompressed(std::make_unique<MemoryStream>(std::string_view(reinterpret_cast<const char*>(data), size)));
  Batch batch;
  BatchBuilder builder(batch);
  PartJoiner joiner(builder);
  Splitter splitter(joiner);
  char piece[4096];
  size_t total = 0;
  while (const size_t n = stream->read(piece)) {
    splitter.feed({piece, n});
    if ((total += n) > (1u << 20)) break;
  }
  splitter.finish(stream->status().end == StreamEnd::CutOff);
  joiner.finish();
  builder.finish();
  Checker checker;
  RecordReader reader;
  for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, checker);
  return 0;
}
