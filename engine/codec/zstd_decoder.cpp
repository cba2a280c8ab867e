#include <zstd.h>

#include <algorithm>

#include "engine/codec/decoder.h"

namespace kubevigil {
namespace {

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDStream()) {}
  ~ZstdDecoder() override { ZSTD_freeDStream(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  void start() override {
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    problem_.clear();
    wanted_ = kFrameHead;
    flushing_ = false;
  }

  // A call that fails does not say what it had put out before. So each call does one thing: hand out what is decoded
  // already, or decode one block, whose size the call before told.
  State step(const char* in, size_t& in_size, char* out, size_t& out_size) override {
    ZSTD_outBuffer output{out, out_size, 0};
    ZSTD_inBuffer input{in, 0, 0};
    size_t result = wanted_;
    if (flushing_) result = ZSTD_decompressStream(context_, &output, &input);
    if (output.pos == 0 && !ZSTD_isError(result)) {
      input.size = std::min(in_size, wanted_);
      result = ZSTD_decompressStream(context_, &output, &input);
    }
    in_size = input.pos;
    out_size = output.pos;
    if (ZSTD_isError(result)) {
      problem_ = std::string("invalid zstd data: ") + ZSTD_getErrorName(result);
      return State::Failed;
    }
    flushing_ = output.pos == output.size;
    wanted_ = result;
    return result == 0 ? State::Finished : State::More;
  }

  std::string problem() const override { return problem_; }

 private:
  static constexpr size_t kFrameHead = 5;  // magic and descriptor (RFC 8878, 3.1.1)
  ZSTD_DStream* context_;
  size_t wanted_ = kFrameHead;
  bool flushing_ = false;  // the output was full: there may be more
  std::string problem_;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace kubevigil
