// What the consumers of alerts accept, written from their own sources and pages, not from our encodings. Each function
// gives one line per fault, empty when the consumer would take the body as it is. Tests run them over every alert that
// they can get hold of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kubevigil::test {

using Problems = std::vector<std::string>;

// falcosidekick: what its decoder and handler refuse (HTTP 400) or crash on, and what its outputs garble. One POST.
Problems falcosidekick_problems(std::string_view body);
// Alertmanager: postableAlerts of api/v2/openapi.yaml and the checks of types.Alert.Validate. One POST.
Problems alertmanager_problems(std::string_view body);
// OCSF 1.6.0: required members, enumerations, constraints and types of Detection Finding. One event.
Problems ocsf_problems(std::string_view event);
// Slack: limits of Block Kit, and no live mention or link in mrkdwn but `own_link`. One message.
Problems slack_problems(std::string_view body, std::string_view own_link = {});
// Elasticsearch's _bulk for a data stream: line pairs, actions, ids.
Problems es_bulk_problems(std::string_view body);
// ECS: types of the fields that a mapping would refuse, values of enumerated ones. One document.
Problems ecs_problems(std::string_view document);
// CEF: header, keys of the extension dictionary, lengths. One record, without a newline.
Problems cef_problems(std::string_view record);
// RFC 5424: the grammar of section 6. One message.
Problems syslog_problems(std::string_view message);

}  // namespace kubevigil::test
