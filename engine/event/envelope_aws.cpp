// Amazon EKS: CloudWatch Logs in all its forms.
//
//   subscription   {"messageType":"DATA_MESSAGE","owner","logGroup":"/aws/eks/<cluster>/cluster","logStream",
//                   "subscriptionFilters":[],"logEvents":[{"id","timestamp":ms,"message":"<event>"}]}
//   Lambda         {"awslogs":{"data":"<base64 of gzip of the above>"}}
//   Kinesis        {"Records":[{"kinesis":{"data":"<base64 ...>"}}]}, cut by the splitter
//   Firehose       {"requestId","timestamp":ms,"records":[{"data":"<base64 ...>"}]}, cut by the splitter
//   Firehose to S3 gzip members and documents one behind the other, without separators (the splitter's business)
//   Insights, CLI  {"events":[{"timestamp":ms,"message","ingestionTime":ms,"logStreamName"}]}
//
// One group carries all control plane logs; the audit streams are named kube-apiserver-audit-<hash>. A message that
// is too long ends with the text "[Truncated...]".
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kGroupPrefix = "/aws/eks/";
constexpr std::string_view kGroupSuffix = "/cluster";

bool is_audit_stream(std::string_view stream) { return stream.find("kube-apiserver-audit") != std::string_view::npos; }

void read_group(std::string_view group, std::string_view stream, Context& context) {
  if (group.starts_with(kGroupPrefix) && group.ends_with(kGroupSuffix) &&
      group.size() > kGroupPrefix.size() + kGroupSuffix.size()) {
    context.cluster = group.substr(kGroupPrefix.size(), group.size() - kGroupPrefix.size() - kGroupSuffix.size());
  }
  if (!stream.empty() && !is_audit_stream(stream)) context.other_log = true;
}

// Lambda, Kinesis, Firehose: base64 in a member; JsonNode::kNone when there is none.
uint32_t coded_member(const Document& d) {
  for (const auto& path : {std::initializer_list<std::string_view>{"awslogs", "data"}, {"kinesis", "data"}, {"data"}}) {
    const uint32_t node = at(d, path);
    if (is(d.tree, node, ValueType::String)) return node;
  }
  return JsonNode::kNone;
}

}  // namespace

void read_aws_wrapper(const Document& d, Context& context) {
  const std::string_view type = text_at(d, {"messageType"});
  if (type.empty() && !has(d, "logEvents")) return;
  enter(EnvelopeKind::CloudWatch, context);
  if (type == "CONTROL_MESSAGE") context.other_log = true;
  read_group(text_at(d, {"logGroup"}), text_at(d, {"logStream"}), context);
}

bool unwrap_aws(const Document& d, Context& context, Unwrapped& out) {
  if (const uint32_t data = coded_member(d); data != JsonNode::kNone && !has(d, "specversion")) {
    enter(EnvelopeKind::CloudWatch, context);
    unwrap_base64(d.tree[data].value.text, context, out);
    return true;
  }
  const uint32_t message = at(d, {"message"});
  const bool cli = has(d, "ingestionTime") || has(d, "logStreamName") || has(d, "log_group");
  if (!is(d.tree, message, ValueType::String) || (context.kind != EnvelopeKind::CloudWatch && !cli)) return false;
  enter(EnvelopeKind::CloudWatch, context);
  if (auto time = usual_time(d)) context.time = time;
  const std::string_view stream = text_at(d, {"logStreamName"});
  read_group(text_at(d, {"log_group"}), stream.empty() ? text_at(d, {"log_stream"}) : stream, context);
  if (context.other_log) {
    add_problem(BadReason::OtherLog, "a CloudWatch message that is not of the audit log", out);
  } else {
    unwrap_payload(d.tree[message].value.text, context, out);
  }
  return true;
}

}  // namespace kubevigil::envelope
