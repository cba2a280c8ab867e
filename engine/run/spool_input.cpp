#include "engine/run/spool_input.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>
#include <vector>

#include "engine/base/text.h"
#include "engine/codec/decompress.h"

namespace kubevigil {
namespace {

constexpr size_t kChunkBytes = 64u << 10;

// Decimal numbers with one blank between them, and nothing else.
std::optional<std::vector<uint64_t>> numbers(std::string_view text) {
  std::vector<uint64_t> out;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();; ++at) {
    uint64_t number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc()) return std::nullopt;
    out.push_back(number);
    at = read.ptr;
    if (at == end) return out;
    if (*at != ' ') return std::nullopt;
  }
}

struct Place {
  SpoolPosition done;
  uint64_t given = 0;
};

std::optional<Place> parse_place(std::string_view text) {
  if (text.empty()) return Place{};
  const auto words = numbers(text);
  if (!words || words->size() != 3) return std::nullopt;
  return Place{{(*words)[0], (*words)[1]}, (*words)[2]};
}

std::string to_text(const SpoolPosition& done, uint64_t given) {
  return fmt::format("{} {} {}", done.after, done.scan, given);
}

std::string stream_of(const SpoolSource& source) {
  return fmt::format("webhook/{}/{}/{}", source.cluster, source.credential, source.peer);
}

}  // namespace

std::optional<SpoolPosition> spool_position(std::string_view text) {
  const auto place = parse_place(text);
  return place ? std::optional(place->done) : std::nullopt;
}

// One body on its way through the splitter. Its records get their places, those that were given already are stepped
// over, and those beyond what is asked for are dropped: the body is then to be read again.
class SpoolInput::Body final : public RecordSink {
 public:
  Body(SpooledBody spooled, uint64_t skip)
      : spooled_(std::move(spooled)), stream_(stream_of(spooled_.source)), skip_(skip) {}

  const SpoolSource& source() const { return spooled_.source; }
  const std::string& stream() const { return stream_; }
  const SpoolPosition& behind() const { return spooled_.position; }
  uint64_t size() const { return spooled_.raw_bytes; }
  uint64_t seen() const { return seen_; }
  bool overflown() const { return overflown_; }

  void into(BatchBuilder& builder, LiveBatch& batch, size_t most) {
    builder_ = &builder;
    batch_ = &batch;
    most_ = most;
  }
  // False: the end; status() says which.
  bool feed(std::string& buffer) {
    if (plain_ == nullptr) {
      raw_ = spooled_.bytes.get();
      plain_ = decompressed(std::move(spooled_.bytes));
    }
    const size_t n = plain_->read(buffer);
    if (n == 0) return false;
    splitter_.feed({buffer.data(), n});
    return true;
  }
  const StreamStatus& status() const { return plain_->status(); }
  bool damaged() const { return raw_->status().end == StreamEnd::Corrupt; }
  void finish() {
    const StreamStatus& end = status();
    splitter_.finish(end.end != StreamEnd::Complete);
    joiner_.finish();
    if (end.end == StreamEnd::Complete || damaged()) return;
    BadRecord unread;
    unread.reason = BadReason::Encoding;
    unread.message = fmt::format("the body was not read, or not to its end: {}", end.message);
    bad(std::move(unread));
  }

  void record(const Piece& piece) override {
    if (!wanted()) return;
    Piece placed = piece;
    placed.position = place();
    builder_->record(placed);
  }
  void bad(BadRecord bad) override {
    if (!wanted()) return;
    bad.position = place();
    builder_->bad(std::move(bad));
  }

 private:
  RecordPosition place() const { return {0, spooled_.sequence, seen_}; }
  bool wanted() {
    if (overflown_) return false;
    if (seen_ >= skip_ && batch_->pieces() >= most_) {
      overflown_ = true;
      return false;
    }
    return ++seen_ > skip_;
  }

  SpooledBody spooled_;
  const std::string stream_;
  const uint64_t skip_;
  const ByteStream* raw_ = nullptr;  // below plain_
  std::unique_ptr<ByteStream> plain_;
  PartJoiner joiner_{*this};
  Splitter splitter_{joiner_};
  BatchBuilder* builder_ = nullptr;
  LiveBatch* batch_ = nullptr;
  size_t most_ = 0;
  uint64_t seen_ = 0;
  bool overflown_ = false;
};

SpoolInput::SpoolInput(Spool& spool, SpoolInputOptions options)
    : spool_(spool), options_(std::move(options)), buffer_(kChunkBytes, '\0') {
  go_to({}, 0);
}

SpoolInput::~SpoolInput() = default;

