// What `replay --profile-rules` says: which rules and fields took the time (engine/match/match_profile.h). A table for
// people, and the whole of it as JSON, the dearest first.
//
//   evaluated   events for which the rule was walked, because no index had ruled it out: what a more telling first
//               field (verb, resource, user) brings down
//   bodies      of these, those that needed the request or response body
//   time        of the workers together, estimated from every 16th evaluation
#pragma once

#include <string>

#include "engine/base/json_writer.h"
#include "engine/match/match_profile.h"
#include "engine/rule/rule.h"

namespace kubevigil {

// Escaped; ends with a line feed.
std::string profile_text(const MatchProfile& profile, const RuleSet& rules);
// The members "rules" and "fields" of the object at hand.
void write_profile(JsonWriter& json, const MatchProfile& profile, const RuleSet& rules);

}  // namespace kubevigil
