// One native event with every member, and the wrappers that several tests put around it.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/text.h"

namespace kubevigil::test {

inline const std::string kEvent =
    R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"7f0c","stage":"ResponseComplete",)"
    R"("requestURI":"/api/v1/namespaces/dev/secrets/db\u003cx","verb":"update","user":{"username":"alice","uid":"u-1",)"
    R"("groups":["dev","system:authenticated"],"extra":{"k":["v"]}},"sourceIPs":["10.0.0.1"],"userAgent":"kubectl/v1.30",)"
    R"("objectRef":{"resource":"secrets","namespace":"dev","name":"db","apiVersion":"v1"},)"
    R"("responseStatus":{"metadata":{},"code":200},"requestObject":{"kind":"Secret","data":{"a":"\"q\"\n{"}},)"
    R"("responseObject":{"kind":"Secret","metadata":{"name":"db"}},)"
    R"("requestReceivedTimestamp":"2024-05-01T10:00:00.000001Z","stageTimestamp":"2024-05-01T10:00:00.000002Z",)"
    R"("annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: \"x\""}})";

inline std::string json_string(std::string_view text) { return "\"" + json_escaped(text) + "\""; }

inline std::string cloudwatch(std::string_view message) {
  return R"({"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/eks/prod/cluster","logStream":"kube-apiserver-audit-0a",)"
         R"("subscriptionFilters":["f"],"logEvents":[{"id":"3","timestamp":1714557600123,"message":)" +
         json_string(message) + "}]}";
}

inline std::string azure_record(std::string_view log) {
  return R"({"time":"2025-10-07T16:19:19.64Z","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AKS1",)"
         R"("operationName":"x","category":"kube-audit","properties":{"log":)" +
         std::string(log) + R"(,"stream":"stdout","pod":"kube-apiserver-1"}})";
}

}  // namespace kubevigil::test
