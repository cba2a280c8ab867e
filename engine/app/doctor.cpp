#include "engine/app/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/json_writer.h"
#include "engine/base/level.h"
#include "engine/base/terminal.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::Ok ? "ok" : verdict == Verdict::Warn ? "warn" : "fail";
}

std::string_view color_of(Verdict verdict) {
  return verdict == Verdict::Ok     ? kColorDim
         : verdict == Verdict::Warn ? level_color(Level::Medium)
                                    : level_color(Level::Critical);
}

}  // namespace

bool Findings::failed() const {
  return std::ranges::any_of(all_, [](const Finding& f) { return f.verdict == Verdict::Fail; });
}

std::string findings_as_text(const Findings& findings, bool color) {
  std::string out;
  size_t counts[3] = {};
  for (const Finding& finding : findings.all()) {
    ++counts[static_cast<size_t>(finding.verdict)];
    const std::string verdict = fmt::format("{:<4}", name_of(finding.verdict));
    out += color ? fmt::format("{}{}{}", color_of(finding.verdict), verdict, kColorReset) : verdict;
    out += fmt::format("  {:<10}  {}\n", finding.check, printable(finding.what));
    if (!finding.mend.empty()) out += fmt::format("{:18}-> {}\n", "", printable(finding.mend));
  }
  return out + fmt::format("{} ok, {} to look at, {} failed\n", counts[0], counts[1], counts[2]);
}

std::string findings_as_json(const Findings& findings) {
  JsonWriter json;
  json.begin_array();
  for (const Finding& finding : findings.all()) {
    json.begin_object().member("verdict", name_of(finding.verdict)).member("check", finding.check);
    json.member("what", finding.what).optional("mend", finding.mend).end_object();
  }
  return json.end_array().text() + '\n';
}

std::string certificate_advice(const std::string& why, const std::string& host) {
  struct Advice {
    std::string_view part, advice;
  };
  // X509_verify_cert_error_string(3).
  static constexpr Advice kAdvice[] = {
      {"hostname mismatch",
       "issue the server's certificate with the alternative name DNS:{0}, or use a name that it has"},
      {"IP address mismatch",
       "issue the server's certificate with the alternative name IP:{0}, or use a name that it has"},
      {"has expired", "renew the server's certificate; kubevigil takes up the new file by itself"},
      {"not yet valid", "look at the clocks of both machines, or wait"},
      {"local issuer",
       "the authority that is trusted here is not the one that signed the server's certificate: put that "
       "one there, and intermediates behind the server's certificate"},
      {"self-signed", "trust the authority that signed the server's certificate"},
      {"self signed", "trust the authority that signed the server's certificate"},
  };
  for (const Advice& entry : kAdvice) {
    if (why.find(entry.part) != std::string::npos) return fmt::format(fmt::runtime(entry.advice), host);
  }
  return "openssl s_client -connect shows the chain that the server sends";
}

}  // namespace kubevigil
