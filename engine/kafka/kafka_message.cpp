#include "engine/kafka/kafka_message.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace kubevigil {

std::string to_text(const TopicPartition& at) { return fmt::format("{}[{}]", printable(at.topic), at.partition); }

}  // namespace kubevigil
