// BodyPieces: one body that holds records (what a sender posted, a message of Kafka) on its way into batches: unpacked
// when it is gzip or zstd, told by its first bytes, and cut into records. Those that were given already are stepped
// over. A body that is larger than a batch goes into several.
//
// RecordPosition::offset is the body's number, line the place of the record in it, from 1 (bad ones count).
//
// One thread.
#pragma once

#include <memory>
#include <string>

#include "engine/codec/byte_stream.h"
#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/splitter.h"
#include "engine/run/live_input.h"

namespace kubevigil {

enum class BodyStep : uint8_t {
  Whole,       // all of it was given
  Part,        // the batch is full; fill() goes on behind it
  Cut,         // so many pieces as were asked for, and there are more: begin anew, with `skip` = seen()
  Unreadable,  // the bytes cannot be had; problem() says why
};

class BodyPieces final : public RecordSink {
 public:
  // `skip`: so many of its records and bad ones were given already.
  BodyPieces(std::unique_ptr<ByteStream> bytes, uint64_t number, uint64_t skip);

  // Appends to the batch, through its builder, until that holds `bytes` or the batch has `most` pieces. `buffer` is
  // room to read into.
  BodyStep fill(BatchBuilder& builder, LiveBatch& batch, size_t most, size_t bytes, std::string& buffer);

  uint64_t seen() const { return seen_; }  // pieces, with those that were stepped over
  // Behind Whole: the bytes themselves are damaged, not only what is packed in them.
  bool damaged() const { return raw_->status().end == StreamEnd::Corrupt; }
  const std::string& problem() const { return plain_->status().message; }

  // For the splitter.
  void record(const Piece& piece) override;
  void bad(BadRecord bad) override;

 private:
  void finish();
  bool wanted();
  RecordPosition place() const { return {0, number_, seen_}; }

  const uint64_t number_, skip_;
  const ByteStream* raw_;  // below plain_
  const std::unique_ptr<ByteStream> plain_;
  PartJoiner joiner_{*this};
  Splitter splitter_{joiner_};
  BatchBuilder* builder_ = nullptr;
  LiveBatch* batch_ = nullptr;
  size_t most_ = 0;
  uint64_t seen_ = 0;
  bool cut_ = false;
};

}  // namespace kubevigil
