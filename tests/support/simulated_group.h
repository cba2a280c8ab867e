// A consumer group in memory behind KafkaGroup: its members call themselves the same, so the one that joins throws the
// other out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/kafka/kafka_group.h"

namespace kubevigil::test {

class SimulatedGroup {
 public:
  bool away = false;                         // nobody answers
  int opened = 0;                            // clients
  std::map<std::string, int64_t> committed;  // by to_text() of the partition
  int joins = 0;

  std::optional<std::string> holder() const { return holder_; }
  // As when a session ends: the broker hears nothing of it.
  void forget_holder() { holder_.reset(), ++generation_; }

  std::unique_ptr<KafkaGroup> member(std::string client_id) {
    return ++opened, std::make_unique<Member>(*this, std::move(client_id));
  }

 private:
  class Member final : public KafkaGroup {
   public:
    Member(SimulatedGroup& group, std::string client_id) : group_(group), client_id_(std::move(client_id)) {}
    KafkaResult<std::vector<KafkaMember>> members(Duration) override {
      if (group_.away) return tl::unexpected(KafkaError{KafkaFault::Retry, "no broker answers"});
      std::vector<KafkaMember> out;
      if (group_.holder_) out.push_back({*group_.holder_, "/10.0.0.1"});
      return out;
    }
    KafkaResult<void> join() override { return asked_ = true, KafkaResult<void>{}; }
    KafkaResult<bool> poll(Duration) override {
      if (group_.away) return held_.has_value();
      if (held_ && *held_ != group_.generation_) {
        const auto fault = group_.holder_ ? KafkaFault::Fenced : KafkaFault::Fatal;
        return tl::unexpected(KafkaError{fault, "thrown out"});
      }
      if (asked_ && !held_) {
        group_.holder_ = client_id_;
        held_ = ++group_.generation_;
        ++group_.joins;
      }
      return held_.has_value();
    }
    void commit(std::span<const KafkaPosition> positions) override {
      if (held_ != group_.generation_) return;
      for (const KafkaPosition& p : positions) group_.committed[to_text(p.at)] = p.offset;
    }

   private:
    SimulatedGroup& group_;
    const std::string client_id_;
    bool asked_ = false;
    std::optional<uint64_t> held_;  // the generation
  };

  std::optional<std::string> holder_;
  uint64_t generation_ = 0;
};

}  // namespace kubevigil::test
