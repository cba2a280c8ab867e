// SpoolInput: the bodies of the spool as a LiveInput. Small bodies of one stream that stand one behind the other are
// joined into one batch (blocking mode sends one event a POST); a body that is larger than a batch comes in pieces.
// Bodies packed with gzip or zstd are unpacked, told by their first bytes.
//
// A stream is "webhook/CLUSTER/CREDENTIAL/PEER". RecordPosition::offset is the sequence of the body, line the place of
// the record in it, from 1 (bad ones count). `taken` is the arrival of the batch's last body.
//
// Position: "AFTER SCAN GIVEN", three decimal numbers: SpoolPosition, and how many records and bad ones of the body
// behind it were given already. "": the beginning of the spool.
//
// Gaps: sequences that are lost ("gap"), a body that is damaged inside ("damaged": what stands before it was given), a
// position behind the end of the spool, which was removed or is an older copy ("gone": it is read from its beginning).
// Broken: the disk refuses to read.
//
// One thread; `forget` by any one, `interrupt` by all. The spool outlives it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/event/batch_builder.h"
#include "engine/run/live_input.h"
#include "engine/run/spool_reader.h"

namespace kubevigil {

struct SpoolInputOptions {
  Duration slack = Duration::seconds(35);
  Duration idle_after = Duration::seconds(75);
  FormatsPtr formats = native_formats();
  size_t batch_bytes = 1u << 20;  // aim for this many bytes of records a batch
};

// How far a position text says that the spool was read; nullopt: no such text. {} for "".
std::optional<SpoolPosition> spool_position(std::string_view text);

class SpoolInput final : public LiveInput {
 public:
  SpoolInput(Spool& spool, SpoolInputOptions options);
  ~SpoolInput() override;

  const std::string& name() const override { return name_; }
  LiveStep poll(LiveBatch& batch, size_t most_pieces = SIZE_MAX, std::string_view only = {}) override;
  void wait(Duration most) override;
  void interrupt() override;
  bool seek(std::string_view source, std::string_view position) override;
  void forget(std::string_view source, std::string_view position) override;
  std::string problem() const override { return problem_; }
  std::string position() const;  // the `from` of the next batch

 private:
  struct Body;

  enum class Found : uint8_t { Body, Gap, Nothing, Broken };
  Found find();
  bool begins_here(const LiveBatch& batch, const std::string& stream) const;
  LiveStep give_gap(LiveBatch& batch);
  LiveStep give_astray(LiveBatch& batch);
  // Fills the batch from body_; false: the disk refused.
  bool read_body(LiveBatch& batch, BatchBuilder& builder, size_t most_pieces);
  void go_to(const SpoolPosition& position, uint64_t given);

  Spool& spool_;
  std::atomic<bool> interrupted_ = false;
  const SpoolInputOptions options_;
  const std::string name_ = "spool";
  std::unique_ptr<SpoolReader> reader_;
  SpoolPosition done_;          // everything up to here was given
  uint64_t given_ = 0;          // of the body behind it
  std::unique_ptr<Body> body_;  // behind done_, begun or not
  bool gap_held_ = false;       // reader_->gap() is to be given next
  std::string astray_;          // seek() went to a place that this spool does not have: to be given first
  std::string buffer_;
  std::string problem_;
};

}  // namespace kubevigil
