// alert_from_json: the way back from to_json (alert.h), for what keeps alerts as text: the journal's entries, from
// which sinks encode. to_json(*alert_from_json(to_json(a))) == to_json(a), byte for byte. Members that this version
// does not know are passed over, missing ones keep their defaults; an error when the text is not a JSON object of the
// schema kubevigil.alert/v1 or a member has another type. Pure; any thread.
#pragma once

#include <string_view>

#include "engine/alert/alert.h"
#include "engine/base/result.h"

namespace kubevigil {

Result<Alert> alert_from_json(std::string_view json);

}  // namespace kubevigil
