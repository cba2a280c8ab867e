// EventFacts: what an alert says about one event, redacted and cut: actor, permission, source, target, request.
// Borrows the event and its fields for the duration of one call.
#pragma once

#include <string>
#include <string_view>

#include "engine/alert/alert.h"
#include "engine/alert/redaction.h"
#include "engine/event/field_lookup.h"

namespace kubevigil {

class EventFacts {
 public:
  EventFacts(const Event& event, FieldLookup& fields, const Redactor& redactor);

  void fill(Alert& alert) const;
  // Values of a field by its name, joined; "(none)" when there are none, "(unknown)" when the body is not there.
  std::string text(std::string_view name) const;

 private:
  void fill_actor(AlertActor& actor) const;
  void fill_request(Alert& alert) const;
  void fill_missing(Alert& alert) const;
  std::string first(FieldId id) const;
  std::vector<std::string> all(FieldId id) const;

  const Event& event_;
  FieldLookup& fields_;
  const Redactor& redactor_;
  std::string resource_;
};

// "pods/exec": resource and subresource as they stand in objectRef.
std::string full_resource(const Event& event);

}  // namespace kubevigil
