#include "engine/app/webhook_kubeconfig.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/base/text.h"
#include "engine/codec/base64.h"
#include "engine/rule/yaml.h"

namespace kubevigil {
namespace {

class Kubeconfig {
 public:
  Kubeconfig(const YamlNode& root, const std::string& file, Diagnostics& diagnostics)
      : root_(root), folder_(std::filesystem::path(file).parent_path()), diagnostics_(diagnostics) {}

  WebhookKubeconfig read() {
    const YamlNode* current = root_.find("current-context");
    if (current == nullptr || current->text.empty()) {
      error("missing-key", "current-context is missing: the API server takes cluster and user from it", root_.span);
      return {};
    }
    const YamlNode* context = named("contexts", *current, "context");
    if (context == nullptr) return {};
    if (const YamlNode* cluster = referred(*context, "clusters", "cluster")) read_cluster(*cluster);
    if (context->find("user") != nullptr) {
      if (const YamlNode* user = referred(*context, "users", "user")) read_user(*user);
    }
    return out_;
  }

 private:
  void error(std::string code, std::string message, const SourceSpan& span) {
    diagnostics_.error(std::move(code), std::move(message), span);
  }

  // The mapping below `member` of the entry of `list` with that name.
  const YamlNode* named(std::string_view list, const YamlNode& name, std::string_view member) {
    static const std::vector<YamlNode> kNone;
    const YamlNode* entries = root_.find(list);
    for (const YamlNode& entry : entries != nullptr ? entries->items : kNone) {
      const YamlNode* its_name = entry.find("name");
      if (its_name != nullptr && its_name->text == name.text && entry.find(member) != nullptr)
        return entry.find(member);
    }
    error("bad-value", fmt::format("no entry of {} is named \"{}\"", list, name.text), name.span);
    return nullptr;
  }
  const YamlNode* referred(const YamlNode& context, std::string_view list, std::string_view member) {
    const YamlNode* name = context.find(member);
    if (name != nullptr) return named(list, *name, member);
    error("missing-key", fmt::format("the context names no {}", member), context.span);
    return nullptr;
  }

  static std::string text(const YamlNode& node, std::string_view key) {
    const YamlNode* value = node.find(key);
    return value != nullptr && value->is_scalar() ? value->text : std::string();
  }
  std::string path(const YamlNode& node, std::string_view key) const {
    const std::string file = text(node, key);
    return file.empty() ? file : (folder_ / file).string();
  }
  PemSource pem(const YamlNode& node, const std::string& key) {
    PemSource source{path(node, key), {}};
    const std::string encoded = text(node, key + "-data");
    if (encoded.empty()) return source;
    if (auto decoded = base64_decode(encoded)) {
      source.data = Secret(std::move(*decoded));
    } else {
      error("bad-value", key + "-data is not base64", node.find(key + "-data")->span);
    }
    return source;
  }

  void read_cluster(const YamlNode& cluster) {
    out_.server = text(cluster, "server");
    if (out_.server.empty()) error("missing-key", "the cluster has no server", cluster.span);
    out_.server_name = text(cluster, "tls-server-name");
    out_.proxy = text(cluster, "proxy-url");
    const YamlNode* skip = cluster.find("insecure-skip-tls-verify");
    out_.skip_verify = skip != nullptr && skip->boolean().value_or(false);
    out_.authority = pem(cluster, "certificate-authority");
  }
  void read_user(const YamlNode& user) {
    out_.certificate = pem(user, "client-certificate");
    out_.key = pem(user, "client-key");
    if (out_.certificate.given() != out_.key.given()) {
      error("bad-value", "client-certificate and client-key are only good together", user.span);
    }
    out_.token = Secret(text(user, "token"));
    out_.token_file = path(user, "tokenFile");
    for (const std::string_view other : {"exec", "auth-provider", "username"}) {
      out_.other_login = out_.other_login || user.find(other) != nullptr;
    }
  }

  const YamlNode& root_;
  const std::filesystem::path folder_;
  Diagnostics& diagnostics_;
  WebhookKubeconfig out_;
};

}  // namespace

WebhookKubeconfig parse_webhook_kubeconfig(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  const std::vector<YamlDocument> documents = parse_yaml(text, file, diagnostics);
  if (documents.empty() || !documents.front().root.is_map()) {
    diagnostics.error("bad-value", "expected a kubeconfig: a mapping with clusters, users and contexts",
                      {file, 1, 1, 1});
    return {};
  }
  return Kubeconfig(documents.front().root, file, diagnostics).read();
}

}  // namespace kubevigil
