// What the files of envelope_*.cpp share: the context that builds up from wrapper to wrapper, access to members of
// a parsed envelope, and a writer for native events. Internal to the envelopes.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "engine/event/envelope.h"
#include "engine/event/json_tree.h"

namespace kubevigil::envelope {

using Context = EnvelopeContext;

struct Document {
  std::string_view text;
  const JsonTree& tree;
  uint32_t root;
};

// The member at a path of keys, or JsonNode::kNone.
uint32_t at(const Document& d, std::initializer_list<std::string_view> path);
uint32_t at(const JsonTree& tree, uint32_t node, std::initializer_list<std::string_view> path);
bool has(const Document& d, std::string_view key);
bool is(const JsonTree& tree, uint32_t node, ValueType type);
// The text of a string or number, or "".
std::string_view text_at(const Document& d, std::initializer_list<std::string_view> path);
std::string_view text_at(const JsonTree& tree, uint32_t node, std::initializer_list<std::string_view> path);

// RFC 3339 text, or a number since 1970 in seconds, milliseconds, microseconds or nanoseconds (told by its size).
std::optional<Timestamp> time_of(const Value& value);
// The first of the usual time members that holds a time.
std::optional<Timestamp> usual_time(const Document& d);

// Writes one JSON object, member by member.
class ObjectWriter {
 public:
  void string(std::string_view key, std::string_view value);
  void text(std::string_view key, std::string_view value) {  // left out when empty
    if (!value.empty()) string(key, value);
  }
  void raw(std::string_view key, std::string_view json);
  std::string done() { return out_ + "}"; }
  bool empty() const { return out_.size() == 1; }

 private:
  std::string out_ = "{";
};

// A wrapper of this kind was recognised: its name is the event's from now on. One that is not declared is remembered in
// `context`, and whatever is asked of that context becomes a problem that says so. Every wrapper passes one of these.
void enter(EnvelopeKind kind, Context& context);
void pass(EnvelopeKind kind, std::string_view where, Context& context);  // the name stays; `where`: in it, may be empty
bool refused(const Context& context, Unwrapped& out);                    // adds that problem
std::string taken(const Context& context);                               // for messages: "; this input takes ..."

void add_event(std::string_view json, const Context& context, BodyDefect defect, Unwrapped& out);
void add_problem(BadReason reason, std::string message, Unwrapped& out);

// One level deeper: bytes that were a string, or base64 and gzip, in the envelope: any number of documents or lines.
void unwrap_payload(std::string_view bytes, Context context, Unwrapped& out);
void unwrap_base64(std::string_view coded, const Context& context, Unwrapped& out);
// One document or line.
void unwrap_text(std::string_view text, Context context, Unwrapped& out);
// A member of an envelope: a string is a payload, an object is a document.
void unwrap_member(const Document& d, uint32_t node, const Context& context, Unwrapped& out);

// The families. Each says whether the document is one of its own; if so it has filled `out`.
bool unwrap_aws(const Document& d, Context& context, Unwrapped& out);
bool unwrap_azure(const Document& d, Context& context, Unwrapped& out);
bool unwrap_gke(const Document& d, Context& context, Unwrapped& out);
bool unwrap_native(const Document& d, Context& context, Unwrapped& out);
bool unwrap_siem(const Document& d, Context& context, Unwrapped& out);       // HEC, Splunk, Elastic, Datadog
bool unwrap_telemetry(const Document& d, Context& context, Unwrapped& out);  // OTLP, Loki
bool unwrap_message(const Document& d, Context& context, Unwrapped& out);    // CloudEvents, Pub/Sub
bool unwrap_shipper(const Document& d, Context& context, Unwrapped& out);    // log, message, ...: a string member
void unwrap_line(std::string_view line, Context context, Unwrapped& out);
bool unwrap_legacy(std::string_view line, const Context& context, Unwrapped& out);

// What the members around a list say about its elements.
void read_aws_wrapper(const Document& d, Context& context);
void read_azure_wrapper(const Document& d, Context& context);
void read_telemetry_wrapper(const Document& d, Context& context);

// The resource part of an event from its path: "/api/v1/namespaces/n/pods/p/exec" -> objectRef JSON, or "".
std::string object_ref_of_path(std::string_view path);

// The members of the outermost object that stand whole before the cut, as one object; "" when auditID and stage are
// not among them.
std::string mend_cut_event(std::string_view cut);
// A document that was cut anywhere, with what is open closed: it ends in a whole member, or in a string that is cut.
std::string close_cut_document(std::string_view cut);
// The same JSON with null for every member named like a body.
std::string without_bodies(std::string_view json);

}  // namespace kubevigil::envelope
