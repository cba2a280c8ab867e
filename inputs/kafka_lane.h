// KafkaLane: one partition that is read: where it stands, what has arrived of it and was not given yet, and what is
// known of it. A value; kafka_fetch fills it, kafka_lanes decides over it, kafka_live empties it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/run/body_pieces.h"
#include "inputs/kafka_place.h"

namespace kubevigil {

struct KafkaHeld {
  KafkaMessage message;
  uint64_t arrived = 0;  // order among all lanes

  size_t bytes() const;
};

struct KafkaLane {
  std::string source;
  KafkaPlace next;                   // to be given
  std::unique_ptr<BodyPieces> body;  // of held.front(), begun
  std::deque<KafkaHeld> held;        // from `next` on
  int64_t fetch = 0;                 // behind those, and behind the marks of transactions that follow them

  // Behind what is held something is lost; then it goes on at `behind_gap`.
  std::optional<InputGap> gap;
  int64_t behind_gap = 0;

  bool placed = false;    // `fetch` says where to read on
  bool promised = false;  // what is missing at `fetch` was to be read
  bool astray = false;    // `fetch` is not in the partition
  bool asked = false;     // what the partition holds
  bool listed = true;     // the cluster says that it is there
  bool awaited = false;   // it should have something, which has not arrived
  bool at_end = false;    // there is no more, as it said last
  bool paused = false;
  int64_t end = 0;                // behind its last message, as was said last
  Duration heard{};               // monotonic: when something of it arrived, or could begin to
  Duration ask_again{};           // monotonic: not before
  unsigned unanswered = 0;        // questions, one behind the other
  std::optional<Duration> spoke;  // monotonic: when it gave something last
  std::string problem;            // why nothing of it comes; until something does
  bool kept = false;              // the journal knows a place in it
  // While it is read again only:
  std::optional<Duration> absent;  // monotonic: since when the cluster says that it has it not
  Duration look_again{};           // monotonic: not before

  bool has_something() const { return !held.empty() || gap.has_value(); }
  bool is_read() const { return placed && !astray && !gap; }
  // There is a place for the journal and no message: behind marks of transactions, or where it begins.
  bool has_place() const { return is_read() && held.empty() && (next.offset < fetch || (at_end && !kept)); }
};

using KafkaLaneMap = std::map<TopicPartition, KafkaLane>;

}  // namespace kubevigil
