// The one table of severities: what an alert's level is called by every consumer. A chain in which all five stages
// were seen ranks above critical where a consumer has a word for it.
// Sources: Falco priorities (falcosecurity/falco userspace/engine/falco_common.h; never Emergency, which means "the
// system is unusable"), OCSF 1.6 severity_id, the severities that Prometheus rules use, RFC 5424 table 2, CEF 0-10 as
// falcosidekick maps them, Elastic's risk scores 21/47/73/99.
#pragma once

#include <string_view>

#include "engine/alert/alert.h"

namespace kubevigil {

struct SeverityWords {
  std::string_view word;          // for people
  std::string_view falco;         // priority
  int ocsf;                       // severity_id
  std::string_view ocsf_name;     // severity
  std::string_view alertmanager;  // label severity
  int syslog;                     // severity of RFC 5424
  int cef;
  int ecs;                 // event.severity
  std::string_view color;  // Slack: #rrggbb
};

const SeverityWords& severity_of(const Alert& alert);

}  // namespace kubevigil
