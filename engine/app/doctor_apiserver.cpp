// The audit flags of kube-apiserver, out of its static pod (kube-apiserver.yaml). Facts: kubernetes/apiserver
// pkg/server/options/audit.go (names, defaults) and plugin/pkg/audit/buffered (what a full buffer loses).
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "engine/app/doctor.h"
#include "engine/base/text.h"
#include "engine/net/text_file.h"
#include "engine/rule/yaml.h"

namespace kubevigil {
namespace {

constexpr std::string_view kApiServerCheck = "api-server";
constexpr double kLeastRate = 1000;  // events a second; the defaults allow 4,000

// Go's durations, as far as people write them: "2s", "500ms", "1m30s".
std::optional<Duration> parse_go_duration(std::string_view text) {
  Duration sum;
  while (!text.empty()) {
    const size_t unit = text.find_first_not_of("0123456789");
    const size_t next = unit == std::string_view::npos ? unit : text.find_first_of("0123456789", unit);
    const auto part = parse_duration(text.substr(0, next));
    if (!part || unit == std::string_view::npos) return std::nullopt;
    sum.micros += part->micros;
    text.remove_prefix(std::min(next, text.size()));
  }
  return sum;
}

struct Manifest {
  std::map<std::string, std::string, std::less<>> flags;  // without the dashes; of a repeated one the last
  std::vector<std::string> mounts;                        // mountPath of the container

  std::string flag(std::string_view name, std::string_view otherwise = "") const {
    const auto found = flags.find(name);
    return found == flags.end() ? std::string(otherwise) : found->second;
  }
};

void read_words(const YamlNode* words, Manifest& out) {
  std::string* waiting = nullptr;  // of a flag without "=": the next word, unless that is a flag
  for (const YamlNode& word : words != nullptr ? words->items : std::vector<YamlNode>{}) {
    std::string_view text = word.text;
    std::string* before = std::exchange(waiting, nullptr);
    if (!text.starts_with("--")) {
      if (before != nullptr) *before = text;
      continue;
    }
    text.remove_prefix(2);
    const size_t equals = text.find('=');
    std::string& value = out.flags[std::string(text.substr(0, equals))];
    value = equals == std::string_view::npos ? "true" : std::string(text.substr(equals + 1));
    if (equals == std::string_view::npos) waiting = &value;
  }
}

// The first container of the pod; nullopt when it is no pod.
std::optional<Manifest> read_manifest(const YamlNode& root) {
  const YamlNode* spec = root.find("spec");
  const YamlNode* containers = spec != nullptr ? spec->find("containers") : nullptr;
  if (containers == nullptr || containers->items.empty()) return std::nullopt;
  const YamlNode& container = containers->items.front();
  Manifest out;
  read_words(container.find("command"), out);
  read_words(container.find("args"), out);
  const YamlNode* mounts = container.find("volumeMounts");
  for (const YamlNode& mount : mounts != nullptr ? mounts->items : std::vector<YamlNode>{}) {
    if (const YamlNode* path = mount.find("mountPath")) out.mounts.push_back(path->text);
  }
  return out;
}

class ApiServer {
 public:
  ApiServer(const Manifest& manifest, const Config* config, Findings& out)
      : manifest_(manifest), config_(config), out_(out) {}

  void examine() {
    const size_t before = out_.all().size();
    file("audit-policy-file", "without a policy the API server logs no event at all");
    file("audit-webhook-config-file", "without it the API server posts no events");
    mode();
    waiting();
    rate();
    truncation();
    version();
    if (out_.all().size() == before) out_.ok(kApiServerCheck, "its audit flags are as they should be");
  }

 private:
  void file(const std::string& flag, const std::string& without) {
    const std::string path = manifest_.flag(flag);
    if (path.empty())
      return out_.fail(kApiServerCheck, fmt::format("--{} is not set: {}", flag, without), "deploy/ has samples");
    for (const std::string& mount : manifest_.mounts) {
      std::string folder = mount;
      while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
      if (path == folder || path.starts_with(folder + "/")) return;
    }
    out_.fail(kApiServerCheck,
              fmt::format("--{}={} lies below no volumeMount: the API server will not start", flag, path),
              "mount the file or its folder (hostPath) into the pod");
  }

