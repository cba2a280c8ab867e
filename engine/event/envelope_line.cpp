// Text lines with an event behind a prefix.
//
//   CRI                2024-05-01T10:00:00.123456789Z stdout F {event}    (parts are joined before: part_joiner.h)
//   CloudWatch export  2024-05-01T10:00:00.123Z {event}
//   syslog             <13>May  1 10:00:00 host app: {event}    (RFC 3164), <13>1 2024-05-01T10:00:00Z ... (RFC 5424)
//   legacy             2024-05-01T10:00:00.123456Z AUDIT: id="..." ...    (envelope_legacy.cpp)
//   anything else that holds a native event up to its end
#include "engine/base/text.h"
#include "engine/event/envelope_parts.h"
#include "engine/event/formats.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kEventBegins = "{\"kind\":\"Event\",";

std::string_view first_word(std::string_view line) { return line.substr(0, line.find_first_of(" \t")); }

std::string_view behind_word(std::string_view line) {
  const size_t end = line.find_first_of(" \t");
  return end == std::string_view::npos ? std::string_view{} : trim(line.substr(end));
}

bool speaks_of_audit(std::string_view text) { return text.find("\"auditID\"") != std::string_view::npos; }

// What follows is one record, at the same string level: a prefix is no string wrapper.
void unwrap_rest(std::string_view rest, Context context, Unwrapped& out) {
  if (!speaks_of_audit(rest) && rest.find("protoPayload") == std::string_view::npos) context.other_log = true;
  unwrap_text(rest, context, out);
}

// True when the line has a time in front.
bool unwrap_timed(std::string_view line, Context context, Unwrapped& out) {
  const auto time = parse_rfc3339(first_word(line));
  if (!time) return false;
  context.time = time;
  std::string_view rest = behind_word(line);
  const std::string_view stream = first_word(rest);
  if (stream == "stdout" || stream == "stderr") {
    const std::string_view tag = behind_word(rest);
    if (first_word(tag).starts_with('F') || first_word(tag).starts_with('P')) {
      enter(EnvelopeKind::Cri, context);
      const std::string_view content = behind_word(tag);
      if (content.empty()) add_problem(BadReason::OtherLog, "an empty container log line", out);
      if (!content.empty()) unwrap_rest(content, context, out);
      return true;
    }
  }
  if (!rest.starts_with('{')) return false;
  pass(EnvelopeKind::CloudWatchExport, {}, context);
  if (context.kind == EnvelopeKind::Native) context.kind = EnvelopeKind::CloudWatchExport;
  unwrap_rest(rest, context, out);
  return true;
}

}  // namespace

void unwrap_line(std::string_view line, Context context, Unwrapped& out) {
  const bool legacy = context.formats == nullptr || context.formats->takes(EnvelopeKind::Legacy);
  if ((legacy && unwrap_legacy(line, context, out)) || unwrap_timed(line, context, out)) return;
  const size_t native = line.find(kEventBegins);
  const size_t begin = native != std::string_view::npos ? native : line.find('{');
  if (begin != std::string_view::npos && speaks_of_audit(line.substr(begin))) {
    if (line.starts_with('<')) {
      enter(EnvelopeKind::Syslog, context);
    } else if (context.formats != nullptr) {
      context.undeclared = "a line of text with an event in it";
    }
    if (line.substr(0, begin).find("\":") != std::string_view::npos) {
      add_problem(BadReason::Torn, "in front of the event stands the end of a record whose beginning is lost", out);
      context.salvaged = true;
    }
    return unwrap_text(line.substr(begin), context, out);
  }
  // Inside a wrapper a line of text is another program's log; on its own it is damage.
  const bool wrapped = context.depth > 0 || context.other_log || context.kind != EnvelopeKind::Native;
  if (wrapped || line.starts_with('<')) return add_problem(BadReason::OtherLog, "a log line of another program", out);
  add_problem(BadReason::NotJson, "a line of text; expected a JSON object" + taken(context), out);
}

}  // namespace kubevigil::envelope
