// CSV after RFC 4180: header line, CRLF, every cell quoted. Cells that a spreadsheet would run as a formula (first
// character = + - @, full-width or not, tab or return; OWASP "CSV Injection"), with blanks in front of it or not, get
// an apostrophe in front; control characters are escaped.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

// Blanks that a spreadsheet may trim, and what it then takes for the beginning of a formula.
constexpr std::array<std::string_view, 2> kBlanks = {" ", "\u00A0"};
constexpr std::array<std::string_view, 10> kFormulas = {"=",  "+",      "-",      "@",      "\t",
                                                        "\r", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

bool is_formula(std::string_view text) {
  const auto begins = [&](std::string_view sign) { return text.starts_with(sign); };
  for (auto blank = kBlanks.begin(); blank != kBlanks.end();) {
    blank = std::find_if(kBlanks.begin(), kBlanks.end(), begins);
    if (blank != kBlanks.end()) text.remove_prefix(blank->size());
  }
  return std::any_of(kFormulas.begin(), kFormulas.end(), begins);
}

std::string cell(std::string_view text) {
  std::string out = is_formula(text) ? "\"'" : "\"";
  for (const char c : printable(text)) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string place(const Alert& alert) {
  if (alert.events.empty()) return {};
  return fmt::format("{}:{}", alert.events.front().file, alert.events.front().line);
}

constexpr std::string_view kHeader =
    "id,time,first_seen,last_seen,count,level,stage,rule,title,message,cluster,user,impersonated_by,groups,pod,"
    "peer_ip,user_agent,verb,resource,subresource,namespace,name,code,decision,binding,audit_id,attack,values,"
    "first_event,missing,status,state_since\r\n";

class Csv : public Encoding {
 public:
  Format format() const override { return {Framing::Document, true, "text/csv; charset=utf-8"}; }
  void heading(std::string& out) const override { out += kHeader; }
  void nothing(std::string& out) const override { out += kHeader; }

  void record(const Alert& a, std::string& out) const override {
    const std::array<std::string, 32> cells = {a.id,
                                               format_rfc3339(a.time),
                                               format_rfc3339(a.first_seen),
                                               format_rfc3339(a.last_seen),
                                               std::to_string(a.count),
                                               std::string(to_text(a.level)),
                                               std::string(to_text(a.stage)),
                                               a.rule_name,
                                               a.rule_title,
                                               a.message,
                                               a.cluster,
                                               a.actor.username,
                                               a.actor.impersonated_by,
                                               joined(a.actor.groups, "; "),
                                               a.actor.pod,
                                               a.source.peer_ip,
                                               a.source.user_agent,
                                               a.request.verb,
                                               a.target.resource,
                                               a.target.subresource,
                                               a.target.ns,
                                               a.target.name,
                                               a.request.code == 0 ? "" : std::to_string(a.request.code),
                                               a.permission.decision,
                                               a.permission.binding,
                                               a.request.audit_id,
                                               joined(techniques_of(a), "; "),
                                               joined(a.values, "; "),
                                               place(a),
                                               joined(a.missing, "; "),
                                               std::string(to_text(a.status)),
                                               a.state_since ? format_rfc3339(*a.state_since) : ""};
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += ',';
      out += cell(cells[i]);
    }
    out += '\r';  // the line feed is the framing's
  }
};

}  // namespace

std::unique_ptr<Encoding> make_csv(const EncodingOptions&) { return std::make_unique<Csv>(); }

}  // namespace kubevigil
