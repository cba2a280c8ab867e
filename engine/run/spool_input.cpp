#include "engine/run/spool_input.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>
#include <vector>

#include "engine/base/text.h"
#include "engine/run/body_pieces.h"

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

struct SpoolInput::Body {
  Body(SpooledBody body, uint64_t skip)
      : spooled(std::move(body)),
        stream(stream_of(spooled.source)),
        pieces(std::move(spooled.bytes), spooled.sequence, skip) {}

  SpooledBody spooled;  // its bytes are in `pieces`
  const std::string stream;
  BodyPieces pieces;
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

bool SpoolInput::seek(std::string_view, std::string_view position) {
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

void SpoolInput::forget(std::string_view, std::string_view position) {
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
  BodyPieces& pieces = body_->pieces;
  switch (pieces.fill(builder, batch, most_pieces, options_.batch_bytes, buffer_)) {
    case BodyStep::Unreadable:
      problem_ = printable(pieces.problem());
      return false;
    case BodyStep::Cut:
      go_to(done_, pieces.seen());
      return true;
    case BodyStep::Part:
      given_ = pieces.seen();
      return true;
    case BodyStep::Whole:
      break;
  }
  if (pieces.damaged()) batch.gaps.push_back({"damaged", pieces.problem()});
  done_ = body_->spooled.position;
  given_ = 0;
  body_.reset();
  return true;
}

bool SpoolInput::begins_here(const LiveBatch& batch, const std::string& stream) const {
  if (batch.stream.empty()) return true;
  return batch.stream == stream && batch.gaps.empty();
}

LiveStep SpoolInput::poll(LiveBatch& batch, size_t most_pieces, std::string_view) {
  batch.source = name_;
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
    if (some && (!begins_here(batch, body_->stream) ||
                 builder.held_bytes() + body_->spooled.raw_bytes > options_.batch_bytes)) {
      return given();
    }
    batch.stream = body_->stream;
    batch.cluster = body_->spooled.source.cluster;
    batch.taken = body_->spooled.source.arrival;
    if (!read_body(batch, builder, most_pieces)) return LiveStep::Broken;
  }
}

}  // namespace kubevigil
