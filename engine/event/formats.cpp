#include "engine/event/formats.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr size_t kLongest = 256;  // bytes of KEY, MEMBER and TEXT each
constexpr size_t kMostProof = 8;
constexpr size_t kMostFormats = 32;

constexpr uint32_t bits(std::initializer_list<EnvelopeKind> kinds) {
  uint32_t out = 0;
  for (const EnvelopeKind kind : kinds) out |= 1u << static_cast<unsigned>(kind);
  return out;
}
static_assert(kEnvelopeKindCount <= 32);

using enum EnvelopeKind;
constexpr bool kKeyed = true;

constexpr FormatInfo kTable[] = {
    {"native", "audit.k8s.io events, lists and arrays of them, as API servers write them", bits({Native}), false},
    {"eks-cloudwatch", "Amazon EKS through CloudWatch Logs: subscriptions, Lambda, Kinesis, Firehose",
     bits({CloudWatch}), false},
    {"eks-export", "Amazon EKS, a CloudWatch export: lines with a time in front", bits({CloudWatchExport}), false},
    {"event-hubs", "Azure AKS diagnostic records: Event Hubs, Storage", bits({Aks, AksAdmin}), false},
    {"gke", "Google Cloud Audit Logs of GKE, also by Pub/Sub", bits({Gke}), false},
    {"fluent-bit", "fluent-bit and fluentd: the line in member KEY", bits({Shipper}), kKeyed},
    {"vector", "Vector: the line in member KEY", bits({Shipper}), kKeyed},
    {"filebeat", "Filebeat: the line in member KEY", bits({Shipper}), kKeyed},
    {"logstash", "Logstash: the line in member KEY", bits({Shipper}), kKeyed},
    {"openshift", "OpenShift logging (ViaQ)", bits({OpenShift}), false},
    {"ovh", "OVHcloud, GELF", bits({Ovh}), false},
    {"elastic", "Elastic integration, kubernetes.audit", bits({Elastic}), false},
    {"splunk-hec", "Splunk HTTP event collector", bits({SplunkHec}), false},
    {"splunk-export", "Splunk search export", bits({SplunkExport}), false},
    {"otlp", "OpenTelemetry logs as JSON", bits({Otlp}), false},
    {"loki", "Grafana Loki push or query result", bits({Loki}), false},
    {"cloudevents", "CloudEvents 1.0", bits({CloudEvents}), false},
    {"datadog", "Datadog archive", bits({Datadog}), false},
    {"panther", "Panther archive", bits({Panther}), false},
    {"docker", "docker json-file of the API server's container", bits({Docker}), false},
    {"cri", "container runtime log of the API server's container", bits({Cri}), false},
    {"syslog", "syslog, RFC 3164 or 5424", bits({Syslog}), false},
    {"legacy", "legacy text format of the API server", bits({Legacy}), false},
};

constexpr bool all_kinds_are_there() {
  uint32_t all = 0;
  for (const FormatInfo& row : kTable) all |= row.kinds;
  return all == (1u << kEnvelopeKindCount) - 1;
}
static_assert(all_kinds_are_there());

const FormatInfo* find_format(std::string_view name) {
  const auto* found = std::ranges::find(kTable, name, &FormatInfo::name);
  return found == std::end(kTable) ? nullptr : found;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ',' && c != ';'; });
}

std::string all_names() {
  std::string out;
  for (const FormatInfo& row : kTable) out.append(out.empty() ? "" : ", ").append(row.name);
  return out;
}

Result<DeclaredFormat> parse_format(std::string_view text) {
  std::vector<std::string_view> words = split(text, ' ');
  std::erase(words, std::string_view{});
  if (words.empty()) return fail("is empty");
  DeclaredFormat out{find_format(words[0]), {}, {}};
  if (words[0] == "any") return fail("any stands alone: it is every format");
  if (out.info == nullptr) {
    return fail(fmt::format("expected one of {}, any; found {}", all_names(), printable(words[0])));
  }
  if (!std::ranges::all_of(words, is_word) || words.size() > 2 + kMostProof) {
    return fail(
        fmt::format("{}: expected words of printable ASCII without comma and semicolon, at most {} bytes each, "
                    "and {} of them behind the key",
                    words[0], kLongest, kMostProof));
  }
  if (!out.info->keyed && words.size() > 1) {
    return fail(fmt::format("{0}: takes no key; write {0}", words[0]));
  }
  if (!out.info->keyed) return out;
  if (words.size() < 2 || words[1].find('=') != std::string_view::npos) {
    return fail(fmt::format("{0}: which member of its records holds the event? Write {0} KEY, such as {0} {1}",
                            words[0], words[0] == "fluent-bit" ? "log" : "message"));
  }
  out.key = words[1];
  for (const std::string_view word : std::span(words).subspan(2)) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return fail(fmt::format("{} {}: expected MEMBER=TEXT, found {}", words[0], words[1], word));
    }
    out.proof.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return out;
}

std::string to_text(const DeclaredFormat& format) {
  std::string out(format.info->name);
  if (!format.key.empty()) out += " " + format.key;
  for (const auto& [member, text] : format.proof) out.append(" ").append(member).append("=").append(text);
  return out;
}

}  // namespace

std::span<const FormatInfo> format_table() { return kTable; }

Result<Formats> Formats::parse(std::span<const std::string> texts) {
  if (texts.empty() || texts.size() > kMostFormats) return fail(fmt::format("expected 1 to {} formats", kMostFormats));
  Formats out;
  for (const std::string& text : texts) {
    auto format = parse_format(text);
    if (!format) return tl::unexpected(format.error());
    out.text_.append(out.text_.empty() ? "" : ", ").append(to_text(*format));
    if (format->info->keyed) {
      out.shippers_.push_back(std::move(*format));
    } else {
      out.kinds_ |= format->info->kinds;
    }
  }
  return out;
}

bool Formats::takes_lines() const { return (kinds_ & bits({CloudWatchExport, Cri, Syslog, Legacy})) != 0; }

const FormatsPtr& native_formats() {
  static const std::string kNative[] = {"native"};
  static const FormatsPtr native = std::make_shared<const Formats>(*Formats::parse(kNative));
  return native;
}

Result<FormatsPtr> parse_formats(std::span<const std::string> texts) {
  if (texts.size() == 1 && texts[0] == "any") return FormatsPtr();
  auto parsed = Formats::parse(texts);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::make_shared<const Formats>(std::move(*parsed));
}

std::string format_word(std::span<const std::string> texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += ',';
    std::ranges::replace_copy(text, std::back_inserter(out), ' ', ';');
  }
  return out;
}

FormatsPtr decode_formats(std::string_view word) {
  std::vector<std::string> texts;
  for (const std::string_view text : split(word, ',')) {
    std::ranges::replace_copy(text, std::back_inserter(texts.emplace_back()), ';', ' ');
  }
  auto parsed = parse_formats(texts);
  return parsed ? std::move(*parsed) : native_formats();
}

}  // namespace kubevigil
