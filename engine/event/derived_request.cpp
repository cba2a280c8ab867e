// What: the resource with its subresource, the URI taken apart, the command of an exec, dry runs, the pod acted on.
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/event/derived.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = fold(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Percent decoding (RFC 3986); `+` is a space in queries. What is no valid escape stays as written.
std::string url_decoded(std::string_view text, bool query) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += query && text[i] == '+' ? ' ' : text[i];
    }
  }
  size_t repaired = 0;
  return is_utf8(out) ? out : repair_utf8(out, repaired);
}

bool is_plain(std::string_view text, bool query) {
  return text.find('%') == text.npos && (!query || text.find('+') == text.npos);
}

std::string_view kept_decoded(std::string_view text, bool query, TextPool& texts) {
  return is_plain(text, query) ? text : texts.keep(url_decoded(text, query));
}

bool decodes_to(std::string_view coded, std::string_view name) {
  return is_plain(coded, true) ? coded == name : url_decoded(coded, true) == name;
}

// A request has no fragment: Go's server reads '#' as any other character (net/url ParseRequestURI).
std::string_view query_of(std::string_view uri) {
  const size_t mark = uri.find('?');
  if (mark == uri.npos) return {};
  return uri.substr(mark + 1);
}

// Writes that store an object. Reads and connections ignore the option, and a token or a review is answered anyway.
bool obeys_dry_run(const Event& event) {
  const std::string_view verb = event.text(FieldId::Verb), group = event.text(FieldId::ObjectApiGroup);
  const bool removes = verb == "delete" || verb == "deletecollection";
  return (writes_object(event) || removes) && !is_connect(event) && event.text(FieldId::ObjectSubresource) != "token" &&
         group != "authentication.k8s.io" && group != "authorization.k8s.io";
}

bool has_dry_run_options(const BodyView& body) {
  const uint32_t node = find_path(*body.tree, body.node, {"dryRun"});
  Values values;
  if (node != JsonNode::kNone) append_values(*body.tree, node, values);
  return !values.empty();
}

// metadata.name of a body, or "".
std::string_view name_in(const BodyView& body) {
  if (!body) return {};
  const uint32_t kind = find_path(*body.tree, body.node, {"kind"});
  if (kind != JsonNode::kNone && (*body.tree)[kind].value.text == "Status") return {};
  const uint32_t node = find_path(*body.tree, body.node, {"metadata", "name"});
  return node == JsonNode::kNone ? std::string_view{} : (*body.tree)[node].value.text;
}

}  // namespace

Presence resource(const DerivedInput& in, Values& out) {
  const std::string_view name = in.event.text(FieldId::ObjectResource);
  const std::string_view sub = in.event.text(FieldId::ObjectSubresource);
  if (name.empty()) return Presence::Absent;
  out.push_back(Value::string(sub.empty() ? name : in.texts.keep(std::string(name) + "/" + std::string(sub))));
  return Presence::Present;
}

Presence target_pod(const DerivedInput& in, Values& out) {
  if (in.event.text(FieldId::ObjectResource) != "pods") return Presence::Absent;
  std::string_view name = in.event.text(FieldId::ObjectName);
  const bool named_by_server = name.empty() && in.event.text(FieldId::Verb) == "create";
  if (named_by_server) name = name_in(in.bodies.response());
  if (named_by_server && name.empty()) name = name_in(in.bodies.request());
  if (name.empty()) return named_by_server ? Presence::Unknown : Presence::Absent;
  out.push_back(Value::string(name));
  return Presence::Present;
}

// A token is minted for the account that the path names; an account with a generated name is known from the response.
Presence target_account(const DerivedInput& in, Values& out) {
  if (in.event.text(FieldId::ObjectResource) != "serviceaccounts" || !in.event.text(FieldId::ObjectApiGroup).empty()) {
    return Presence::Absent;
  }
  std::string_view name = in.event.text(FieldId::ObjectName);
  const bool creates = in.event.text(FieldId::Verb) == "create" && in.event.text(FieldId::ObjectSubresource).empty();
  if (name.empty() && creates) name = name_in(in.bodies.response());
  if (name.empty() && creates) name = name_in(in.bodies.request());
  if (name.empty()) return creates ? Presence::Unknown : Presence::Absent;
  const std::string_view space = in.event.text(FieldId::ObjectNamespace);
  out.push_back(Value::string(in.texts.keep("system:serviceaccount:" + std::string(space) + ":" + std::string(name))));
  return Presence::Present;
}

// product = token in front of "/" or a space: "kubectl/v1.30.0 (linux/amd64) kubernetes/..." is kubectl
Presence user_agent_family(const DerivedInput& in, Values& out) {
  const std::string_view agent = trim(in.event.text(FieldId::UserAgent));
  const std::string_view product = agent.substr(0, agent.find_first_of("/ (;,"));
  if (product.empty()) return Presence::Absent;
  out.push_back(Value::string(in.texts.keep(folded(product))));
  return Presence::Present;
}

Presence uri_path(const DerivedInput& in, Values& out) {
  for (const Value& uri : in.event.values(FieldId::RequestUri)) {
    out.push_back(Value::string(kept_decoded(uri.text.substr(0, uri.text.find('?')), false, in.texts)));
  }
  return out.empty() ? Presence::Absent : Presence::Present;
}

// query = pair *( "&" pair ), pair = name [ "=" value ], both encoded
Presence uri_query(const DerivedInput& in, std::string_view name, Values& out) {
  for (const Value& uri : in.event.values(FieldId::RequestUri)) {
    for (const std::string_view pair : split(query_of(uri.text), '&')) {
      const size_t equals = pair.find('=');
      if (pair.empty() || out.size() >= limits::kListValues) continue;
      if (!decodes_to(pair.substr(0, equals), name)) continue;
      const std::string_view value = equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
      out.push_back(Value::string(kept_decoded(value, true, in.texts)));
    }
  }
  if (out.size() >= limits::kListValues) return Presence::Unknown;
  return out.empty() ? Presence::Absent : Presence::Present;
}

Presence exec_command(const DerivedInput& in, Values& out) {
  if (in.event.text(FieldId::ObjectSubresource) != "exec") return Presence::Absent;
  Values words;
  const Presence presence = uri_query(in, "command", words);
  if (words.empty()) return presence;
  std::string command;
  for (const Value& word : words) command += (command.empty() ? "" : " ") + std::string(word.text);
  out.push_back(Value::string(in.texts.keep(std::move(command))));
  return presence;
}

// In the query (`dryRun=All`), and for deletions in the body (DeleteOptions). Only what the API server obeys counts: it
// drops pairs with a ';' or a bad escape, so that "dryRun=All;" writes.
Presence dry_run(const DerivedInput& in, Values& out) {
  Values asked;
  if (obeys_dry_run(in.event)) uri_query(in, "dryRun", asked);
  bool dry = false;
  for (const Value& v : asked) dry = dry || v.text == "All";
  const std::string_view verb = in.event.text(FieldId::Verb);
  if (!dry && (verb == "delete" || verb == "deletecollection")) {
    const BodyView body = in.bodies.request();
    if (!body && body.missing == Presence::Unknown) return Presence::Unknown;
    dry = body && has_dry_run_options(body);
  }
  out.push_back(Value::boolean(dry));
  return Presence::Present;
}

}  // namespace kubevigil
