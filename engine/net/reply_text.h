// An HttpReply as the bytes that go out.
#pragma once

#include <string>

#include "engine/base/timestamp.h"
#include "engine/net/http_handler.h"

namespace kubevigil {

// `head_only`: the request was HEAD; the length is told, the body is not sent.
std::string reply_text(const HttpReply& reply, bool keep_alive, bool head_only, Timestamp now);

}  // namespace kubevigil
