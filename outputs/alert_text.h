// Words that several encodings have for parts of an alert. None of them escapes: the caller does, for its medium.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run/output.h"

namespace kubevigil {

// The part of an alert's life that a revision tells of. What is told once (self-alerts of a moment) is closed in its
// first revision: New. Where only last revisions come (replay), each is New.
enum class Phase : uint8_t { New, Goes, Over, Withdrawn };
Phase phase_of(const Alert& alert);
Phase phase_of(const Alert& alert, const EncodingOptions& options);

// "pods/exec".
std::string resource_of(const Alert& alert);
// "pods/exec kube-system/web-0"; where there is no object, the path.
std::string object_of(const Alert& alert);
// The verb and the object.
std::string target_of(const Alert& alert);
// "bob as alice 203.0.113.7"; "-" for nobody.
std::string actor_of(const Alert& alert);
// The first `most` texts, and how many were left out: "a; b; 3 more".
std::string joined(std::span<const std::string> texts, std::string_view separator, size_t most = SIZE_MAX);
// Of each attack its technique, else its tactic: "T1552.007", "Stealth".
std::vector<std::string> techniques_of(const Alert& alert);
// What a chain shows, by time: "03:04:05 entry pod_exec by alice", "03:04:09 link entered: alice -> web-1 shop".
std::vector<std::string> chain_of(const Alert& alert);
// Title, else name, else id of the rule: never empty.
std::string rule_title_of(const Alert& alert);
// Whoever authenticated: the impersonator where there is one.
const std::string& authenticated_user(const Alert& alert);
// options.link with the alert's id behind it; "" without link.
std::string link_to(const Alert& alert, const EncodingOptions& options);
// "kubevigil" or options.host.
std::string host_of(const EncodingOptions& options);

}  // namespace kubevigil
