// Envelopes: what other programs wrap around audit events. `unwrap` turns the text of one record that is no native
// event into native audit.k8s.io/v1 JSON, so that there is one reader and one meaning.
//
// Recognised by shape: a table of tests on the members of the outermost object, first match wins (envelope.cpp). What a
// live input declares (formats.h) only leaves shapes out: what is not declared is a problem that names what was found.
// Each family has a file: envelope_aws, envelope_azure, envelope_gke, envelope_telemetry, ...;
// envelope_cut saves what stands before a cut. Pure functions.
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
  AksAdmin,
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
  std::string_view name;                               // "eks-cloudwatch": Event::envelope
  std::string_view description;                        // one line
  std::span<const std::string_view> never_carries;     // names of the field table that are never there
  std::string_view note;                               // what else a reader of the summary should know; may be empty
  std::span<const std::string_view> never_verbs = {};  // requests that are never there
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
  bool salvaged = false;  // found behind a torn record

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

class Formats;

// What the wrappers around a text said so far. The innermost name, cluster and time win.
struct EnvelopeContext {
  const Formats* formats = nullptr;  // what may be taken; null: any
  bool entered = false;              // inside a wrapper that was declared
  std::string undeclared;            // a wrapper that was not: what it is; nothing is taken out of it
  EnvelopeKind kind = EnvelopeKind::Native;
  std::string cluster;
  std::optional<Timestamp> time;
  size_t depth = 0;                      // string levels taken off
  BodyDefect defect = BodyDefect::None;  // bodies, or all behind some point, were left out
  bool salvaged = false;                 // behind a torn record
  bool other_log = false;  // the wrapper says that this is not the audit log: what is no event here is no fault
};

// What the containers around a record say; null: nothing.
EnvelopeContext read_wrapper(const Wrapper* wrapper, const Formats* formats = nullptr);
// `context`: read_wrapper of the record's wrapper.
Unwrapped unwrap(std::string_view record, const EnvelopeContext& context);
// An event that unwrap() gave and that is no JSON after all: what can be saved of it, else `problem`.
Unwrapped unwrap_broken(const UnwrappedEvent& event, UnwrapProblem problem, const Formats* formats = nullptr);

}  // namespace kubevigil
