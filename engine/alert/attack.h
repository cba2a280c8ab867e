// The MITRE ATT&CK names that alerts carry: tactics and the techniques that Kubernetes rules use, version 19
// (April 2026). One table, here; tags of older versions are translated (T1562 -> T1685, "defense-evasion" -> Stealth).
// Source of facts: https://attack.mitre.org/resources/updates/updates-april-2026/ and the technique pages.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alert/alert.h"

namespace kubevigil {

inline constexpr std::string_view kAttackVersion = "19";

struct AttackTactic {
  std::string_view slug, id, name;  // "stealth", "TA0005", "Stealth"
};
struct AttackTechnique {
  std::string_view id, name;
  std::string_view tactics;  // slugs, separated by one space; the first is the usual one
};

std::span<const AttackTactic> attack_tactics();
std::span<const AttackTechnique> attack_techniques();
// The id of version 19 for one of any version: "T1562.008" -> "T1685.002"; others as they are.
std::string_view current_technique(std::string_view id);

// Sigma tags ("attack.t1552.007", "attack.credential-access", "attack.ta0006") to pairs of tactic and technique. A
// technique takes the tactic that the rule names and the table allows, else its usual one; tactics that no technique
// took stand alone. Unknown techniques keep their id without a name. Other tags are passed over.
std::vector<AlertAttack> attack_of_tags(const std::vector<std::string>& tags);

}  // namespace kubevigil
