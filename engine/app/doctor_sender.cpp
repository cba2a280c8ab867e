// The sender's side, as kube-apiserver would go it: the webhook's kubeconfig, name, TLS, login, an empty list.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "engine/app/doctor.h"
#include "engine/app/private_file.h"
#include "engine/app/webhook_kubeconfig.h"
#include "engine/base/network.h"
#include "engine/base/text.h"
#include "engine/net/http_client.h"
#include "engine/net/server_look.h"
#include "engine/net/text_file.h"

namespace kubevigil {
namespace {

constexpr std::string_view kSenderCheck = "sender";
constexpr Duration kSenderPatience = Duration::seconds(10);
// What the API server posts, with nothing in it.
constexpr std::string_view kEmptyList =
    R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[]})"
    "\n";

// A folder only for us, with the PEM texts that stand in the kubeconfig itself; gone with its contents at the end.
class PemFolder {
 public:
  ~PemFolder() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  // The path of a file with the PEM text; "" where there is none.
  Result<std::string> path_of(const PemSource& source, const std::string& name) {
    if (source.data.empty()) return source.file;
    if (folder_.empty()) {
      std::error_code ignored;
      std::string made = (std::filesystem::temp_directory_path(ignored) / "kubevigil-doctor-XXXXXX").string();
      if (mkdtemp(made.data()) == nullptr) return fail(fmt::format("{}: {}", made, strerror(errno)));
      folder_ = made;
    }
    const std::string path = folder_ + "/" + name;
    if (const auto written = write_private_file(path, source.data.reveal()); !written)
      return fail(written.error().message);
    return path;
  }

 private:
  std::string folder_;
};

Result<TlsFiles> tls_files(const WebhookKubeconfig& kubeconfig, PemFolder& folder) {
  const auto authority = folder.path_of(kubeconfig.authority, "ca.pem");
  const auto certificate = folder.path_of(kubeconfig.certificate, "client.pem");
  const auto key = folder.path_of(kubeconfig.key, "client.key");
  for (const auto* path : {&authority, &certificate, &key}) {
    if (!*path) return tl::unexpected(path->error());
  }
  return TlsFiles{*certificate, *key, *authority};
}

// What can be said of the address without connecting. False: there is no use in trying.
bool examine_address(const WebhookKubeconfig& kubeconfig, const Url& url, Findings& out) {
  const auto ends = [&](std::string_view end) { return url.host.ends_with(end); };
  if (ends(".svc") || ends(".cluster.local")) {
    out.fail(kSenderCheck,
             fmt::format("{} is a name of the cluster's DNS, which API servers usually do not ask", url.host),
             "use the Service's ClusterIP, a node port or a load balancer, and an alternative name for it in the "
             "certificate");
  } else if (!parse_address(url.host)) {
    out.warn(kSenderCheck, fmt::format("{} is resolved by each control-plane node itself", url.host),
             "see that it resolves there without the cluster's DNS, or use an address");
  }
  if (!url.tls) {
    out.warn(kSenderCheck, "http: the API server sends no credential at all, and events can be read on the way",
             "https, unless a mesh encrypts and a credential says anonymous: true");
  }
  if (kubeconfig.skip_verify) {
    out.fail(kSenderCheck, "insecure-skip-tls-verify: whoever sits on the way can read and swallow events",
             "give certificate-authority instead");
  }
  if (!kubeconfig.proxy.empty()) out.warn(kSenderCheck, "proxy-url is not tried here", "leave it out where possible");
  if (kubeconfig.other_login) {
    out.warn(kSenderCheck, "exec, auth-provider and username are not tried here", "a client certificate or a token");
  }
  const std::string path = url.target.substr(0, url.target.find('?'));
  if (path.size() != url.target.size()) {
    out.warn(kSenderCheck, "the API server leaves out what stands behind '?'", "name the cluster in the path");
  }
  if (path == "/k8s-audit" || path.starts_with("/k8s-audit/")) return true;
  out.fail(kSenderCheck, fmt::format("the path is {}", path), "/k8s-audit, or /k8s-audit/CLUSTER");
  return false;
}

bool examine_connection(const Url& url, const TlsFiles& files, const std::string& name, Findings& out, const Env& env) {
  std::shared_ptr<TlsSource> tls;
  if (url.tls) {
    auto opened = TlsSource::open(files, TlsRole::Client, env);
    if (!opened) {
      out.fail(kSenderCheck, opened.error().message, "mend the kubeconfig");
      return false;
    }
    tls = std::move(*opened);
  }
  const ServerLook look = look_at_server(url.host, url.port, tls.get(), name, kSenderPatience, env);
  const std::string what = fmt::format("{}: {}", url.authority(), look.why);
  switch (look.state) {
    case ServerLook::State::Unresolved:
      out.fail(kSenderCheck, what, "use an address, or mend the name where the API servers run");
      return false;
    case ServerLook::State::Closed:
      out.fail(kSenderCheck, what, "is serve running there, and does every firewall on the way let the port through?");
      return false;
    case ServerLook::State::NoTls:
      out.fail(kSenderCheck, what, "is it the webhook's listener, with tls?");
      return false;
    case ServerLook::State::Untrusted:
      out.fail(kSenderCheck, what, certificate_advice(look.why, name));
      return false;
    case ServerLook::State::Good:
      break;
  }
  if (look.certificate && !is_for_host(*look.certificate, name)) {
    out.fail(kSenderCheck,
             fmt::format("{}: the certificate has no alternative name {}; API servers do not look at the common name",
                         url.authority(), name),
             "issue it with subjectAltName");
    return false;
  }
  return true;
}

