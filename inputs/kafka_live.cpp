#include "inputs/kafka_live.h"

#include <utility>

#include "engine/event/record_sink.h"

namespace kubevigil {
namespace {

constexpr size_t kChunkBytes = 64u << 10;
constexpr size_t kPrefixBytes = 5;

// Behind the prefix of Confluent's wire format
// (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format);
// neither JSON nor what is packed begins with a zero.
std::string_view content_of(const KafkaMessage& message) {
  const bool prefixed = message.value.size() >= kPrefixBytes && message.value.front() == '\0';
  return prefixed ? message.value.substr(kPrefixBytes) : message.value;
}

}  // namespace

KafkaLive::KafkaLive(KafkaLiveOptions options, KafkaReader reader, const Env& env)
    : options_(std::move(options)),
      env_(env),
      committed_(reader.committed),
      hold_(reader.hold),
      lanes_(options_.lanes, std::move(reader), env),
      buffer_(kChunkBytes, '\0') {}

bool KafkaLive::owns(std::string_view source) const {
  return source == name() || parse_kafka_source(name(), source).has_value();
}

bool KafkaLive::reads(std::string_view source) const {
  const auto at = parse_kafka_source(name(), source);
  return source == name() || (at && lanes_.is_wanted(at->topic));
}

bool KafkaLive::seek(std::string_view source, std::string_view position) {
  if (source == name()) {
    auto starts = parse_kafka_starts(position);
    if (starts) lanes_.place_starts(std::move(*starts));
    return starts.has_value();
  }
  const auto at = parse_kafka_source(name(), source);
  if (!at) return false;
  const auto place = parse_kafka_place(position);
  if (place) lanes_.place(*at, *place);
  if (position.empty()) lanes_.forget_place(*at);
  return place || position.empty();
}

void KafkaLive::wait(Duration most) {
  lanes_.wait(most, [this] { return interrupted_.load(); });
}

LiveStep KafkaLive::give_starts(LiveBatch& batch) {
  batch.source = batch.stream = name();
  batch.to = to_text(lanes_.starts());
  lanes_.starts_given();
  return LiveStep::Batch;
}

LiveStep KafkaLive::give_gap(KafkaLane& lane, LiveBatch& batch) {
  batch.from = to_text(lane.next);
  batch.gaps.push_back(std::move(*lane.gap));
  lanes_.pass_gap(lane);
  batch.to = to_text(lane.next);
  return LiveStep::Batch;
}

// Else what retention takes of marks would look like messages that were lost, and of a partition that was empty when
// it was found, like nothing.
LiveStep KafkaLive::give_place(KafkaLane& lane, LiveBatch& batch) {
  batch.from = to_text(lane.next);
  lanes_.keep_place(lane);
  batch.to = to_text(lane.next);
  return LiveStep::Batch;
}

LiveStep KafkaLive::poll(LiveBatch& batch, size_t most_pieces, std::string_view only) {
  count();
  const auto wanted = only.empty() ? std::nullopt : parse_kafka_source(name(), only);
  batch.slack = options_.slack;
  batch.idle_after = options_.idle_after;
  batch.formats = options_.formats;
  batch.taken = env_.now();
  for (;;) {
    const KafkaNext next = lanes_.next(wanted ? &*wanted : nullptr);
    if (lanes_.refused()) return LiveStep::Broken;
    if (next.kind == KafkaNext::Kind::Nothing) return LiveStep::Waiting;
    if (next.kind == KafkaNext::Kind::Later) return LiveStep::Later;
    if (next.kind == KafkaNext::Kind::Starts) return give_starts(batch);
    KafkaLane& lane = *next.lane;
    batch.source = batch.stream = lane.source;
    if (lane.has_place()) return give_place(lane, batch);
    if (lane.held.empty()) return give_gap(lane, batch);
    if (give(lane, next.until, batch, most_pieces) || batch.from != batch.to) return LiveStep::Batch;
  }
}

// False: what was held is nothing but a place to go on at, or not even that.
bool KafkaLive::give(KafkaLane& lane, Timestamp until, LiveBatch& batch, size_t most_pieces) {
  BatchBuilder builder(batch.batch);
  batch.from = to_text(lane.next);
  while (!lane.held.empty()) {
    const KafkaMessage& message = lane.held.front().message;
    const bool some = batch.pieces() > 0;
    const bool full = builder.held_bytes() >= options_.batch_bytes || batch.pieces() >= most_pieces;
    const bool too_much = builder.held_bytes() + message.value.size() > options_.batch_bytes;
    if (some && (full || too_much || message.time > until)) break;
    if (!take_message(lane, batch, builder, most_pieces)) break;
  }
  batch.to = to_text(lane.next);
  if (batch.pieces() == 0) return false;
  builder.finish();
  lanes_.spoke(lane);
  return true;
}

// False: the batch ends in it, or in front of it.
bool KafkaLive::take_message(KafkaLane& lane, LiveBatch& batch, BatchBuilder& builder, size_t most_pieces) {
  const KafkaMessage& message = lane.held.front().message;
  if (message.value.empty()) {
    ++tombstones_;
    lanes_.drop_message(lane);
    return true;
  }
  const auto cluster = cluster_of(options_.cluster, message);
  const std::string_view name = cluster ? std::string_view(*cluster) : std::string_view();
  if (batch.pieces() > 0 && batch.cluster != name) return false;
  batch.cluster = name;
  if (!cluster) {
    take_foreign(lane, builder, cluster.error().message);
    return true;
  }
  if (lane.body == nullptr) {
    const uint64_t given = message.offset == lane.next.offset ? lane.next.given : 0;
    lane.next = {message.offset, given};
    lane.body = std::make_unique<BodyPieces>(std::make_unique<MemoryStream>(content_of(message)),
                                             static_cast<uint64_t>(message.offset), given);
  }
  switch (lane.body->fill(builder, batch, most_pieces, options_.batch_bytes, buffer_)) {
    case BodyStep::Part:
      lane.next.given = lane.body->seen();
      return false;
    case BodyStep::Cut:
      lane.next.given = lane.body->seen();
      lane.body.reset();
      return false;
    case BodyStep::Whole:
    case BodyStep::Unreadable:  // memory never is
      break;
  }
  if (lane.body->seen() == 0) ++tombstones_;  // blanks, [], a prefix and nothing
  lanes_.drop_message(lane);
  return true;
}

void KafkaLive::take_foreign(KafkaLane& lane, BatchBuilder& builder, const std::string& why) {
  const KafkaMessage& message = lane.held.front().message;
  BadRecord bad;
  bad.reason = BadReason::ForeignCluster;
  bad.position = {0, static_cast<uint64_t>(message.offset), 1};
  bad.message = why;
  bad.kept = content_of(message).substr(0, kKeptBytes);
  builder.bad(std::move(bad));
  lanes_.drop_message(lane);
}

void KafkaLive::count() {
  constexpr Duration kEvery = Duration::seconds(1);
  const Duration now = env_.monotonic();
  if (counted_ && now - *counted_ < kEvery) return;
  counted_ = now;
  auto lags = std::make_shared<std::vector<LiveLag>>();
  counts_.lag_messages = 0;
  for (const KafkaLag& lag : lanes_.lag()) {
    counts_.lag_messages += lag.messages;
    lags->push_back({kafka_source(name(), lag.at), lag.messages});
  }
  counts_.lags = std::move(lags);
  counts_.tombstones = tombstones_;
  counts_.stands_by = hold_ && hold_().who == KafkaHold::Who::Others;
  if (committed_) committed_(lanes_.given());
}

}  // namespace kubevigil
