// One message by librdkafka's own hand, copied: rd_kafka_producev's macros are GNU C, which clang refuses here.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <string>
#include <string_view>

namespace kubevigil::test {

inline rd_kafka_resp_err_t produce_raw(rd_kafka_t* handle, const std::string& topic, int32_t partition,
                                       std::string_view value) {
  std::array<rd_kafka_vu_t, 4> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[1].u.i32 = partition;
  parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[2].u.mem = {const_cast<char*>(value.data()), value.size()};
  parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[3].u.i = RD_KAFKA_MSG_F_COPY;
  rd_kafka_error_t* error = rd_kafka_produceva(handle, parts.data(), parts.size());
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);  // of null: no error
  if (error != nullptr) rd_kafka_error_destroy(error);
  return code;
}

}  // namespace kubevigil::test
