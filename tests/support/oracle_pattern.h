// One value of a Sigma selection as the oracle sees it: `field|modifiers: value` asks each value of the field this.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/oracle_json.h"

namespace kubevigil::oracle {

using Modifiers = std::vector<std::string>;
bool has(const Modifiers& modifiers, const std::string& name);

// Values behind %name%, for `expand`.
using Lists = std::map<std::string, std::vector<std::string>>;

// True for the JSON values that satisfy the pattern. `plain` says that the pattern was written without quotes.
// Takes every modifier but expand, exists, fieldref, all and neq, which are not about one value. Several spellings of
// one value (base64offset, windash) are alternatives, also under all.
std::function<bool(const Json&)> pattern_of(const std::string& text, bool plain, const Modifiers& modifiers);
// The text with each %name% replaced by each value of that list.
std::vector<std::string> expanded(const std::string& text, const Lists& lists);

// fieldref: are two values of fields the same?
bool same_value(const Json& a, const Json& b, bool cased);

}  // namespace kubevigil::oracle
