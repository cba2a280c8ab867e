// Event: one audit event as slots of values, borrowed from its record. The envelope fields (everything but
// bodies) are always there; bodies are raw JSON text until a rule asks for them.
//
// Owned by one worker, filled again for each record by EventReader; nothing of it may be kept beyond that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/event/field_table.h"

namespace kubevigil {

enum class BodyDefect : uint8_t { None, Utf8, Depth, Nodes, Grammar, Oversize, Truncated, Values };
std::string_view to_text(BodyDefect defect);

struct MapEntry {
  std::string_view key;
  Value value;
};

// What is known about a record apart from its JSON. Borrowed; lives as long as the batch.
struct RecordOrigin {
  std::string_view cluster;                // from a flag or the envelope; may be empty
  std::string_view envelope;               // "native", "eks-cloudwatch", ...: names of engine/event/envelope.h
  std::optional<Timestamp> envelope_time;  // used only when the event has no valid time of its own
  Timestamp previous_time;                 // the last resort (design/rules.md 4)
  BodyDefect defect = BodyDefect::None;    // found while cutting the record (oversize, truncated)
  bool salvaged = false;                   // found behind the first half of a torn record
};

enum class TimeSource : uint8_t { Event, Envelope, Previous };

class Event {
 public:
  struct Slot {
    uint32_t first = 0;
    uint32_t count = 0;
    bool present = false;  // the key is there, if only with null or an empty list
    bool cut = false;      // more than limits::kListValues values: the first ones and the last are kept
  };

  std::span<const Value> values(FieldId field) const {
    const Slot& s = slots_[static_cast<size_t>(field)];
    return {values_.data() + s.first, s.count};
  }
  bool present(FieldId field) const { return slots_[static_cast<size_t>(field)].present; }
  bool cut(FieldId field) const { return slots_[static_cast<size_t>(field)].cut; }
  // First value as text, or "".
  std::string_view text(FieldId field) const {
    const auto v = values(field);
    return v.empty() ? std::string_view{} : v.front().text;
  }
  // Entries of a Map field (annotations, user.extra, impersonatedUser.extra); repeated keys repeat, a list
  // value gives one entry per element. present(map) says whether the map itself was there.
  std::span<const MapEntry> entries(FieldId map) const;

  // Raw JSON of requestObject, responseObject and responseStatus.details; empty when absent or null.
  std::string_view raw(FieldId tree) const;
  // Why that body (RequestObject, ResponseObject) is missing or not to be trusted.
  BodyDefect body_defect(FieldId body) const { return body_defects_[body == FieldId::RequestObject ? 0 : 1]; }

  Timestamp time;  // event time, see design/rules.md 4
  TimeSource time_source = TimeSource::Event;
  BodyDefect defect = BodyDefect::None;  // the first found in any body
  uint32_t values_cut = 0;               // values beyond limits::kListValues of one field, left out
  bool truncated = false;                // annotation audit.k8s.io/truncated
  bool salvaged = false;                 // RecordOrigin::salvaged
  bool has_further_members = false;      // beside those of audit.k8s.io: a shipper may have changed the event
  std::string_view cluster;
  std::string_view envelope;
  std::string_view record;  // the whole JSON text of the event

  // Filling; EventReader only.
  void clear();
  // A new value of the field, Null until the caller fills it, at once. Beyond the limit it takes the place of the last
  // one: of sourceIPs the last is the only one that the client cannot choose.
  Value& add(FieldId field);
  void mark_present(FieldId field) { slots_[static_cast<size_t>(field)].present = true; }
  Value& add_entry(FieldId map, std::string_view key);
  void set_raw(FieldId tree, std::string_view json);
  void set_body_defect(FieldId body, BodyDefect found);

 private:
  std::array<Slot, kEnvelopeFieldCount> slots_{};
  std::vector<Value> values_;  // add() for one field comes in one run, except for repeated keys, which re-home the slot
  std::array<std::vector<MapEntry>, 3> maps_;
  std::array<std::string_view, 3> raws_;
  std::array<BodyDefect, 2> body_defects_{};
};

// What tells an event from others: hashes over typed, length-prefixed parts, each part hashed once. Not over the raw
// bytes: items of a list omit kind and apiVersion that the log line has. auditID alone is chosen by the client and
// proves nothing.
struct EventDigests {
  Hash128 audit_stage;  // cluster, auditID, stage
  Hash128 intent;       // user.username, verb, requestURI: what an aggregated API server repeats
  // Both of these, all timestamps (those of old dialects too), impersonated user, objectRef and responseStatus.code.
  Hash128 identity;
};
EventDigests event_digests(const Event& event, HashKey key = {});
// Identity of the request that the event is a stage of: as the identity without stage, stage times and code.
Hash128 request_identity(const Event& event, HashKey key = {});

// RequestReceived -> false. A long-running request or a 401 -> at ResponseStarted; all others at
// ResponseComplete or Panic. Rules that do not name `stage` see an event when this is not None.
enum class StageRole : uint8_t {
  None,   // not counted: RequestReceived, or ResponseStarted of a short request
  First,  // the stage that counts
  Later,  // the end (ResponseComplete, Panic) of a long-running request: joins the hit of ResponseStarted, or counts if
          // there was none
};
StageRole stage_role(const Event& event);
// watch, and the subresources exec, attach, portforward, proxy and log: the stage ResponseStarted has the answer.
bool is_long_running(const Event& event);

}  // namespace kubevigil
