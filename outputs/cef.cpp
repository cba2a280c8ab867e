// ArcSight Common Event Format, one record a line (usually behind a syslog header). Facts: "ArcSight Common Event
// Format Implementation Standard", version 0 and its extension dictionary.
//
//   record    = "CEF:0|kubevigil|kubevigil|" version "|" rule id "|" rule title "|" severity "|" extension
//   header    \ and | are written \\ and \|; no line ends
//   extension = key "=" value { " " key "=" value }; in values \ and = are written \\ and \=, line ends \n and \r
//
// Other control and hidden characters are made visible; each value has the length that the dictionary allows it.
// Later revisions: each is a record with the same cs5 (alert id), its revision in cn2 and its status in cs6.
#include <fmt/format.h>

#include "engine/base/network.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr size_t kIdBytes = 40, kHeaderBytes = 400, kTextBytes = 1000;

std::string header(std::string_view text) {
  std::string out;
  for (const char c : cut_to_bytes(printable(text), kHeaderBytes)) {
    if (c == '\\' || c == '|') out += '\\';
    out += c;
  }
  return out;
}

// Hidden characters made visible; line ends stay, as the format has a spelling for them.
std::string visible(std::string_view text) {
  std::string out;
  for (size_t begin = 0;;) {
    const size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    out += printable(text.substr(begin, end - begin));
    if (end == text.size()) return out;
    out += text[end];
    begin = end + 1;
  }
}

std::string extension(std::string_view text, size_t bytes) {
  std::string out;
  for (const char c : cut_to_bytes(visible(text), bytes)) {
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (c == '\\' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

class Extension {
 public:
  explicit Extension(std::string& out) : out_(out) {}

  Extension& text(std::string_view key, std::string_view value, size_t bytes = kTextBytes) {
    return value.empty() ? *this : raw(key, extension(value, bytes));
  }
  Extension& number(std::string_view key, int64_t value) { return raw(key, std::to_string(value)); }
  // One of the dictionary's own fields: a value and its name.
  Extension& labelled(std::string_view key, std::string_view label, std::string_view value) {
    return value.empty() ? *this : text(fmt::format("{}Label", key), label).text(key, value);
  }

 private:
  Extension& raw(std::string_view key, std::string_view value) {
    out_ += fmt::format("{}{}={}", first_ ? "" : " ", key, value);
    first_ = false;
    return *this;
  }

  std::string& out_;
  bool first_ = true;
};

void add_source(Extension& e, const Alert& a) {
  const auto address = parse_address(a.source.peer_ip);
  if (!address) return;
  if (a.source.peer_ip.find(':') == std::string::npos) {
    e.text("src", a.source.peer_ip);
  } else {
    e.labelled("c6a2", "Source IPv6 Address", a.source.peer_ip);
  }
}

std::string_view outcome_of(const Alert& a) {
  if (a.request.code == 0) return "";
  return a.request.code < 400 ? "success" : "failure";
}

class Cef : public Encoding {
 public:
  explicit Cef(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Lines, true, "text/plain; charset=utf-8"}; }

  void record(const Alert& a, std::string& out) const override {
    out += fmt::format("CEF:0|kubevigil|kubevigil|{}|{}|{}|{}|", header(options_.version), header(a.rule_id),
                       header(rule_title_of(a)), severity_of(a).cef);
    Extension e(out);
    e.number("rt", a.time.micros / 1000).number("start", a.first_seen.micros / 1000);
    e.number("end", a.last_seen.micros / 1000).number("cnt", static_cast<int64_t>(a.count));
    e.text("msg", a.message).text("suser", authenticated_user(a));
    if (!a.actor.impersonated_by.empty()) e.text("duser", a.actor.username);
    add_source(e, a);
    e.text("requestClientApplication", a.source.user_agent).text("request", a.request.uri);
    e.text("act", a.request.verb, 60).text("outcome", outcome_of(a)).text("cat", to_text(a.stage));
    e.labelled("cs1", "namespace", a.target.ns).labelled("cs2", "resource", resource_of(a));
    e.labelled("cs3", "name", a.target.name);
    e.labelled("cs4", "techniques", joined(techniques_of(a), ",", 16));
    e.labelled("cs5", "alertId", a.id).labelled("cs6", "alertStatus", to_text(a.status));
    if (a.request.code != 0) e.labelled("cn1", "responseCode", std::to_string(a.request.code));
    e.labelled("cn2", "alertRevision", std::to_string(a.revision));
    e.text("externalId", a.request.audit_id, kIdBytes).text("deviceExternalId", a.cluster, 255);
  }

 private:
  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_cef(const EncodingOptions& options) { return std::make_unique<Cef>(options); }

}  // namespace kubevigil
