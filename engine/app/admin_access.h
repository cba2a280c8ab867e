// Who may ask the admin listener. It shows alerts and names of clusters, and changes nothing.
//
//   on loopback        anybody on this machine; Host must be localhost or an address of loopback, else a page that the
//                      machine's browser shows could ask under a name of its own (DNS rebinding)
//   off loopback       a bearer token is needed to start at all; /livez and /readyz answer without it (the kubelet has
//                      none), but say only whether, not why
//   with a token file  the same on loopback, too
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "engine/net/credentials.h"
#include "engine/net/http_message.h"

namespace kubevigil {

// "127.0.0.1", "::1" and all of 127.0.0.0/8; never a name.
bool is_loopback(std::string_view address);
// Whether a Host header names this machine's loopback: localhost, or is_loopback, with any port.
bool names_loopback(std::string_view host);

enum class AdminAccess : uint8_t {
  Full,
  Probe,      // /livez and /readyz without their reasons
  WrongHost,  // 421
  NoToken,    // 401
};

struct AdminGuard {
  bool loopback = true;                                // the listener's address
  std::shared_ptr<CredentialSource> tokens = nullptr;  // null: none is asked for
  AdminAccess judge(const HttpHeaders& headers, bool probe) const;
};

// Tokens of a file: one a line, several while one replaces another; CredentialSource::reload() reads it again.
Result<std::shared_ptr<CredentialSource>> open_admin_tokens(const std::string& file);

}  // namespace kubevigil
