// Decoder: one compressed member or frame, fed in pieces. The two formats behind decompress.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace kubevigil {

class Decoder {
 public:
  enum class State { More, Finished, Failed };  // More: wants input, or room for output

  virtual ~Decoder() = default;
  virtual void start() = 0;  // a new member
  // Decodes from [in, in + in_size) into [out, out + out_size); both sizes become what was used.
  virtual State step(const char* in, size_t& in_size, char* out, size_t& out_size) = 0;
  virtual std::string problem() const = 0;  // after Failed
};

std::unique_ptr<Decoder> gzip_decoder();
std::unique_ptr<Decoder> zstd_decoder();

}  // namespace kubevigil
