#include "engine/event/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/event/batch_builder.h"
#include "engine/event/envelope_parts.h"
#include "engine/event/formats.h"
#include "engine/event/splitter.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"None", "Metadata", "Request", "RequestResponse"};
// Members that say that a shipper changed a flat event (OpenShift's level, Panther's names).
constexpr std::array<std::string_view, 4> kFlatMarks = {"\"k8s_audit_level\"", "\"openshift_audit_level\"",
                                                        "\"log_source\"", "\"p_log_type\""};

bool is_flattened(std::string_view text) {
  return !text.starts_with(kNativeBegins.front()) &&
         std::any_of(kFlatMarks.begin(), kFlatMarks.end(),
                     [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; });
}

bool takes_flattened(const Formats* formats) {
  return formats == nullptr || formats->takes(EnvelopeKind::OpenShift) || formats->takes(EnvelopeKind::Panther);
}

bool has_level(const Event& event) {
  return std::find(kLevels.begin(), kLevels.end(), event.text(FieldId::Level)) != kLevels.end();
}

}  // namespace

RecordReader::RecordReader(std::string cluster) : cluster_(std::move(cluster)) {}

void RecordReader::read(const Batch& batch, const Record& record, Timestamp previous, EventSink& sink) {
  const std::string_view text = batch.text(record);
  const Context context{record.position, previous, record.defect,
                        record.salvaged, batch,    envelope_of(batch.wrappers[record.wrapper], batch.formats.get())};
  ReadError error{ReadProblem::NotAuditEvent, {}, 0};
  const Formats* formats = batch.formats.get();
  const bool wrapped =
      context.envelope.kind != EnvelopeKind::Native || (formats != nullptr && !formats->takes(EnvelopeKind::Native));
  if (!wrapped && read_native(text, context, sink, error)) return;
  if (!wrapped && takes_flattened(formats) && is_flattened(text)) error = {ReadProblem::NotAuditEvent, {}, 0};
  const bool whole = record.defect != BodyDefect::Oversize;
  if (whole && error.problem == ReadProblem::NotJson && begins_native(text) && cut_again(text, context, sink)) return;
  read_wrapped(text, context, error, sink);
}

// The records of one list share their wrapper.
const EnvelopeContext& RecordReader::envelope_of(const std::shared_ptr<const Wrapper>& wrapper,
                                                 const Formats* formats) {
  if (wrapper_ != wrapper || envelope_.formats != formats) {
    wrapper_ = wrapper;
    envelope_ = read_wrapper(wrapper.get(), formats);
  }
  return envelope_;
}

bool RecordReader::read_native(std::string_view text, const Context& context, EventSink& sink, ReadError& error) {
  RecordOrigin origin;
  origin.cluster = context.batch.cluster.empty() ? cluster_ : context.batch.cluster;
  origin.envelope = envelope_info(EnvelopeKind::Native).name;
  origin.previous_time = context.previous;
  origin.defect = context.defect;
  origin.salvaged = context.salvaged;
  if (auto read = reader_.read(text, origin, event_); !read) {
    error = std::move(read.error());
    return false;
  }
  if (event_.has_further_members && takes_flattened(context.batch.formats.get()) && is_flattened(text)) return false;
  // A level that Kubernetes does not know was overwritten by a shipper that keeps the true one elsewhere.
  if (!has_level(event_) && text.find("_audit_level\"") != std::string_view::npos) return false;
  sink.event(event_);
  return true;
}

// A line that looked like one event and is not: it may hold several, or a torn one with another glued to it.
bool RecordReader::cut_again(std::string_view text, const Context& context, EventSink& sink) {
  Batch pieces;
  BatchBuilder builder(pieces);
  SplitterOptions options;
  options.file = context.position.file;
  options.offset = context.position.offset;
  options.line = context.position.line;
  options.native_lines = false;
  Splitter splitter(builder, options);
  splitter.feed(text);
  splitter.finish(false);
  builder.finish();
  if (pieces.records.size() == 1 && pieces.records[0].size == text.size()) return false;
  auto bad = pieces.bad.begin();
  for (uint32_t r = 0; r <= pieces.records.size(); ++r) {
    for (; bad != pieces.bad.end() && bad->before == r; ++bad) sink.bad(std::move(*bad));
    if (r == pieces.records.size()) break;
    const Record& record = pieces.records[r];
    const Context own{record.position, context.previous, record.defect,
                      record.salvaged, context.batch,    context.envelope};
    ReadError error;
    if (!read_native(pieces.text(record), own, sink, error)) read_wrapped(pieces.text(record), own, error, sink);
  }
  return true;
}

bool RecordReader::read_unwrapped(const UnwrappedEvent& wrapped, const Context& context, EventSink& sink,
                                  ReadError& error) {
  RecordOrigin origin;
  origin.cluster = wrapped.cluster.empty() ? cluster_ : wrapped.cluster;
  if (!context.batch.cluster.empty()) origin.cluster = context.batch.cluster;
  origin.envelope = envelope_info(wrapped.kind).name;
  origin.envelope_time = wrapped.time;
  origin.previous_time = context.previous;
  origin.defect = wrapped.defect;
  origin.salvaged = context.salvaged || wrapped.salvaged;
  if (auto read = reader_.read(wrapped.text(), origin, event_); !read) {
    error = std::move(read.error());
    return false;
  }
  sink.event(event_);
  return true;
}

void RecordReader::read_wrapped(std::string_view text, const Context& context, const ReadError& error,
                                EventSink& sink) {
  EnvelopeContext envelope = context.envelope;
  envelope.defect = context.defect;
  Unwrapped unwrapped = unwrap(text, envelope);
  std::vector<UnwrapProblem> problems = std::move(unwrapped.problems);
  for (const UnwrappedEvent& wrapped : unwrapped.events) {
    ReadError broken;
    if (read_unwrapped(wrapped, context, sink, broken)) continue;
    if (broken.problem == ReadProblem::NotAuditEvent) {
      problems.push_back({BadReason::NotAuditEvent, broken.message});
      continue;
    }
    Unwrapped parts = unwrap_broken(wrapped, {BadReason::NotJson, broken.message}, envelope.formats);
    for (const UnwrappedEvent& part : parts.events) {
      if (!read_unwrapped(part, context, sink, broken)) parts.problems.push_back({BadReason::NotJson, broken.message});
    }
    std::move(parts.problems.begin(), parts.problems.end(), std::back_inserter(problems));
  }
  for (UnwrapProblem& problem : problems) {
    if (problem.reason == BadReason::NotJson && context.defect == BodyDefect::Oversize) {
      problem = {BadReason::TooLong,
                 fmt::format("a record of more than {} bytes, and no event in its first part", limits::kRecordBytes)};
    } else if (problem.reason == BadReason::NotJson && !error.message.empty()) {
      problem.message = error.message;
    }
    sink.bad({problem.reason, context.position, std::move(problem.message), std::string(text.substr(0, kKeptBytes))});
  }
}

}  // namespace kubevigil
