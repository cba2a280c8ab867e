#include "inputs/last_events.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "engine/codec/decompress.h"
#include "engine/event/batch_builder.h"
#include "engine/event/record_reader.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace {

constexpr off_t kTail = 256 << 10;

// Bytes of a compressed file may look like text, too.
bool is_compressed(int file) {
  char head[4] = {};
  const ssize_t got = ::pread(file, head, sizeof head, 0);
  const std::string_view begin(head, got < 0 ? 0 : static_cast<size_t>(got));
  return is_gzip(begin) || is_zstd(begin);
}

// Empty when there is nothing to tell from.
std::string tail_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const off_t size = is_compressed(file) ? 0 : ::lseek(file, 0, SEEK_END);
  std::string out(static_cast<size_t>(std::clamp<off_t>(size, 0, kTail)), '\0');
  const ssize_t got = ::pread(file, out.data(), out.size(), std::max<off_t>(0, size - kTail));
  ::close(file);
  out.resize(got < 0 ? 0 : static_cast<size_t>(got));
  if (size > kTail) out.erase(0, out.find('\n'));  // the line that the cut goes through
  return out;
}

struct Times : EventSink {
  size_t events = 0;
  Timestamp last = Timestamp::min();
  void event(const Event& e) override {
    if (e.time_source == TimeSource::Previous) return;
    ++events;
    last = std::max(last, e.time);
  }
  void bad(BadRecord) override {}
};

}  // namespace

bool ends_before(const std::string& path, Timestamp t) {
  Batch batch;
  BatchBuilder builder(batch);
  Splitter splitter(builder);
  splitter.feed(tail_of(path));
  splitter.finish(false);
  builder.finish();
  RecordReader reader;
  Times times;
  for (const Record& record : batch.records) reader.read(batch, record, Timestamp{}, times);
  return times.events > 0 && times.last < t;
}

}  // namespace kubevigil
