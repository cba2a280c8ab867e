// Field groups: which fields are judged together, and by which parts of an event they are known. All fields of a group
// are functions of its key, so that what they decide about the rules is worked out once for each distinct key.
//
// Grouped are the fields whose values go together and are few together: what was asked and what came of it; who
// asked. The fewer keys an event has to look up, the better: a look-up costs about as much as two tests.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/event/field_ref.h"

namespace kubevigil {

enum class FieldGroup : uint8_t {
  None,  // nearly as many values as events: remembering what each decides costs more than deciding
  What,  // verb, resource, outcome
  Who,   // names of users
  Groups,
  Agent,
  Address,
  Annotations,  // few of those that rules ask for are on any event
  Alone,        // a group of its own
};

FieldGroup group_of(const FieldRef& field);

// A group that is judged together with what another group decides, although its own fields decide it: a rule says
// "that user or that group", and only both tell. Itself: none.
FieldGroup judged_with(FieldGroup group);

// The envelope fields that the field is a function of. Empty: of its own values only (maps, and what is derived from
// them). REQUIRES: group_of(field) is not None.
std::vector<FieldId> sources_of(const FieldRef& field);

}  // namespace kubevigil
