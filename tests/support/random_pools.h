// Values that random rules and random events share.
#pragma once

#include <string>
#include <vector>

namespace kubevigil::pools {

using Pool = std::vector<std::string>;

inline const Pool kVerbs = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"};
inline const Pool kLevels = {"Metadata", "Request", "RequestResponse"};
inline const Pool kStages = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"};
inline const Pool kUsers = {"alice",
                            "Alice",
                            "system:anonymous",
                            "system:serviceaccount:default:web",
                            "system:serviceaccount:kube-system:proxy",
                            "b\xC3\xBC"
                            "cher"};
inline const Pool kGroups = {"system:masters", "system:authenticated", "dev", "Ops"};
inline const Pool kResources = {"pods", "secrets", "configmaps", "deployments"};
inline const Pool kSubresources = {"exec", "log", "status", "token"};
inline const Pool kNamespaces = {"default", "kube-system", "prod"};
inline const Pool kNames = {"web-1",
                            "web-2",
                            "Web-1",
                            "a*b",
                            "x?y",
                            "c:\\temp",
                            "200",
                            "b\xC3\xBC"
                            "cher"};
inline const Pool kAgents = {"kubectl/v1.30", "curl/8.1", "Mozilla/5.0", "kubelet/v1.29"};
inline const Pool kAddresses = {"10.0.0.1", "10.1.2.3", "192.168.1.9", "fd00::1", "2001:db8::7", "::ffff:10.0.0.9"};
inline const Pool kNetworks = {"10.0.0.0/8", "10.0.0.0/24", "192.168.0.0/16", "fd00::/8", "2001:db8::/32", "::/0"};
inline const Pool kCodes = {"200", "201", "403", "404", "500"};
inline const Pool kDecisions = {"allow", "forbid"};
inline const Pool kImages = {"nginx", "Nginx:1.25", "docker.io/xmrig:latest", "busybox", "registry.local/app:1"};
// Plain, encoded ("curl http://evil", "sh" in UTF-16 of three kinds, in base64) and with dashes of several scripts.
inline const Pool kArgs = {"-c",
                           "sh",
                           "curl http://evil",
                           "Y3VybCBodHRwOi8vZXZpbA==",
                           "eGN1cmwgaHR0cDovL2V2aWw=",
                           "eHhjdXJsIGh0dHA6Ly9ldmls",
                           "//5zAGgA",
                           "cwBoAA==",
                           "run /c whoami",
                           "run \xE2\x80\x93"
                           "c whoami",
                           "run -c whoami"};
// JSON escapes of "sh" as UTF-16, little and big endian.
inline const Pool kWideArgs = {R"(s\u0000h\u0000)", R"(\u0000s\u0000h)"};
inline const Pool kLabels = {"web", "db", "Web"};
inline const Pool kNumbers = {"0", "1", "3", "10", "2.5"};

}  // namespace kubevigil::pools
