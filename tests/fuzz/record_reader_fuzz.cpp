// Any bytes through decompression, splitter, joiner, envelopes and reader, in two sizes of pieces: the same events and
// the same bad records must come out; and the bytes as one record, read by both ways of the reader. Every event has an
// id and a stage, every bad record a reason inside the input.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "engine/codec/decompress.h"
#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"
#include "tests/support/read_both_ways.h"

namespace {

using namespace kubevigil;

constexpr uint64_t kMostBytes = 1u << 20;

class Checker final : public EventSink {
 public:
  explicit Checker(uint64_t size) : size_(size) {}

  void event(const Event& event) override {
    if (!event.present(FieldId::AuditId) || !event.present(FieldId::Stage) || event.envelope.empty()) std::abort();
    const EventDigests digests = event_digests(event);
    transcript.append(event.envelope).append(reinterpret_cast<const char*>(&digests.identity), sizeof digests.identity);
  }
  void bad(BadRecord bad) override {
    if (bad.message.empty() || bad.kept.size() > kKeptBytes || bad.position.offset > size_) std::abort();
    transcript += std::to_string(bad.position.offset) + ":" + std::to_string(bad.position.line) + " ";
    transcript.append(to_text(bad.reason)).append(bad.kept);
  }

  std::string transcript;

 private:
  uint64_t size_;
};

std::string read_all(std::string_view input, size_t piece_bytes) {
  const auto stream = decompressed(std::make_unique<MemoryStream>(input));
  Batch batch;
  BatchBuilder builder(batch);
  PartJoiner joiner(builder);
  Splitter splitter(joiner);
  std::string piece(piece_bytes, '\0');
  uint64_t total = 0;
  while (const size_t n = stream->read(piece)) {
    splitter.feed(std::string_view(piece).substr(0, n));
    if ((total += n) > kMostBytes) break;
  }
  if (total > kMostBytes) return {};  // where it was left off depends on the pieces
  splitter.finish(stream->status().end == StreamEnd::CutOff);
  joiner.finish();
  builder.finish();
  Checker checker(total);
  for (BadRecord& bad : batch.bad) checker.bad(std::move(bad));
  RecordReader reader;
  for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, checker);
  return checker.transcript;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto [fastest, general] = ReadBothWays().outcomes(input);
  if (fastest != general) std::abort();
  if (read_all(input, 4096) != read_all(input, 13)) std::abort();
  return 0;
}