  void mode() {
    const std::string mode = manifest_.flag("audit-webhook-mode", "batch");
    if (mode == "batch") return;
    const bool strict = mode == "blocking-strict";
    out_.warn(kApiServerCheck,
              fmt::format("--audit-webhook-mode={}: {}", mode,
                          strict ? "requests to the API server fail while kubevigil does not answer"
                                 : "each request to the API server waits for kubevigil, for minutes when it is down"),
              "--audit-webhook-mode=batch");
  }

  void waiting() {
    if (manifest_.flag("audit-webhook-mode", "batch") != "batch") return;
    const std::string text = manifest_.flag("audit-webhook-batch-max-wait", "30s");
    const auto wait = parse_go_duration(text);
    if (!wait)
      return out_.fail(kApiServerCheck, fmt::format("--audit-webhook-batch-max-wait={} is no duration", text), "2s");
    if (config_ != nullptr && config_->inputs.webhook && config_->inputs.webhook->slack < *wait) {
      out_.warn(kApiServerCheck,
                fmt::format("--audit-webhook-batch-max-wait={} is more than inputs.webhook.slack, {}", text,
                            format_duration(config_->inputs.webhook->slack)),
                "raise slack, or events will be late");
    }
    if (*wait > Duration::seconds(5)) {
      out_.warn(kApiServerCheck, fmt::format("--audit-webhook-batch-max-wait={}: alerts come so much later", text),
                "--audit-webhook-batch-max-wait=2s");
    }
    const std::string backoff = manifest_.flag("audit-webhook-initial-backoff", "10s");
    const auto first = parse_go_duration(backoff);
    if (first && *first < Duration::seconds(10)) {
      out_.warn(
          kApiServerCheck,
          fmt::format("--audit-webhook-initial-backoff={}: of five tries, so a restart of kubevigil may lose events",
                      backoff),
          "leave it at 10s");
    }
  }

  // What a batching API server can send at most: qps batches of max-size events, if its throttle is on.
  void rate() {
    if (manifest_.flag("audit-webhook-mode", "batch") != "batch" ||
        manifest_.flag("audit-webhook-batch-throttle-enable", "true") != "true") {
      return;
    }
    const double size = number("audit-webhook-batch-max-size", "400");
    const double qps = number("audit-webhook-batch-throttle-qps", "10");
    if (size * qps >= kLeastRate) return;
    out_.warn(
        kApiServerCheck,
        fmt::format("it can post {:.0f} events a second at most (batch-max-size {:.0f}, throttle-qps {:.0f}), and "
                    "drops what its buffer does not hold",
                    size * qps, size, qps),
        "--audit-webhook-batch-max-size=100 --audit-webhook-batch-throttle-qps=40, or the defaults");
  }
  double number(const std::string& flag, const std::string& otherwise) const {
    return std::strtod(manifest_.flag(flag, otherwise).c_str(), nullptr);
  }

  void truncation() {
    if (manifest_.flag("audit-webhook-truncate-enabled", "false") != "true") return;
    out_.warn(
        kApiServerCheck,
        fmt::format("--audit-webhook-truncate-enabled: bodies of events larger than {} bytes are cut off, and events "
                    "that are still larger are dropped; a client can make its own that large",
                    manifest_.flag("audit-webhook-truncate-max-event-size", "102400")),
        "leave truncation off: kubevigil takes bodies of up to 512 MiB");
  }

  void version() {
    const std::string version = manifest_.flag("audit-webhook-version", "audit.k8s.io/v1");
    if (version != "audit.k8s.io/v1") {
      out_.warn(kApiServerCheck, fmt::format("--audit-webhook-version={}", version), "audit.k8s.io/v1");
    }
  }

  const Manifest& manifest_;
  const Config* config_;
  Findings& out_;
};

}  // namespace

void examine_api_server(const std::string& file, const Config* config, Findings& out) {
  const Result<std::string> text = read_text_file(file);
  if (!text)
    return out.fail(kApiServerCheck, text.error().message, "usually /etc/kubernetes/manifests/kube-apiserver.yaml");
  Diagnostics problems;
  const std::vector<YamlDocument> documents = parse_yaml(*text, file, problems);
  const auto manifest = documents.empty() ? std::nullopt : read_manifest(documents.front().root);
  if (!manifest || problems.has_errors()) {
    return out.fail(kApiServerCheck, file + " is no static pod: expected spec.containers",
                    "usually /etc/kubernetes/manifests/kube-apiserver.yaml");
  }
  ApiServer(*manifest, config, out).examine();
}

}  // namespace kubevigil
