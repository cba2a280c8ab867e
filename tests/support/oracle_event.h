// What a field path finds in an audit event, as the oracle sees it: raw paths only, no derived fields, and the
// presence rules of design/rules.md 3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/oracle_json.h"

namespace kubevigil::oracle {

// Where a name starts: the event, or an element of an array block.
struct Place {
  const Json* node = nullptr;
  bool top = true;       // the event itself
  bool partial = false;  // inside a patch
  bool merges = false;   // inside a patch whose lists are merged with those of the object
  bool unclear = false;  // inside a JSON Patch that names an element in two ways: fields may have more than it shows
};

enum class Missing { Nothing, Partial, Unknown };

struct Found {
  std::shared_ptr<const Json> owner;   // of values that do not stand in the event itself (JSON Patch)
  std::vector<const Json*> values;     // scalars, nulls and objects; arrays are taken apart
  bool present = false;                // the key is there
  Missing missing = Missing::Nothing;  // of all values, or of some
};
Found find(const Place& place, const std::string& name);

struct FoundElements {
  std::shared_ptr<const Json> owner;
  std::vector<Place> elements;
  Missing missing = Missing::Nothing;
};
FoundElements find_elements(const Place& place, const std::string& name);

// Every scalar of the event that a keyword may stand in; unknown without the request's body.
Found all_values(const Json& event);

}  // namespace kubevigil::oracle
