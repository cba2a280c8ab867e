#include "engine/run/body_pieces.h"

#include <fmt/format.h>

#include <utility>

#include "engine/codec/decompress.h"

namespace kubevigil {

BodyPieces::BodyPieces(std::unique_ptr<ByteStream> bytes, uint64_t number, uint64_t skip)
    : number_(number), skip_(skip), raw_(bytes.get()), plain_(decompressed(std::move(bytes))) {}

BodyStep BodyPieces::fill(BatchBuilder& builder, LiveBatch& batch, size_t most, size_t bytes, std::string& buffer) {
  builder_ = &builder;
  batch_ = &batch;
  most_ = most;
  for (;;) {
    const size_t n = plain_->read(buffer);
    if (n > 0) splitter_.feed({buffer.data(), n});
    if (n == 0 && plain_->status().end == StreamEnd::ReadError) return BodyStep::Unreadable;
    if (n == 0) finish();
    if (cut_) return BodyStep::Cut;
    if (n == 0) return BodyStep::Whole;
    if (builder.held_bytes() >= bytes) return BodyStep::Part;
  }
}

void BodyPieces::finish() {
  const StreamStatus& end = plain_->status();
  splitter_.finish(end.end != StreamEnd::Complete);
  joiner_.finish();
  if (end.end == StreamEnd::Complete || damaged()) return;
  BadRecord unread;
  unread.reason = BadReason::Encoding;
  unread.message = fmt::format("the body was not read, or not to its end: {}", end.message);
  bad(std::move(unread));
}

bool BodyPieces::wanted() {
  if (cut_) return false;
  if (seen_ >= skip_ && batch_->pieces() >= most_) {
    cut_ = true;
    return false;
  }
  return ++seen_ > skip_;
}

void BodyPieces::record(const Piece& piece) {
  if (!wanted()) return;
  Piece placed = piece;
  placed.position = place();
  builder_->record(placed);
}

void BodyPieces::bad(BadRecord bad) {
  if (!wanted()) return;
  bad.position = place();
  builder_->bad(std::move(bad));
}

}  // namespace kubevigil
