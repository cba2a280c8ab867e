// Envelopes: what other programs wrap around audit events. `unwrap` turns the text of one record that is no native
// event into native audit.k8s.io/v1 JSON, so that there is one reader and one meaning.
//
// Recognised by shape, never by configuration: a table of tests on the members of the outermost object, first match
// wins (envelope.cpp). Each family has a file: envelope_aws, envelope_azure, envelope_gke, envelope_shipper,
// envelope_line, envelope_legacy; envelope_cut saves what stands before a cut. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/event/record.h"

namespace kubevigil {

enum class EnvelopeKind : uint8_t {
  Native,
  CloudWatch,
  CloudWatchExport,
  Gke,
  Aks,
  OpenShift,
  Ovh,
  Shipper,
  Elastic,
  SplunkHec,
  SplunkExport,
  Otlp,
  Loki,
  CloudEvents,
  Datadog,
  Panther,
  Docker,
  Cri,
  Syslog,
  Legacy,
};
inline constexpr size_t kEnvelopeKindCount = static_cast<size_t>(EnvelopeKind::Legacy) + 1;

struct EnvelopeInfo {
  EnvelopeKind kind;
  std::string_view name;                            // "eks-cloudwatch": Event::envelope
  std::string_view description;                     // one line
  std::span<const std::string_view> never_carries;  // names of the field table that are never there
  std::string_view note;                            // what else a reader of the summary should know; may be empty
};
std::span<const EnvelopeInfo> envelope_table();
const EnvelopeInfo& envelope_info(EnvelopeKind kind);

// One native event out of an envelope. `memory` ends with kRecordPadding bytes of slack.
struct UnwrappedEvent {
  std::string memory;
  size_t size = 0;
  EnvelopeKind kind = EnvelopeKind::Native;
  std::string cluster;            // as far as the envelope names it
  std::optional<Timestamp> time;  // the envelope's
  BodyDefect defect = BodyDefect::None;

  std::string_view text() const { return std::string_view(memory).substr(0, size); }
};

// Something in the record that gave no event.
struct UnwrapProblem {
  BadReason reason = BadReason::NotAuditEvent;
  std::string message;
};

struct Unwrapped {
  std::vector<UnwrappedEvent> events;
  std::vector<UnwrapProblem> problems;
};

// `wrapper` is Wrapper::json of the record: the members around the list it stood in, or empty.
Unwrapped unwrap(std::string_view record, std::string_view wrapper);

}  // namespace kubevigil