void SpoolInput::go_to(const SpoolPosition& position, uint64_t given) {
  body_.reset();
  gap_held_ = false;
  done_ = position;
  given_ = given;
  reader_ = std::make_unique<SpoolReader>(spool_, position);
}

bool SpoolInput::seek(std::string_view position) {
  const auto place = parse_place(position);
  if (!place) return false;
  const uint64_t end = spool_.log().durable_end();
  astray_.clear();
  if (place->done.after < end) {
    go_to(place->done, place->given);
    return true;
  }
  astray_ = fmt::format("the spool ends at record {}, and was read up to {}: it was removed, or is an older copy",
                        end - 1, place->done.after);
  go_to({}, 0);
  return true;
}

std::string SpoolInput::position() const {
  return done_ == SpoolPosition() && given_ == 0 ? std::string() : to_text(done_, given_);
}

void SpoolInput::forget(std::string_view position) {
  if (const auto behind = spool_position(position); behind && *behind != SpoolPosition()) (void)spool_.trim(*behind);
}

void SpoolInput::wait(Duration most) { spool_.commit().wait_past(reader_->seen(), most, interrupted_); }

void SpoolInput::interrupt() {
  interrupted_ = true;
  spool_.commit().wake();
}

// What comes next, into body_ or gap_held_.
SpoolInput::Found SpoolInput::find() {
  if (gap_held_) return Found::Gap;
  if (body_ != nullptr) return Found::Body;
  const auto step = reader_->next();
  if (!step) {
    problem_ = printable(step.error().message);
    return Found::Broken;
  }
  if (*step == SpoolReader::Step::End) return Found::Nothing;
  if (*step == SpoolReader::Step::Gap) {
    gap_held_ = true;
    return Found::Gap;
  }
  body_ = std::make_unique<Body>(std::move(reader_->body()), given_);
  return Found::Body;
}

LiveStep SpoolInput::give_gap(LiveBatch& batch) {
  const LogDamage& gap = reader_->gap();
  batch.gaps.push_back({"gap", to_text(gap)});
  gap_held_ = false;
  done_ = reader_->position();
  given_ = 0;
  batch.to = position();
  return LiveStep::Batch;
}

LiveStep SpoolInput::give_astray(LiveBatch& batch) {
  batch.gaps.push_back({"gone", std::exchange(astray_, {})});
  batch.to = position();
  return LiveStep::Batch;
}

bool SpoolInput::read_body(LiveBatch& batch, BatchBuilder& builder, size_t most_pieces) {
  body_->into(builder, batch, most_pieces);
  for (;;) {
    if (!body_->feed(buffer_)) {
      if (body_->status().end == StreamEnd::ReadError) {
        problem_ = printable(body_->status().message);
        return false;
      }
      body_->finish();
      finish_body(batch);
      return true;
    }
    if (body_->overflown()) {
      go_to(done_, body_->seen());
      return true;
    }
    if (builder.held_bytes() >= options_.batch_bytes) {
      given_ = body_->seen();
      return true;
    }
  }
}

void SpoolInput::finish_body(LiveBatch& batch) {
  if (body_->overflown()) return go_to(done_, body_->seen());
  if (body_->damaged()) batch.gaps.push_back({"damaged", body_->status().message});
  done_ = body_->behind();
  given_ = 0;
  body_.reset();
}

bool SpoolInput::begins_here(const LiveBatch& batch, const std::string& stream) const {
  if (batch.stream.empty()) return true;
  return batch.stream == stream && batch.gaps.empty();
}

LiveStep SpoolInput::poll(LiveBatch& batch, size_t most_pieces) {
  batch.from = position();
  batch.formats = options_.formats;
  batch.slack = options_.slack;
  batch.idle_after = options_.idle_after;
  if (!astray_.empty()) return give_astray(batch);
  BatchBuilder builder(batch.batch);
  const auto given = [&] {
    builder.finish();
    batch.to = position();
    return LiveStep::Batch;
  };
  const auto full = [&] { return builder.held_bytes() >= options_.batch_bytes || batch.pieces() >= most_pieces; };
  for (;;) {
    const bool some = batch.pieces() > 0 || !batch.gaps.empty();
    if (some && full()) return given();
    const Found found = find();
    if (found == Found::Broken) return LiveStep::Broken;
    if (found == Found::Nothing) return some ? given() : LiveStep::Waiting;
    if (found == Found::Gap) return some ? given() : give_gap(batch);
    if (some && (!begins_here(batch, body_->stream()) || builder.held_bytes() + body_->size() > options_.batch_bytes)) {
      return given();
    }
    batch.stream = body_->stream();
    batch.cluster = body_->source().cluster;
    batch.taken = body_->source().arrival;
    if (!read_body(batch, builder, most_pieces)) return LiveStep::Broken;
  }
}

}  // namespace kubevigil