Result<std::string> token_of(const WebhookKubeconfig& kubeconfig) {
  if (kubeconfig.token_file.empty()) return kubeconfig.token.reveal();
  const auto token = read_text_file(kubeconfig.token_file);
  if (!token) return tl::unexpected(token.error());
  return std::string(trim(*token));
}

void judge_answer(int status, const std::string& target, const WebhookKubeconfig& kubeconfig, Findings& out) {
  if (status == 200) return out.ok(kSenderCheck, fmt::format("an empty list posted to {} was accepted", target));
  const std::string what = fmt::format("posting to {} was answered {}", target, status);
  if (status == 401) {
    const bool shown = kubeconfig.certificate.given() || !kubeconfig.token.empty() || !kubeconfig.token_file.empty();
    return out.fail(kSenderCheck, what,
                    shown ? "its certificate or token fits no entry of inputs.webhook.credentials that has this "
                            "cluster; /api/v1/sources of the instance lists who was refused"
                          : "the kubeconfig's user has neither client-certificate nor token");
  }
  if (status == 429 || status == 503) {
    return out.warn(kSenderCheck, what, "kubevigil cannot take more now: see data, and /api/v1/status");
  }
  if (status >= 300 && status < 400) {
    return out.fail(kSenderCheck, what + ": the API server would lose the events",
                    "post to kubevigil itself, not to a proxy");
  }
  out.fail(kSenderCheck, what, "is it kubevigil's webhook that listens there?");
}

void post(const WebhookKubeconfig& kubeconfig, const Url& url, TlsFiles files, Findings& out, const Env& env) {
  HttpClientOptions options;
  options.url = url;
  options.tls = std::move(files);
  options.server_name = kubeconfig.server_name;
  options.request_timeout = kSenderPatience;
  auto client = HttpClient::open(std::move(options), env);
  if (!client) return out.fail(kSenderCheck, client.error().message, "mend the kubeconfig");
  HttpRequest request;
  // The API server leaves out the query and trims the slash at the end (client-go: rest/client.go).
  request.target = url.target.substr(0, url.target.find('?'));
  while (request.target.ends_with('/')) request.target.pop_back();
  const std::string shown = request.target;
  request.target += "?timeout=30s";
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json, */*"}};
  const Result<std::string> token = token_of(kubeconfig);
  if (!token) return out.fail(kSenderCheck, token.error().message, "mend the kubeconfig");
  if (url.tls && !token->empty()) request.headers.push_back({"Authorization", "Bearer " + *token});
  request.body = kEmptyList;
  const auto response = (*client)->send(request);
  if (response) return judge_answer(response->status, shown, kubeconfig, out);
  // TLS 1.3 tells the client only now that its certificate was refused.
  out.fail(
      kSenderCheck, response.error().message,
      kubeconfig.certificate.given()
          ? "the client certificate must be signed by an authority in the listener's client-authorities, and be valid"
          : "the log of kubevigil says why (component webhook)");
}

}  // namespace

void examine_sender(const std::string& file, Findings& out, const Env& env) {
  const Result<std::string> text = read_text_file(file);
  if (!text) return out.fail(kSenderCheck, text.error().message, "name the file of --audit-webhook-config-file");
  Diagnostics problems;
  const WebhookKubeconfig kubeconfig = parse_webhook_kubeconfig(*text, file, problems);
  for (const Diagnostic& d : problems.entries()) {
    out.fail(kSenderCheck, fmt::format("{}:{}: {}", file, d.span.line, d.message),
             "the API server does not start with it");
  }
  if (problems.has_errors()) return;
  const Result<Url> url = parse_url(kubeconfig.server);
  if (!url) return out.fail(kSenderCheck, "server: " + url.error().message, "https://ADDRESS:9443/k8s-audit/CLUSTER");
  if (!examine_address(kubeconfig, *url, out)) return;
  PemFolder folder;
  const Result<TlsFiles> files = tls_files(kubeconfig, folder);
  if (!files) return out.fail(kSenderCheck, files.error().message, "mend the kubeconfig");
  const std::string name = kubeconfig.server_name.empty() ? url->host : kubeconfig.server_name;
  if (examine_connection(*url, *files, name, out, env)) post(kubeconfig, *url, *files, out, env);
}

}  // namespace kubevigil
