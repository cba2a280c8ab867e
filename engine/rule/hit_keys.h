// Keys of the `kubevigil:` mapping that value_count, value_sum and chain share:
//
//   hits         {min-level: low}: all rules of that level and above are read, whether `rules` names them or not
//   require-any  value_count, chain: one of these values must be among those that count
//   raise        value_count, chain: [{gte: 4, level: critical}], the level of the alert from that many on
#pragma once

#include "engine/rule/map_reader.h"

namespace kubevigil {

// Fill the correlation of the draft. Codes: bad-value, unknown-key.
void read_hits(MapReader& map, RuleContext& context);
void read_require_and_raise(MapReader& map, RuleContext& context);

}  // namespace kubevigil
