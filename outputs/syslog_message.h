// One alert as an RFC 5424 message. Grammar (section 6), with what we put in its places:
//
//   message   = "<" PRI ">1" SP TIMESTAMP SP HOSTNAME SP "kubevigil" SP PROCID SP MSGID SP DATA SP MSG
//   PRI       = facility * 8 + severity (severity.h)
//   TIMESTAMP = the alert's time      HOSTNAME = options.host      PROCID = "-"
//   MSGID     = name of the rule: visible ASCII, at most 32 characters
//   DATA      = "[kubevigil@" NUMBER SP 'id="' .. '" revision="' .. '" status="' .. '" level="' .. '" rule="' .. '"]'
//               in values " \ and ] have a backslash in front (6.3.3)
//   MSG       = the record of an encoding (text, cef, jsonl ...), UTF-8 without a byte order mark
//
// A stream (TCP, TLS) carries messages counted in bytes (RFC 6587 3.4.1): frame = length SP message.
#pragma once

#include <string>
#include <string_view>

#include "engine/alert/alert.h"

namespace kubevigil {

struct SyslogNames {
  std::string host = "kubevigil";
  int facility = 10;  // authpriv; 16 to 23 are local0 to local7
  // Private enterprise number of the structured data: 32473 is the one that RFC 5612 reserves for examples.
  uint32_t enterprise = 32473;
};

std::string syslog_message(const Alert& alert, std::string_view record, const SyslogNames& names);
std::string syslog_frame(std::string_view message);

}  // namespace kubevigil
