#include "engine/event/envelope.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/base64.h"
#include "engine/codec/decompress.h"
#include "engine/event/envelope_parts.h"
#include "engine/event/formats.h"
#include "engine/event/glued_record.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace envelope {
namespace {

constexpr std::string_view kNativeEvent = "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/";
constexpr std::string_view kChangedLevel = "_audit_level\"";  // OpenShift, see envelope_native.cpp
constexpr std::string_view kCutMark = "[Truncated...]";       // CloudWatch, at the end of a message that is too long

// In the order of reference: what is told apart by more comes first. The native one is the first.
constexpr std::array kFamilies = {unwrap_native,    unwrap_gke,     unwrap_azure, unwrap_aws,
                                  unwrap_telemetry, unwrap_message, unwrap_siem,  unwrap_shipper};

// What containers say about their elements, added to what is known already.
void add_wrapper(const Wrapper& wrapper, Context& context) {
  if (wrapper.outer != nullptr) add_wrapper(*wrapper.outer, context);
  JsonTree tree;
  if (!tree.parse(wrapper.json)) return;
  const Document d{wrapper.json, tree, tree.root()};
  if (auto time = usual_time(d)) context.time = time;
  read_aws_wrapper(d, context);
  read_azure_wrapper(d, context);
  read_telemetry_wrapper(d, context);
}

// The records of a payload go on as documents, one level deeper.
class PayloadSink final : public RecordSink {
 public:
  PayloadSink(const Context& context, Unwrapped& out) : context_(context), own_(context), out_(out) {}
  void record(const Piece& piece) override {
    if (wrapper_ != piece.wrapper) {
      wrapper_ = piece.wrapper;
      own_ = context_;
      if (wrapper_ != nullptr) add_wrapper(*wrapper_, own_);
    }
    unwrap_text(piece.text, own_, out_);
  }
  void bad(BadRecord bad) override { add_problem(bad.reason, std::move(bad.message), out_); }

 private:
  const Context& context_;
  std::shared_ptr<const Wrapper> wrapper_;  // of the last record
  Context own_;                             // with what that wrapper says
  Unwrapped& out_;
};

// By the first family that knows it and is declared; when none of those that know it is, the first says what it is.
void unwrap_document(const Document& document, Context context, Unwrapped& out) {
  if (refused(context, out)) return;
  const auto events = static_cast<std::ptrdiff_t>(out.events.size());
  const auto problems = static_cast<std::ptrdiff_t>(out.problems.size());
  std::optional<Context> undeclared;
  for (const auto family : kFamilies) {
    Context own = context;
    if (!family(document, own, out)) continue;
    if (own.undeclared.empty()) return;
    out.events.erase(out.events.begin() + events, out.events.end());
    out.problems.erase(out.problems.begin() + problems, out.problems.end());
    if (!undeclared) undeclared = std::move(own);
  }
  if (undeclared && refused(*undeclared, out)) return;
  if (context.other_log) return add_problem(BadReason::OtherLog, "not the audit log", out);
  if (has(document, "auditID") && has(document, "requestTimestamp")) {
    return add_problem(BadReason::OtherLog, "an entry of the Rancher API audit log, which has no Kubernetes stages",
                       out);
  }
  add_problem(BadReason::NotAuditEvent,
              "JSON without auditID and stage, and no envelope that is known" + taken(context), out);
}

// A document that does not parse: a record behind a torn one, or what stands before a cut.
void unwrap_cut(std::string_view text, Context context, UnwrapProblem problem, Unwrapped& out) {
  if (const size_t glued = find_glued_record(text); glued != std::string_view::npos) {
    unwrap_cut(trim(text.substr(0, glued)), context,
               {BadReason::Torn, "the document breaks off in the middle of the line"}, out);
    context.salvaged = true;
    return unwrap_text(text.substr(glued), context, out);
  }
  if (context.defect == BodyDefect::None) context.defect = BodyDefect::Truncated;
  if (const std::string mended = mend_cut_event(text); !mended.empty()) {
    return add_event(mended, context, BodyDefect::Truncated, out);
  }
  const std::string closed = without_bodies(close_cut_document(text));
  JsonTree tree;
  Unwrapped inner;
  if (tree.parse(closed)) unwrap_document({closed, tree, tree.root()}, context, inner);
  const bool known =
      !inner.events.empty() || (!inner.problems.empty() && inner.problems[0].reason == BadReason::OtherLog);
  if (known) {
    std::move(inner.events.begin(), inner.events.end(), std::back_inserter(out.events));
    std::move(inner.problems.begin(), inner.problems.end(), std::back_inserter(out.problems));
    return;
  }
  if (context.other_log) return add_problem(BadReason::OtherLog, "not the audit log", out);
  out.problems.push_back(std::move(problem));
}

}  // namespace

