#include "engine/kafka/rdkafka_handle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "engine/base/env.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kReason = 512;
constexpr Duration kLately = Duration::seconds(60);  // librdkafka says the same again after 30 s only

struct Reserved {
  std::string_view name;
  const char* why;
};
// What is set by this folder (open_rdkafka sees to it), and what would break a promise or every message.
constexpr Reserved kReserved[] = {
    {"bootstrap.servers", "it is the key `brokers`"},
    {"metadata.broker.list", "it is the key `brokers`"},
    {"group.id", "it is the key `group`"},
    {"client.id", "it is the name of the instance"},
    {"transactional.id", "it is the key `transactional-id`"},
    {"group.instance.id", "it follows from the group: one instance reads"},
    {"enable.auto.commit", "positions come from the journal"},
    {"enable.auto.offset.store", "positions come from the journal"},
    {"auto.offset.reset", "what is gone is told of, then the earliest is read"},
    {"enable.partition.eof", "idle partitions are found by it"},
    {"partition.assignment.strategy", "librdkafka 2.0 loses partitions with the cooperative ones"},
    {"enable.idempotence", "it is always on"},
    {"acks", "a message counts once all replicas in sync have it"},
    {"request.required.acks", "a message counts once all replicas in sync have it"},
    {"delivery.report.only.error", "each message that was taken is reported"},
    {"queue.buffering.max.messages", "a whole transaction has to fit"},
    {"queue.buffering.max.kbytes", "a whole transaction has to fit"},
    {"partitioner", "what has the same key has to stay in one partition, as with Java's clients"},
    {"allow.auto.create.topics", "kubevigil makes no topics"},
    {"api.version.request", "brokers are asked what they can do"},
    {"isolation.level", "aborted messages are never read"},
    {"log_level", "it follows from `log.level`"},
    {"log.queue", "nobody would read it"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "librdkafka 2.0 ends the program when it renews such a token"},
    {"enabled_events", "nobody would read them"},
    {"opaque", "it is no setting"},
};

// Why connections fail: librdkafka tells its log, and nobody else who does not serve its callbacks.
class Trouble {
 public:
  void heard(std::string why) {
    const std::lock_guard hold(mutex_);
    last_ = std::move(why);
    at_ = system_env().monotonic();
  }
  std::string lately() const {
    const std::lock_guard hold(mutex_);
    return at_ && system_env().monotonic() - *at_ < kLately ? last_ : "";
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
  std::optional<Duration> at_;
};

// The handle's opaque.
struct Kept {
  KafkaLog log;
  void* own = nullptr;
  Trouble trouble;
};

// librdkafka repeats its own nonce, which brokers took up to 3.9
// (https://github.com/confluentinc/librdkafka/pull/4895): the password is not what is wrong.
constexpr int kScramMended = 0x02060100;
std::string_view scram_advice(std::string_view why) {
  if (why.find("SASL mechanism SCRAM") == std::string_view::npos || rd_kafka_version() >= kScramMended) return {};
  return "; brokers from Kafka 4.0 on do not take SCRAM from librdkafka before 2.6.1, which this is: use PLAIN over "
         "TLS "
         "or a client's certificate there";
}

// Without its thread, and how often and how fast: what is the same reads the same.
std::string trouble_in(std::string_view text) {
  if (const size_t thread = text.find("]: "); text.starts_with("[thrd:") && thread != std::string_view::npos) {
    text.remove_prefix(thread + 3);
  }
  text = text.substr(0, text.rfind(" (after "));
  return printable(text).append(scram_advice(text));
}

void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  auto* kept = static_cast<Kept*>(rd_kafka_opaque(handle));
  if (kept == nullptr) return;
  if (std::string_view(facility) == "FAIL") kept->trouble.heard(trouble_in(text));
  if (kept->log) kept->log(level, fmt::format("{}: {}", printable(facility), printable(text)));
}

KafkaFault fault_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return KafkaFault::Fenced;
    case RD_KAFKA_RESP_ERR__FATAL:
      return KafkaFault::Fatal;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return KafkaFault::OutOfRange;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return KafkaFault::Refused;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return KafkaFault::BadMessage;
    default:
      return KafkaFault::Retry;
  }
}

}  // namespace

