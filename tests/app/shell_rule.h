// A rule that the tests of serve load: somebody runs a shell in a pod.
#pragma once

namespace kubevigil {

inline constexpr const char* kShellRule = R"(
title: Shell
id: 11111111-1111-4111-8111-111111111111
name: shell
level: high
logsource: {product: kubernetes, service: audit}
detection: {sel: {objectRef.subresource: exec}, condition: sel}
)";

}  // namespace kubevigil
