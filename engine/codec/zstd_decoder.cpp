#include <zstd.h>

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
  }

  State step(const char* in, size_t& in_size, char* out, size_t& out_size) override {
    ZSTD_inBuffer input{in, in_size, 0};
    ZSTD_outBuffer output{out, out_size, 0};
    const size_t result = ZSTD_decompressStream(context_, &output, &input);
    in_size = input.pos;
    out_size = output.pos;
    if (ZSTD_isError(result)) {
      problem_ = std::string("invalid zstd data: ") + ZSTD_getErrorName(result);
      return State::Failed;
    }
    return result == 0 ? State::Finished : State::More;
  }

  std::string problem() const override { return problem_; }

 private:
  ZSTD_DStream* context_;
  std::string problem_;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace kubevigil
