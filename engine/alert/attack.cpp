#include "engine/alert/attack.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::array<AttackTactic, 15> kTactics = {{
    {"reconnaissance", "TA0043", "Reconnaissance"},
    {"resource-development", "TA0042", "Resource Development"},
    {"initial-access", "TA0001", "Initial Access"},
    {"execution", "TA0002", "Execution"},
    {"persistence", "TA0003", "Persistence"},
    {"privilege-escalation", "TA0004", "Privilege Escalation"},
    {"stealth", "TA0005", "Stealth"},
    {"defense-impairment", "TA0112", "Defense Impairment"},
    {"credential-access", "TA0006", "Credential Access"},
    {"discovery", "TA0007", "Discovery"},
    {"lateral-movement", "TA0008", "Lateral Movement"},
    {"collection", "TA0009", "Collection"},
    {"command-and-control", "TA0011", "Command and Control"},
    {"exfiltration", "TA0010", "Exfiltration"},
    {"impact", "TA0040", "Impact"},
}};

constexpr std::array<AttackTechnique, 72> kTechniques = {{
    {"T1003", "OS Credential Dumping", "credential-access"},
    {"T1020", "Automated Exfiltration", "exfiltration"},
    {"T1036", "Masquerading", "stealth"},
    {"T1036.005", "Masquerading: Match Legitimate Resource Name or Location", "stealth"},
    {"T1040", "Network Sniffing", "credential-access discovery"},
    {"T1046", "Network Service Discovery", "discovery"},
    {"T1053.003", "Scheduled Task/Job: Cron", "execution persistence privilege-escalation"},
    {"T1053.007", "Scheduled Task/Job: Container Orchestration Job", "execution persistence privilege-escalation"},
    {"T1055", "Process Injection", "privilege-escalation stealth"},
    {"T1059", "Command and Scripting Interpreter", "execution"},
    {"T1059.004", "Command and Scripting Interpreter: Unix Shell", "execution"},
    {"T1068", "Exploitation for Privilege Escalation", "privilege-escalation"},
    {"T1069", "Permission Groups Discovery", "discovery"},
    {"T1069.003", "Permission Groups Discovery: Cloud Groups", "discovery"},
    {"T1070", "Indicator Removal", "stealth"},
    {"T1071", "Application Layer Protocol", "command-and-control"},
    {"T1078", "Valid Accounts", "initial-access persistence privilege-escalation stealth"},
    {"T1078.001", "Valid Accounts: Default Accounts", "initial-access persistence privilege-escalation stealth"},
    {"T1078.004", "Valid Accounts: Cloud Accounts", "initial-access persistence privilege-escalation stealth"},
    {"T1087.004", "Account Discovery: Cloud Account", "discovery"},
    {"T1090", "Proxy", "command-and-control"},
    {"T1090.003", "Proxy: Multi-hop Proxy", "command-and-control"},
    {"T1098", "Account Manipulation", "persistence privilege-escalation"},
    {"T1098.006", "Account Manipulation: Additional Container Cluster Roles", "persistence privilege-escalation"},
    {"T1105", "Ingress Tool Transfer", "command-and-control"},
    {"T1110", "Brute Force", "credential-access"},
    {"T1110.001", "Brute Force: Password Guessing", "credential-access"},
    {"T1133", "External Remote Services", "initial-access persistence"},
    {"T1136", "Create Account", "persistence"},
    {"T1136.001", "Create Account: Local Account", "persistence"},
    {"T1190", "Exploit Public-Facing Application", "initial-access"},
    {"T1195", "Supply Chain Compromise", "initial-access"},
    {"T1204.003", "User Execution: Malicious Image", "execution"},
    {"T1210", "Exploitation of Remote Services", "lateral-movement"},
    {"T1213", "Data from Information Repositories", "collection"},
    {"T1485", "Data Destruction", "impact"},
    {"T1486", "Data Encrypted for Impact", "impact"},
    {"T1489", "Service Stop", "impact"},
    {"T1496", "Resource Hijacking", "impact"},
    {"T1496.001", "Resource Hijacking: Compute Hijacking", "impact"},
    {"T1498", "Network Denial of Service", "impact"},
    {"T1499", "Endpoint Denial of Service", "impact"},
    {"T1525", "Implant Internal Image", "persistence"},
    {"T1528", "Steal Application Access Token", "credential-access"},
    {"T1530", "Data from Cloud Storage", "collection"},
    {"T1531", "Account Access Removal", "impact"},
    {"T1543.005", "Create or Modify System Process: Container Service", "persistence privilege-escalation"},
    {"T1546", "Event Triggered Execution", "privilege-escalation persistence"},
    {"T1550", "Use Alternate Authentication Material", "lateral-movement stealth"},
    {"T1550.001", "Use Alternate Authentication Material: Application Access Token", "lateral-movement stealth"},
    {"T1552", "Unsecured Credentials", "credential-access"},
    {"T1552.001", "Unsecured Credentials: Credentials In Files", "credential-access"},
    {"T1552.004", "Unsecured Credentials: Private Keys", "credential-access"},
    {"T1552.005", "Unsecured Credentials: Cloud Instance Metadata API", "credential-access"},
    {"T1552.007", "Unsecured Credentials: Container API", "credential-access"},
    {"T1557", "Adversary-in-the-Middle", "credential-access collection"},
    {"T1564", "Hide Artifacts", "stealth"},
    {"T1565.001", "Data Manipulation: Stored Data Manipulation", "impact"},
    {"T1588.002", "Obtain Capabilities: Tool", "resource-development"},
    {"T1595", "Active Scanning", "reconnaissance"},
    {"T1595.003", "Active Scanning: Wordlist Scanning", "reconnaissance"},
    {"T1606", "Forge Web Credentials", "credential-access"},
    {"T1609", "Container Administration Command", "execution"},
    {"T1610", "Deploy Container", "execution stealth"},
    {"T1611", "Escape to Host", "privilege-escalation"},
    {"T1612", "Build Image on Host", "stealth"},
    {"T1613", "Container and Resource Discovery", "discovery"},
    {"T1649", "Steal or Forge Authentication Certificates", "credential-access"},
    {"T1685", "Disable or Modify Tools", "defense-impairment"},
    {"T1685.002", "Disable or Modify Tools: Disable or Modify Cloud Log", "defense-impairment"},
    {"T1686", "Disable or Modify System Firewall", "defense-impairment"},
    {"T1686.001", "Disable or Modify System Firewall: Cloud Firewall", "defense-impairment"},
}};

