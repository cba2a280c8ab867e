// What a long-running process asks of the system: descriptors, and telling the service manager how it is.
#pragma once

#include <cstdint>
#include <string_view>

namespace kubevigil {

// Raises RLIMIT_NOFILE as far as it may; what it then is.
uint64_t raise_open_files();

// One message of sd_notify(3), "READY=1": to the socket that NOTIFY_SOCKET names; without one nothing. False: it could
// not be sent.
bool notify_service_manager(std::string_view state);

}  // namespace kubevigil
