// The splitter on any bytes, fed whole and in two other ways: the same records must come out, and each must be a
// slice of the input (or of it without its bodies).
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/event/splitter.h"

namespace {

using namespace kubevigil;

class Transcript final : public RecordSink {
 public:
  void record(const Piece& piece) override {
    add(piece.position, static_cast<int>(piece.defect), piece.text);
    for (const Wrapper* w = piece.wrapper.get(); w != nullptr; w = w->outer.get()) text += w->json;
  }
  void bad(BadRecord bad) override { add(bad.position, 100 + static_cast<int>(bad.reason), bad.kept); }
  std::string text;

 private:
  void add(RecordPosition p, int kind, std::string_view bytes) {
    text += std::to_string(p.offset) + ":" + std::to_string(p.line) + ":" + std::to_string(kind) + " ";
    text.append(bytes);
    text += '\n';
  }
};

std::string split(std::string_view input, size_t step, bool native_lines) {
  SplitterOptions options;
  options.record_bytes = 300;
  options.streamed_bytes = 2000;
  options.native_lines = native_lines;
  Transcript out;
  Splitter splitter(out, options);
  for (size_t at = 0; at < input.size(); at += step) splitter.feed(input.substr(at, step));
  splitter.finish(false);
  return out.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const bool native_lines : {true, false}) {
    const std::string whole = split(input, size + 1, native_lines);
    if (split(input, 1, native_lines) != whole || split(input, 7, native_lines) != whole) std::abort();
  }
  return 0;
}
