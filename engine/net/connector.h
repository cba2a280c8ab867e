// Connected sockets: TCP to one of several addresses, within a deadline and cancellable.
#pragma once

#include <vector>

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/net/descriptor.h"
#include "engine/net/resolver.h"
#include "engine/net/waiter.h"

namespace kubevigil {

// Tries the endpoints in order, each with an equal share of the time that is left. The socket is non-blocking and
// sends small packets at once (TCP_NODELAY). The error is that of the last endpoint.
Result<Descriptor> connect_any(const std::vector<Endpoint>& endpoints, Duration deadline,
                               const Cancellation& cancellation, const Env& env);

}  // namespace kubevigil
