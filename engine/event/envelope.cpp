#include "engine/event/envelope.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/base64.h"
#include "engine/codec/decompress.h"
#include "engine/event/envelope_parts.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace envelope {
namespace {

constexpr std::string_view kNativeEvent = "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/";
constexpr std::string_view kChangedLevel = "_audit_level\"";  // OpenShift, see envelope_native.cpp
constexpr std::string_view kCutMark = "[Truncated...]";       // CloudWatch, at the end of a message that is too long

// In the order of reference: what is told apart by more comes first.
constexpr std::array kFamilies = {unwrap_native, unwrap_gke,  unwrap_azure,  unwrap_aws,
                                  unwrap_stream, unwrap_siem, unwrap_shipper};

// The records of a payload go on as documents, one level deeper.
class PayloadSink final : public RecordSink {
 public:
  PayloadSink(const Context& context, Unwrapped& out) : context_(context), out_(out) {}
  void record(const Piece& piece) override {
    unwrap_text(piece.text, piece.wrapper == nullptr ? std::string_view{} : *piece.wrapper, context_, out_);
  }
  void bad(BadRecord bad) override { add_problem(bad.reason, std::move(bad.message), out_); }

 private:
  const Context& context_;
  Unwrapped& out_;
};

void unwrap_cut(std::string_view text, const Context& context, std::string_view why, Unwrapped& out) {
  const std::string mended = mend_cut_event(text);
  if (!mended.empty()) return add_event(mended, context, BodyDefect::Truncated, out);
  if (context.other_log) return add_problem(BadReason::OtherLog, "not the audit log", out);
  add_problem(BadReason::NotJson, std::string(why), out);
}

void unwrap_document(const Document& document, Context context, Unwrapped& out) {
  for (const auto family : kFamilies) {
    Context own = context;
    if (family(document, own, out)) return;
  }
  if (context.other_log) return add_problem(BadReason::OtherLog, "not the audit log", out);
  if (has(document, "auditID") && has(document, "requestTimestamp")) {
    return add_problem(BadReason::OtherLog, "an entry of the Rancher API audit log, which has no Kubernetes stages",
                       out);
  }
  add_problem(BadReason::NotAuditEvent, "JSON without auditID and stage, and no envelope that is known", out);
}

}  // namespace

void unwrap_text(std::string_view text, std::string_view wrapper, const Context& outer, Unwrapped& out) {
  Context context = outer;
  if (!wrapper.empty()) read_wrapper(wrapper, context);
  text = trim(text);
  const bool marked_cut = text.ends_with(kCutMark);
  if (marked_cut) text.remove_suffix(kCutMark.size());
  const bool changed_level = text.find(kChangedLevel) != std::string_view::npos;
  if (text.starts_with(kNativeEvent) && text.ends_with('}') && !marked_cut && !changed_level) {
    return add_event(text, context, BodyDefect::None, out);
  }
  if (is_gzip(text) || is_zstd(text)) return unwrap_payload(text, context, out);
  if (!text.starts_with('{') && !text.starts_with('"')) return unwrap_line(text, context, out);
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
    return unwrap_cut(text, context,
                      fmt::format("not JSON at byte {}: {}", parsed.error().offset, parsed.error().message), out);
  }
  if (tree[tree.root()].value.type == ValueType::String)
    return unwrap_payload(tree[tree.root()].value.text, context, out);
  unwrap_document({text, tree, tree.root()}, context, out);
}

void unwrap_payload(std::string_view bytes, Context context, Unwrapped& out) {
  if (++context.depth > limits::kUnwrapDepth) {
    return add_problem(BadReason::WrappedTooDeep,
                       fmt::format("an event inside more than {} wrappers", limits::kUnwrapDepth), out);
  }
  const std::string_view text = trim(bytes);
  if (text.starts_with(kNativeEvent) && text.find('\n') == std::string_view::npos) {
    return unwrap_text(text, {}, context, out);
  }
  std::string plain;
  if (is_gzip(bytes) || is_zstd(bytes)) {
    auto unpacked = gunzip(bytes, limits::kStreamedBytes / 8);
    if (!unpacked) return add_problem(BadReason::Encoding, unpacked.error().message, out);
    plain = std::move(*unpacked);
    bytes = plain;
  }
  // A document that breaks off is cut, not torn: nothing follows it.
  if (text.starts_with('{') && !text.ends_with('}') && text.find('\n') == std::string_view::npos) {
    return unwrap_text(text, {}, context, out);
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

void read_wrapper(std::string_view wrapper, Context& context) {
  JsonTree tree;
  if (!tree.parse(wrapper)) return;
  const Document d{wrapper, tree, tree.root()};
  if (auto time = usual_time(d)) context.time = time;
  read_aws_wrapper(d, context);
  read_azure_wrapper(d, context);
}

}  // namespace envelope

Unwrapped unwrap(std::string_view record, std::string_view wrapper) {
  Unwrapped out;
  envelope::unwrap_text(record, wrapper, {}, out);
  return out;
}

}  // namespace kubevigil