struct Renamed {
  std::string_view old_name, new_name;
};
constexpr std::array<Renamed, 5> kRevoked = {{
    {"T1562", "T1685"},
    {"T1562.001", "T1685"},
    {"T1562.004", "T1686"},
    {"T1562.007", "T1686.001"},
    {"T1562.008", "T1685.002"},
}};

// "T1552.007" from "t1552.007"; "" when it is not the shape of a technique.
std::string technique_id(std::string_view tag) {
  const auto digits = [&](size_t from, size_t to) {
    return std::all_of(tag.begin() + static_cast<long>(from), tag.begin() + static_cast<long>(to),
                       [](char c) { return c >= '0' && c <= '9'; });
  };
  if ((tag.size() != 5 && tag.size() != 9) || fold(tag[0]) != 't' || !digits(1, 5)) return {};
  if (tag.size() == 9 && (tag[5] != '.' || !digits(6, 9))) return {};
  return "T" + std::string(tag.substr(1));
}

const AttackTactic* find_tactic(std::string_view tag) {
  std::string slug = folded(tag);
  std::replace(slug.begin(), slug.end(), '_', '-');
  if (slug == "defense-evasion") slug = "stealth";  // renamed by version 19
  for (const AttackTactic& tactic : kTactics) {
    if (tactic.slug == slug || equals_folded(tactic.id, slug)) return &tactic;
  }
  return nullptr;
}

const AttackTechnique* find_technique(std::string_view id) {
  for (const AttackTechnique& technique : kTechniques) {
    if (technique.id == id) return &technique;
  }
  return nullptr;
}

// The tactic under which to show `technique`: one that the rule names, else the usual one.
const AttackTactic* choose_tactic(const AttackTechnique& technique, const std::vector<const AttackTactic*>& named) {
  const auto slugs = split(technique.tactics, ' ');
  for (const AttackTactic* tactic : named) {
    if (std::find(slugs.begin(), slugs.end(), tactic->slug) != slugs.end()) return tactic;
  }
  return find_tactic(slugs.front());
}

AlertAttack pair_of(const AttackTactic* tactic, std::string_view technique_id, std::string_view technique) {
  AlertAttack attack;
  if (tactic != nullptr) {
    attack.tactic_id = tactic->id;
    attack.tactic = tactic->name;
  }
  attack.technique_id = technique_id;
  attack.technique = technique;
  return attack;
}

}  // namespace

std::span<const AttackTactic> attack_tactics() { return kTactics; }
std::span<const AttackTechnique> attack_techniques() { return kTechniques; }

std::string_view current_technique(std::string_view id) {
  for (const Renamed& r : kRevoked) {
    if (r.old_name == id) return r.new_name;
  }
  return id;
}

std::vector<AlertAttack> attack_of_tags(const std::vector<std::string>& tags) {
  std::vector<const AttackTactic*> tactics;
  std::vector<std::string> techniques;
  for (const std::string& tag : tags) {
    if (!tag.starts_with("attack.")) continue;
    const std::string_view name = std::string_view(tag).substr(7);
    if (const std::string id = technique_id(name); !id.empty()) {
      techniques.emplace_back(current_technique(id));
    } else if (const AttackTactic* tactic = find_tactic(name)) {
      tactics.push_back(tactic);
    }
  }
  std::vector<AlertAttack> attacks;
  for (const std::string& id : techniques) {
    const AttackTechnique* technique = find_technique(id);
    if (technique == nullptr) {
      attacks.push_back(pair_of(tactics.empty() ? nullptr : tactics.front(), id, ""));
    } else {
      attacks.push_back(pair_of(choose_tactic(*technique, tactics), id, technique->name));
    }
  }
  for (const AttackTactic* tactic : tactics) {
    const bool shown =
        std::any_of(attacks.begin(), attacks.end(), [&](const AlertAttack& a) { return a.tactic_id == tactic->id; });
    if (!shown) attacks.push_back(pair_of(tactic, "", ""));
  }
  return attacks;
}

}  // namespace kubevigil
