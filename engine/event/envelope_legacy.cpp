// The legacy text format of the API server's log backend (k8s.io/apiserver plugin/pkg/audit/log, FormatLegacy):
//
//   <RFC 3339> AUDIT: id="<id>" stage="<stage>" ip="<ip>" method="<verb>" user="<name>" groups="\"g1\",\"g2\""
//       as="<self>" asgroups="<lookup>" user-agent="<agent>" namespace="<none>" uri="<uri>" response="<code>"
//
// Values are Go's %q. "<none>", "<self>" and "<lookup>" stand for nothing. Versions 1.5 to 1.7 have no stage and no
// user-agent; their second line of a request holds only id and response. The resource is derived from the URI.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "engine/base/text.h"
#include "engine/event/envelope_parts.h"
#include "engine/event/json_text.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kMark = " AUDIT: id=\"";
using Fields = std::map<std::string, std::string, std::less<>>;

// The inside of a Go %q string. Its escapes are those of JSON, and \a \v \xNN \UNNNNNNNN, which become U+FFFD.
std::string unquoted(std::string_view raw) {
  std::string memory;
  memory.reserve(raw.size());
  if (const auto decoded = decode_json_string(raw, memory)) return std::string(*decoded);
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 == raw.size()) {
      out += raw[i];
      continue;
    }
    const char c = raw[++i];
    if (c == '"' || c == '\\') {
      out += c;
    } else {
      out += "\xEF\xBF\xBD";
      i += c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    }
  }
  return out;
}

Fields parse_fields(std::string_view text) {
  Fields fields;
  while (true) {
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) return fields;
    const size_t space = text.substr(0, equals).rfind(' ');
    const size_t key = space == std::string_view::npos ? 0 : space + 1;
    const size_t quote = closing_quote(text, equals + 1);
    if (quote == std::string_view::npos) return fields;
    std::string value = unquoted(text.substr(equals + 2, quote - equals - 2));
    if (value == "<none>" || value == "<self>" || value == "<lookup>") value.clear();
    fields.emplace(text.substr(key, equals - key), std::move(value));
    text.remove_prefix(quote + 1);
  }
}

// `"a","b"` as the text of a JSON list.
std::string list_of(const std::string& quoted) {
  JsonTree tree;
  std::string json = "[" + quoted + "]";
  return !quoted.empty() && tree.parse(json) ? json : std::string{};
}

std::string user_json(std::string_view name, const std::string& groups) {
  ObjectWriter json;
  json.text("username", name);
  json.raw("groups", list_of(groups));
  return json.done();
}

std::string native_event(const Fields& fields, std::string_view time) {
  const auto get = [&](std::string_view key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string{} : found->second;
  };
  const std::string uri = get("uri");
  const std::string response = get("response");
  const std::string stage = get("stage");
  ObjectWriter json;
  json.string("kind", "Event");
  json.string("apiVersion", "audit.k8s.io/v1");
  json.string("level", "Metadata");
  json.string("auditID", get("id"));
  json.string("stage", !stage.empty() ? stage : response.empty() ? "RequestReceived" : "ResponseComplete");
  json.string("requestURI", uri);
  json.string("verb", folded(get("method")));
  json.raw("user", user_json(get("user"), get("groups")));
  if (!get("as").empty()) json.raw("impersonatedUser", user_json(get("as"), get("asgroups")));
  if (!get("ip").empty()) json.raw("sourceIPs", fmt::format("[\"{}\"]", json_escaped(get("ip"))));
  json.text("userAgent", get("user-agent"));
  json.raw("objectRef", object_ref_of_path(std::string_view(uri).substr(0, uri.find('?'))));
  if (response.find_first_not_of("0123456789") == std::string::npos && !response.empty() && response.size() < 5) {
    json.raw("responseStatus", fmt::format("{{\"metadata\":{{}},\"code\":{}}}", response));
  }
  json.string("requestReceivedTimestamp", time);
  json.string("stageTimestamp", time);
  return json.done();
}

}  // namespace

std::string object_ref_of_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty()) parts.push_back(part);
  }
  const bool core = !parts.empty() && parts[0] == "api";
  const bool grouped = !parts.empty() && parts[0] == "apis";
  size_t i = core ? 2 : 3;
  if ((!core && !grouped) || parts.size() <= i) return {};
  if (parts[i] == "watch" && parts.size() > i + 1) ++i;
  std::string_view space;
  if (parts[i] == "namespaces" && parts.size() > i + 1) {
    space = parts[i + 1];
    const bool of_namespace = parts.size() == i + 3 && (parts[i + 2] == "status" || parts[i + 2] == "finalize");
    if (parts.size() > i + 2 && !of_namespace) i += 2;
  }
  const auto part = [&](size_t k) { return k < parts.size() ? parts[k] : std::string_view{}; };
  ObjectWriter json;
  json.string("resource", part(i));
  json.text("namespace", space);
  json.text("name", part(i + 1));
  if (grouped) json.text("apiGroup", parts[1]);
  json.text("apiVersion", core ? parts[1] : parts[2]);
  json.text("subresource", part(i + 2));
  return json.done();
}

bool unwrap_legacy(std::string_view line, const Context& outer, Unwrapped& out) {
  const size_t mark = line.find(kMark);
  if (mark == std::string_view::npos) return false;
  // Inside an API server's own log the entry stands behind a header; the time is the word in front of AUDIT.
  const std::string_view before = trim(line.substr(0, mark));
  const std::string_view time = before.substr(before.find_last_of(" \t") + 1);
  const Fields fields = parse_fields(line.substr(mark + 1 + std::string_view("AUDIT: ").size()));
  if (fields.find("uri") == fields.end() && fields.find("method") == fields.end()) {
    add_problem(BadReason::OtherLog, "the second line of an old legacy entry: it names no request", out);
    return true;
  }
  Context context = outer;
  enter(EnvelopeKind::Legacy, context);
  if (auto t = parse_rfc3339(time)) context.time = t;
  add_event(native_event(fields, time), context, BodyDefect::None, out);
  return true;
}

}  // namespace kubevigil::envelope
