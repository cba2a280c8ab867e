// The kubeconfig that --audit-webhook-config-file names, as kube-apiserver reads it (client-go: tools/clientcmd): the
// cluster and the user of its current context. Values only; nothing here connects.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/diagnostics.h"
#include "engine/base/secret.h"

namespace kubevigil {

// PEM: in a file, or (…-data) in the kubeconfig itself. Data wins over a file.
struct PemSource {
  std::string file = {};
  Secret data = {};
  bool given() const { return !file.empty() || !data.empty(); }
};

struct WebhookKubeconfig {
  std::string server;       // URL
  std::string server_name;  // tls-server-name: wanted in the certificate instead of the URL's host
  std::string proxy;        // proxy-url
  bool skip_verify = false;
  PemSource authority;
  PemSource certificate, key;
  Secret token;
  std::string token_file;
  bool other_login = false;  // exec, auth-provider, username: not tried here
};

// Paths that are not absolute begin in the folder of `file`. Reports bad-value, missing-key and those of
// engine/rule/yaml.h; what the API server would refuse is an error.
WebhookKubeconfig parse_webhook_kubeconfig(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace kubevigil
