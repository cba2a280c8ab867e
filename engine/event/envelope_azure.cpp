// Azure AKS: diagnostic records of Event Hubs, Storage and Log Analytics.
//
//   {"records":[{"time","resourceId":"/SUBSCRIPTIONS/../MANAGEDCLUSTERS/<cluster>","category":"kube-audit",
//                "properties":{"log":"<event>\n" or {event},"stream","pod","containerID"}}]}
// The list is cut by the splitter; one record alone occurs too. The categories kube-audit and kube-audit-admin are
// ours; all others share the hub and are stepped over. Storage cuts `log` at 16 KiB, Log Analytics at 32,766 bytes.
#include "engine/base/text.h"
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

// The last segment: the name of the cluster.
std::string_view cluster_of(std::string_view resource_id) {
  constexpr std::string_view kKind = "/managedclusters/";
  const size_t at = folded(resource_id).rfind(kKind);
  return at == std::string_view::npos ? std::string_view{} : resource_id.substr(at + kKind.size());
}

void read_common(const Document& d, Context& context) {
  if (auto time = usual_time(d)) context.time = time;
  std::string_view id = text_at(d, {"resourceId"});
  if (id.empty()) id = text_at(d, {"_ResourceId"});
  if (const auto cluster = cluster_of(id); !cluster.empty()) context.cluster = cluster;
}

}  // namespace

void read_azure_wrapper(const Document& d, Context& context) {
  if (has(d, "resourceId")) read_common(d, context);
}

bool unwrap_azure(const Document& d, Context& context, Unwrapped& out) {
  std::string_view category = text_at(d, {"category"});
  if (category.empty()) category = text_at(d, {"Category"});
  uint32_t log = at(d, {"properties", "log"});
  if (log == JsonNode::kNone) log = at(d, {"log_s"});
  if (category.empty() || (log == JsonNode::kNone && !has(d, "properties"))) return false;
  enter(category == "kube-audit-admin" ? EnvelopeKind::AksAdmin : EnvelopeKind::Aks, context);
  read_common(d, context);
  if (!category.starts_with("kube-audit")) {
    add_problem(BadReason::OtherLog, "an Azure record of another category", out);
  } else if (log == JsonNode::kNone) {
    add_problem(BadReason::NotAuditEvent, "an Azure kube-audit record without properties.log", out);
  } else {
    unwrap_member(d, log, context, out);
  }
  return true;
}

}  // namespace kubevigil::envelope
