// KafkaOwner: holds a consumer group for this instance, so that one instance at a time reads: state lives with one.
//
//   look     who is in the group? Nobody, or this instance in its last life: join. Another: Others.
//   join     as the one member; whoever joins later throws the earlier out, so of two that looked at the same moment
//            the broker keeps one
//   hold     until another has joined, or the broker took this one for dead; then look again
//
// Two instances are told apart by their client id. When the holder stops or dies, the broker keeps its place for
// session.timeout.ms (10 s unless set otherwise); the same instance needs not wait for that.
//
// While the group's coordinator cannot be reached, who held goes on holding for session.timeout.ms, as long as nobody
// else can.
//
// Threads: one of its own; hold() and commit() any. Errors: none; what does not work is in KafkaHold and tried again.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/kafka/kafka_group.h"

namespace kubevigil {

struct KafkaHold {
  enum class Who : uint8_t {
    Unknown,  // not yet; `text` says why
    Ours,
    Others,  // `text` says whose it is
  };
  Who who = Who::Unknown;
  std::string text;  // printable
};

using OpenKafkaGroup = std::function<Result<std::unique_ptr<KafkaGroup>>()>;

// What KafkaOwner's thread does, a step at a time.
class KafkaClaim {
 public:
  // `client_id`: this instance's.
  KafkaClaim(std::string group, std::string client_id, OpenKafkaGroup open)
      : group_(std::move(group)), client_id_(std::move(client_id)), open_(std::move(open)) {}

  // Waits at most about `most`. True: there is something to wait for before the next one.
  bool step(Duration most);
  const KafkaHold& hold() const { return hold_; }
  // Holding only.
  void commit(std::span<const KafkaPosition> positions) { client_->commit(positions); }

 private:
  bool look(Duration most);
  bool stay(Duration most);
  void lose(KafkaHold hold);

  const std::string group_, client_id_;
  const OpenKafkaGroup open_;
  std::unique_ptr<KafkaGroup> client_, ended_;
  bool joined_ = false;       // asked to
  unsigned unanswered_ = 0;   // questions of this client, one behind the other
  bool is_namesake_ = false;  // whoever is in the group took it from this one, whatever his name
  KafkaHold hold_;
};

class KafkaOwner {
 public:
  explicit KafkaOwner(KafkaClaim claim);
  ~KafkaOwner();  // waits for a step and the client to end: 10 s each at most, when brokers are away

  KafkaHold hold() const;
  // What comes next in these, for displays of lag; sent every few seconds, while it holds.
  void commit(std::vector<KafkaPosition> positions);

 private:
  void run();

  KafkaClaim claim_;
  mutable std::mutex mutex_;
  std::condition_variable stop_said_;
  KafkaHold hold_;
  std::vector<KafkaPosition> due_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kubevigil
