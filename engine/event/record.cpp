#include "engine/event/record.h"

namespace kubevigil {

std::string_view to_text(BadReason reason) {
  switch (reason) {
    case BadReason::NotJson:
      return "not-json";
    case BadReason::Torn:
      return "torn";
    case BadReason::TooLong:
      return "too-long";
    case BadReason::NotAuditEvent:
      return "not-audit-event";
    case BadReason::WrappedTooDeep:
      return "wrapped-too-deep";
    case BadReason::CutOff:
      return "cut-off";
    case BadReason::Encoding:
      return "encoding";
    case BadReason::ForeignCluster:
      return "foreign-cluster";
    case BadReason::OtherLog:
      return "other-log";
  }
  return "";
}

}  // namespace kubevigil
