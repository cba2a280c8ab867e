// An event that opens one alert of the built-in rules.
#pragma once

#include <fmt/format.h>

#include <string>

#include "engine/base/timestamp.h"

namespace kubevigil::e2e {

// Somebody new runs a shell in a pod each time: one alert each.
inline std::string exec_event(int n, int who = 0) {
  const std::string time = format_rfc3339({(1'767'312'000 + n) * 1'000'000LL});
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"00000000-0000-4000-8000-{0:012}",)"
      R"("stage":"ResponseComplete","requestURI":"/api/v1/namespaces/default/pods/p/exec?command=sh","verb":"create",)"
      R"("user":{{"username":"eve{2}","groups":["system:authenticated"]}},"sourceIPs":["10.0.0.9"],"userAgent":"kubectl",)"
      R"("objectRef":{{"resource":"pods","namespace":"default","name":"p","apiVersion":"v1","subresource":"exec"}},)"
      R"("responseStatus":{{"code":101}},"requestReceivedTimestamp":"{1}","stageTimestamp":"{1}"}})"
      "\n",
      n, time, who == 0 ? n : who);
}

}  // namespace kubevigil::e2e
