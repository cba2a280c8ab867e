// The JSON of /api/v1. Members have the names of admin_view.h and are all there, but for times that are not known;
// texts are escaped, times are RFC 3339.
#pragma once

#include <string>
#include <vector>

#include "engine/app/admin_view.h"

namespace kubevigil {

std::string to_json(const AdminStatus& status);
std::string to_json(const std::vector<AdminRule>& rules);         // {"rules":[...]}
std::string to_json(const AdminSources& sources);                 // {"senders":[...],"strangers":[...], ...}
std::string to_json(const std::vector<RecentAlert>& alerts);      // {"alerts":[kubevigil.alert/v1, ...]}
std::string problem_json(int status, const std::string& detail);  // {"status":400,"detail":"..."}

}  // namespace kubevigil
