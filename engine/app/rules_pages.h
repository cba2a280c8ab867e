// Pages about rules, made from what is loaded: the catalogue, the coverage of threats, a layer for the ATT&CK
// Navigator. Those of the built-in pack are kept beside it (detections/CATALOGUE.md, COVERAGE.md); a test holds them
// against it.
#pragma once

#include <string>

#include "engine/app/threats.h"
#include "engine/rule/rule.h"

namespace kubevigil {

// Markdown: by folder, every rule that alerts, and the names of those that are only read.
std::string catalogue_page(const RuleSet& rules);

// Markdown: every threat with the rules that look for it, the audit level that they need, and what cannot be seen;
// every idea with its rules, or why there is none.
std::string coverage_page(const RuleSet& rules, const Threats& threats);

// JSON: a layer of format 4.5 (github.com/mitre-attack/attack-navigator, layers/spec/v4.5). The score of a technique or
// sub-technique is the number of alerting rules that name it, its comment their names.
std::string navigator_layer(const RuleSet& rules);

// `text` for a cell of a Markdown table.
std::string cell(std::string_view text);
// Ids of the techniques that a rule's tags name, without repetition: "T1611", "T1552.007".
std::vector<std::string> techniques_of(const Rule& rule);

}  // namespace kubevigil
