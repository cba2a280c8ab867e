#include "engine/net/reply_text.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <ctime>

namespace kubevigil {
namespace {

// IMF-fixdate, RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"; not strftime, which speaks the user's language.
std::string http_date(Timestamp now) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = now.micros / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string reply_text(const HttpReply& reply, bool keep_alive, bool head_only, Timestamp now) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(reply.status));
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", reply.status,
                                 fmt::string_view(reason.data(), reason.size()), http_date(now));
  for (const HttpHeader& header : reply.headers) {
    if (is_sendable(header)) text += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (reply.status != 204 && reply.status != 304) text += fmt::format("Content-Length: {}\r\n", reply.body.size());
  if (!keep_alive) text += "Connection: close\r\n";
  text += "\r\n";
  if (!head_only && reply.status != 204 && reply.status != 304) text += reply.body;
  return text;
}

}  // namespace kubevigil
