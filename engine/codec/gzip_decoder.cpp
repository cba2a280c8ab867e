#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "engine/codec/decoder.h"

namespace kubevigil {
namespace {

class GzipDecoder final : public Decoder {
 public:
  void start() override {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
    problem_.clear();
  }

  State step(const char* in, size_t& in_size, char* out, size_t& out_size) override {
    // The library takes a non-const input pointer but only reads through it.
    state_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(in));
    state_.avail_in = static_cast<uint32_t>(in_size);
    state_.next_out = reinterpret_cast<uint8_t*>(out);
    state_.avail_out = static_cast<uint32_t>(out_size);
    const int result = isal_inflate(&state_);
    // On an error the library gives back bits it had taken from input before this: more than was given now.
    in_size -= std::min<size_t>(state_.avail_in, in_size);
    out_size -= std::min<size_t>(state_.avail_out, out_size);
    if (result < 0) {
      problem_ = result == ISAL_INCORRECT_CHECKSUM ? "wrong gzip checksum" : "invalid gzip data";
      return State::Failed;
    }
    return state_.block_state == ISAL_BLOCK_FINISH ? State::Finished : State::More;
  }

  std::string problem() const override { return problem_; }

 private:
  inflate_state state_{};
  std::string problem_;
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace kubevigil