// Without closing first: librdkafka 2.0 waits for brokers that are gone there, and a group finds out by itself.
void RdKafkaEnd::operator()(rd_kafka_t* handle) const {
  const auto* kept = static_cast<const Kept*>(rd_kafka_opaque(handle));
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  delete kept;  // its threads are gone
}

void* own_of(const rd_kafka_t* handle) { return static_cast<const Kept*>(rd_kafka_opaque(handle))->own; }

const char* reserved_kafka_property(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kReserved), std::end(kReserved), [&](const Reserved& r) { return r.name == name; });
  return found == std::end(kReserved) ? nullptr : found->why;
}

std::string wrong_kafka_property(const std::string& name, const std::string& value) {
  std::array<char, kReason> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size());
  rd_kafka_conf_destroy(conf);
  if (set == RD_KAFKA_CONF_OK) return {};
  if (set == RD_KAFKA_CONF_UNKNOWN) return "librdkafka has no property of that name";
  std::string said = printable(reason.data());
  // Some of its sentences quote the value, which may be a secret.
  if (!value.empty() && said.find(printable(value)) != std::string::npos) said = "its value is none that is understood";
  return said;
}

Result<RdKafkaHandle> open_rdkafka(rd_kafka_type_t type, const KafkaOptions& options,
                                   const std::map<std::string, std::string>& ours, const RdKafkaHooks& hooks) {
  std::map<std::string, std::string> all = options.properties;
  for (const auto& [name, value] : ours) {
    if (reserved_kafka_property(name) == nullptr) return fail(fmt::format("kafka property {} is not reserved", name));
    all[name] = value;
  }
  all["bootstrap.servers"] = options.brokers;
  if (!options.client_id.empty()) all["client.id"] = options.client_id;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, kReason> reason{};
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) == RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    return fail(fmt::format("kafka property {}: {}", printable(name), wrong_kafka_property(name, value)));
  }
  auto kept = std::make_unique<Kept>();
  kept->log = options.log, kept->own = hooks.own;
  rd_kafka_conf_set_opaque(conf, kept.get());
  rd_kafka_conf_set_log_cb(conf, on_log);
  if (hooks.report != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, hooks.report);
  if (hooks.rebalance != nullptr) rd_kafka_conf_set_rebalance_cb(conf, hooks.rebalance);
  rd_kafka_t* handle = rd_kafka_new(type, conf, reason.data(), reason.size());
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    return fail(fmt::format("kafka {}: {}", printable(options.brokers), printable(reason.data())));
  }
  (void)kept.release();  // the handle's now
  return RdKafkaHandle(handle);
}

KafkaError kafka_error(rd_kafka_resp_err_t code, const std::string& doing) {
  return {fault_of(code),
          fmt::format("{}: {} ({})", doing, printable(rd_kafka_err2str(code)), rd_kafka_err2name(code))};
}

KafkaError kafka_error(const rd_kafka_error_t* error, const std::string& doing) {
  KafkaError out = kafka_error(rd_kafka_error_code(error), doing);
  out.message = fmt::format("{}: {} ({})", doing, printable(rd_kafka_error_string(error)), rd_kafka_error_name(error));
  if (out.fault == KafkaFault::Fenced || out.fault == KafkaFault::Refused) return out;
  if (rd_kafka_error_is_fatal(error) != 0)
    out.fault = KafkaFault::Fatal;
  else if (rd_kafka_error_txn_requires_abort(error) != 0)
    out.fault = KafkaFault::Abort;
  else if (rd_kafka_error_is_retriable(error) != 0)
    out.fault = KafkaFault::Retry;
  return out;
}

KafkaError explained(const rd_kafka_t* handle, KafkaError error) {
  const auto* kept = static_cast<const Kept*>(rd_kafka_opaque(handle));
  if (error.fault != KafkaFault::Retry && error.fault != KafkaFault::Abort) return error;
  if (const std::string why = kept->trouble.lately(); !why.empty()) error.message += " (" + why + ")";
  return error;
}

RdKafkaList list_of(std::span<const TopicPartition> partitions) {
  RdKafkaList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& at : partitions)
    rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition);
  return list;
}

RdKafkaList list_of(std::span<const KafkaPosition> positions) {
  RdKafkaList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const KafkaPosition& p : positions) {
    rd_kafka_topic_partition_list_add(list.get(), p.at.topic.c_str(), p.at.partition)->offset = p.offset;
  }
  return list;
}

}  // namespace kubevigil