void unwrap_text(std::string_view text, Context context, Unwrapped& out) {
  if (refused(context, out)) return;
  text = trim(text);
  const bool marked_cut = text.ends_with(kCutMark);
  if (marked_cut) text.remove_suffix(kCutMark.size());
  const bool changed_level = text.find(kChangedLevel) != std::string_view::npos;
  if (text.starts_with(kNativeEvent) && text.ends_with('}') && !marked_cut && !changed_level) {
    return add_event(text, context, BodyDefect::None, out);
  }
  const bool document = text.starts_with('{') || text.starts_with('"') || text.starts_with("[\"");
  // On the outside, a packed payload, a string and a line of text are nobody's format.
  const bool outside = context.formats != nullptr && !context.entered && !text.starts_with('{');
  if (outside && (document || !context.formats->takes_lines())) {
    context.undeclared = "no JSON object";
    return (void)refused(context, out);
  }
  if (!outside && (is_gzip(text) || is_zstd(text))) return unwrap_payload(text, context, out);
  if (!document) return unwrap_line(text, context, out);
  JsonTree tree;
  auto parsed = tree.parse(text);
  std::string pruned;
  if (!parsed && parsed.error().defect != JsonDefect::Grammar) {
    context.defect = parsed.error().defect == JsonDefect::Depth ? BodyDefect::Depth : BodyDefect::Nodes;
    pruned = without_bodies(text);
    text = pruned;
    parsed = tree.parse(text);
  }
  if (!parsed) {
    const auto& error = parsed.error();
    return unwrap_cut(text, context,
                      {BadReason::NotJson, fmt::format("not JSON at byte {}: {}", error.offset, error.message)}, out);
  }
  if (tree[tree.root()].value.type == ValueType::String)
    return unwrap_payload(tree[tree.root()].value.text, context, out);
  unwrap_document({text, tree, tree.root()}, context, out);
}

void unwrap_payload(std::string_view bytes, Context context, Unwrapped& out) {
  if (refused(context, out)) return;
  if (++context.depth > limits::kUnwrapDepth) {
    return add_problem(BadReason::WrappedTooDeep,
                       fmt::format("an event inside more than {} wrappers", limits::kUnwrapDepth), out);
  }
  const std::string_view text = trim(bytes);
  if (text.starts_with(kNativeEvent) && text.find('\n') == std::string_view::npos) {
    return unwrap_text(text, context, out);
  }
  std::string plain;
  if (is_gzip(bytes) || is_zstd(bytes)) {
    auto unpacked = unpack(bytes, limits::kStreamedBytes / 8);
    if (!unpacked) return add_problem(BadReason::Encoding, unpacked.error().message, out);
    if (unpacked->end.end != StreamEnd::Complete) add_problem(BadReason::Encoding, unpacked->end.message, out);
    plain = std::move(unpacked->bytes);
    bytes = plain;
  }
  // A document that breaks off is cut, not torn: nothing follows it.
  const bool one_line = text.starts_with('{') && text.find('\n') == std::string_view::npos;
  if (one_line && (context.defect != BodyDefect::None || !text.ends_with('}'))) {
    return unwrap_text(text, context, out);
  }
  PayloadSink sink(context, out);
  SplitterOptions options;
  options.native_lines = false;
  Splitter splitter(sink, options);
  splitter.feed(bytes);
  splitter.finish(false);
}

void unwrap_base64(std::string_view coded, const Context& context, Unwrapped& out) {
  const auto bytes = base64_decode(coded);
  if (!bytes) return add_problem(BadReason::Encoding, "the payload should be base64 and is not", out);
  unwrap_payload(*bytes, context, out);
}

void unwrap_member(const Document& d, uint32_t node, const Context& context, Unwrapped& out) {
  if (is(d.tree, node, ValueType::String)) return unwrap_payload(d.tree[node].value.text, context, out);
  unwrap_payload(to_text(d.tree, node), context, out);
}

}  // namespace envelope

EnvelopeContext read_wrapper(const Wrapper* wrapper, const Formats* formats) {
  EnvelopeContext context;
  context.formats = formats;
  if (wrapper != nullptr) envelope::add_wrapper(*wrapper, context);
  return context;
}

Unwrapped unwrap(std::string_view record, const EnvelopeContext& context) {
  Unwrapped out;
  envelope::unwrap_text(record, context, out);
  return out;
}

Unwrapped unwrap_broken(const UnwrappedEvent& event, UnwrapProblem problem, const Formats* formats) {
  Unwrapped out;
  EnvelopeContext context;
  context.kind = event.kind;
  context.cluster = event.cluster;
  context.time = event.time;
  context.defect = event.defect;
  context.formats = formats;
  context.entered = true;  // it has come through once
  context.salvaged = event.salvaged;
  envelope::unwrap_cut(event.text(), context, std::move(problem), out);
  return out;
}

}  // namespace kubevigil
