// What stands in deploy/: that it is what it says, that its parts agree with each other, and that the API server knows
// its flags (tests/golden/apiserver/audit_flags.txt).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include "engine/base/text.h"
#include "engine/event/formats.h"
#include "engine/rule/yaml.h"
#include "engine/run/self_alert.h"
#include "tests/support/certificates.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::StartsWith;

const std::string kRoot = test::source_file("") + "/";
const std::string kMount = "/etc/kubernetes/kubevigil";

std::string text_of(const std::string& path) {
  std::ifstream in(kRoot + path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<YamlNode> documents_in(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  std::vector<YamlNode> out;
  for (YamlDocument& document : parse_yaml(text, name, diagnostics)) out.push_back(std::move(document.root));
  EXPECT_EQ(render(diagnostics, {{name, text}}), "");
  return out;
}

// The node at a path of keys and numbers; one that says nothing when there is none.
const YamlNode& at(const YamlNode& root, std::string_view path) {
  static const YamlNode nothing;
  const YamlNode* node = &root;
  for (const std::string_view step : split(path, '/')) {
    const bool number = node->is_sequence();
    const size_t index = number ? std::stoul(std::string(step)) : 0;
    if (number) {
      node = index < node->items.size() ? &node->items[index] : nullptr;
    } else {
      node = node->find(step);
    }
    if (node == nullptr) return nothing;
  }
  return *node;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

std::string says(const YamlNode& root, std::string_view path) { return at(root, path).text; }

struct Output {
  int code = -1;
  std::string text;
};
Output shell(const std::string& command) {
  Output out;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  for (char buffer[4096]; const size_t n = std::fread(buffer, 1, sizeof buffer, pipe);) out.text.append(buffer, n);
  const int status = ::pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

bool has_program(const std::string& name) { return shell("command -v " + name).code == 0; }

// --- The API server's side.

using Flags = std::map<std::string, std::string>;

// "--name type default"
Flags known_flags() {
  Flags flags;
  for (const std::string& line : lines_of(text_of("tests/golden/apiserver/audit_flags.txt"))) {
    const std::vector<std::string_view> words = split(line, ' ');
    if (words.size() >= 3) flags[std::string(words[0].substr(2))] = std::string(words[2]);
  }
  return flags;
}

Flags patched_flags() {
  Flags flags;
  const YamlNode root = documents_in(text_of("deploy/kube-apiserver+json.yaml"), "patch").front();
  for (const YamlNode& operation : root.items) {
    EXPECT_EQ(says(operation, "op"), "add");
    EXPECT_TRUE(says(operation, "path").ends_with("/-"));  // appends: nothing that is there is lost
    const std::string value = says(operation, "value");
    if (says(operation, "path") != "/spec/containers/0/command/-") continue;
    EXPECT_THAT(value, StartsWith("--"));
    flags[value.substr(2, value.find('=') - 2)] = value.substr(value.find('=') + 1);
  }
  return flags;
}

Flags kubeadm_flags() {
  Flags flags;
  const YamlNode root = documents_in(text_of("deploy/kubeadm-cluster.yaml"), "kubeadm").front();
  for (const YamlNode& argument : at(root, "apiServer/extraArgs").items) {
    EXPECT_TRUE(at(argument, "value").quoted || !at(argument, "value").number()) << "kubeadm wants a string";
    flags[says(argument, "name")] = says(argument, "value");
  }
  return flags;
}

std::string plain(std::string_view cell) {
  std::string text(trim(cell));
  std::erase(text, '`');
  return text;
}

struct FlagRow {
  std::string value, usual;
};
std::map<std::string, FlagRow> table_of_flags() {
  std::map<std::string, FlagRow> rows;
  for (const std::string& line : lines_of(text_of("deploy/kube-apiserver-flags.md"))) {
    const auto cells = split(line, '|');
    if (cells.size() < 5 || !plain(cells[1]).starts_with("--audit")) continue;
    rows[plain(cells[1]).substr(2)] = {plain(cells[2]), plain(cells[3])};
  }
  return rows;
}

TEST(Deploy, TheFlagsOfAllThreeFilesAreTheSameAndKnown) {
  const Flags flags = patched_flags(), known = known_flags();
  EXPECT_EQ(kubeadm_flags(), flags);
  EXPECT_GE(known.size(), 20u);
  Flags table;
  for (const auto& [name, row] : table_of_flags()) {
    table[name] = row.value;
    ASSERT_TRUE(known.contains(name)) << name;
    EXPECT_EQ(row.usual, known.at(name)) << name;
  }
  EXPECT_EQ(table, flags);
}

TEST(Deploy, EveryFlagThatIsNamedAnywhereExists) {
  const Flags known = known_flags();
  for (const char* path :
       {"deploy/kube-apiserver-flags.md", "deploy/README.md", "README.md", "deploy/webhook-mtls.yaml"}) {
    const std::string text = text_of(path);
    for (size_t at = text.find("--audit-"); at != text.npos; at = text.find("--audit-", at + 1)) {
      const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
      EXPECT_TRUE(known.contains(text.substr(at + 2, end - at - 2))) << path << ": " << text.substr(at, end - at);
    }
  }
}

TEST(Deploy, WhatTheApiServerReadsStandsInItsMount) {
  const Flags flags = patched_flags();
  EXPECT_EQ(flags.at("audit-policy-file"), kMount + "/audit-policy.yaml");
  EXPECT_EQ(flags.at("audit-webhook-config-file"), kMount + "/webhook.yaml");
  const YamlNode patch = documents_in(text_of("deploy/kube-apiserver+json.yaml"), "patch").front();
  std::set<std::string> mounts;
  for (const YamlNode& operation : patch.items) {
    mounts.insert(says(operation, "value/mountPath"));
    mounts.insert(says(operation, "value/hostPath/path"));
  }
  EXPECT_EQ(mounts, (std::set<std::string>{"", kMount}));
  const YamlNode kubeadm = documents_in(text_of("deploy/kubeadm-cluster.yaml"), "kubeadm").front();
  EXPECT_EQ(says(kubeadm, "apiServer/extraVolumes/0/mountPath"), kMount);
  EXPECT_EQ(says(kubeadm, "apiServer/extraVolumes/0/hostPath"), kMount);
}

TEST(Deploy, TheWebhooksAddressNeedsNoClusterDnsAndNamesAKnownCluster) {
  const YamlNode minimal = documents_in(text_of("deploy/kubevigil-minimal.yaml"), "minimal").front();
  const std::string cluster = says(minimal, "inputs/webhook/credentials/0/clusters/0");
  const std::string listen = says(minimal, "inputs/webhook/listen/0/address");
  const std::string port = listen.substr(listen.rfind(':'));
  for (const char* path : {"deploy/webhook-mtls.yaml", "deploy/webhook-bearer.yaml"}) {
    const YamlNode root = documents_in(text_of(path), path).front();
    const std::string server = says(root, "clusters/0/cluster/server");
    EXPECT_EQ(server, "https://10.0.0.50" + port + "/k8s-audit/" + cluster) << path;  // no name, no query, TLS
    EXPECT_EQ(says(root, "current-context"), says(root, "contexts/0/name"));
    EXPECT_EQ(says(root, "contexts/0/context/cluster"), says(root, "clusters/0/name"));
    EXPECT_EQ(says(root, "contexts/0/context/user"), says(root, "users/0/name"));
    EXPECT_THAT(says(root, "clusters/0/cluster/certificate-authority"), StartsWith(kMount + "/ca.pem"));
    for (const YamlEntry& entry : at(root, "users/0/user").entries) {
      EXPECT_THAT(entry.value.text, StartsWith(kMount + "/")) << path;
    }
  }
  const YamlNode mtls = documents_in(text_of("deploy/webhook-mtls.yaml"), "mtls").front();
  EXPECT_EQ(says(mtls, "users/0/user/client-certificate"), kMount + "/client.pem");
  EXPECT_EQ(says(minimal, "inputs/webhook/credentials/0/common-name"), "kube-apiserver");
}

// --- The service.

std::multimap<std::string, std::string> unit() {
  std::multimap<std::string, std::string> settings;
  for (const std::string& line : lines_of(text_of("deploy/kubevigil.service"))) {
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == line.npos) continue;
    settings.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return settings;
}

std::string only(const std::multimap<std::string, std::string>& settings, const std::string& key) {
  EXPECT_EQ(settings.count(key), 1u) << key;
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

TEST(Deploy, TheServiceIsHardenedAndItsPathsAreThoseOfTheConfiguration) {
  const auto settings = unit();
  EXPECT_EQ(only(settings, "Type"), "notify");
  EXPECT_EQ(only(settings, "Restart"), "always");
  EXPECT_EQ(only(settings, "StartLimitIntervalSec"), "0");
  EXPECT_EQ(only(settings, "ProtectSystem"), "strict");
  EXPECT_EQ(only(settings, "NoNewPrivileges"), "yes");
  EXPECT_EQ(only(settings, "CapabilityBoundingSet"), "");
  EXPECT_EQ(only(settings, "UMask"), "0077");
  for (const char* key : {"MemoryMax", "LimitNOFILE", "RestartSec", "SystemCallErrorNumber"}) {
    EXPECT_NE(only(settings, key), "") << key;
  }
  const std::string start = only(settings, "ExecStart");
  EXPECT_EQ(start, "/usr/bin/kubevigil serve -c /etc/kubevigil/kubevigil.yaml");
  const std::string state = "/var/lib/" + only(settings, "StateDirectory");
  for (const char* path : {"deploy/kubevigil-minimal.yaml", "deploy/kubevigil.yaml"}) {
    if (!std::ifstream(kRoot + path)) continue;
    EXPECT_EQ(says(documents_in(text_of(path), path).front(), "data"), state) << path;
  }
  EXPECT_THAT(text_of("deploy/kubevigil.sysusers.conf"), HasSubstr("\nu      " + only(settings, "User") + " "));
}

TEST(Deploy, SystemdTakesTheService) {
  if (!has_program("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  const TestFolder folder;
  std::string text = text_of("deploy/kubevigil.service");
  const std::string program = "/usr/bin/kubevigil";  // need not be there
  text.replace(text.find(program), program.size(), "/bin/true");
  const std::string file = folder.write("kubevigil.service", text);
  const Output verified = shell("systemd-analyze verify --man=no " + file);
  EXPECT_EQ(verified.code, 0) << verified.text;
  EXPECT_EQ(verified.text, "");
  const Output exposure = shell("systemd-analyze security --no-pager --offline=true --threshold=15 " + file);
  EXPECT_EQ(exposure.code, 0) << exposure.text;  // 1.5 of 10 at most
}

TEST(Deploy, ThePageOfSelfAlertsIsTheTables) {
  EXPECT_EQ(text_of("deploy/self-alerts.md"), self_alerts_page())
      << "kubevigil schema self-alerts > deploy/self-alerts.md";
  EXPECT_EQ(text_of("deploy/formats.md"), formats_page()) << "kubevigil schema formats > deploy/formats.md";
}

// --- Certificates.

std::string subject_of(const std::string& certificate) {
  return shell("openssl x509 -noout -subject -nameopt RFC2253 -in " + certificate).text;
}

TEST(Deploy, TheScriptMakesCertificatesThatApiServersTake) {
  ASSERT_TRUE(has_program("openssl"));
  const TestFolder folder;
  const std::string dir = folder.path("tls"), script = kRoot + "deploy/certificates.sh ";
  const Output made = shell(script + dir + " 10.0.0.50 vigil.example ::1");
  ASSERT_EQ(made.code, 0) << made.text;
  const std::string names = shell("openssl x509 -noout -ext subjectAltName -in " + dir + "/server.pem").text;
  EXPECT_THAT(names, HasSubstr("IP Address:10.0.0.50, DNS:vigil.example, IP Address:0:0:0:0:0:0:0:1"));
  EXPECT_THAT(subject_of(dir + "/client.pem"), HasSubstr("CN=kube-apiserver"));
  const std::string verify = "openssl verify -x509_strict -CAfile " + dir + "/ca.pem ";
  EXPECT_EQ(shell(verify + "-purpose sslserver -verify_ip 10.0.0.50 " + dir + "/server.pem").code, 0);
  EXPECT_EQ(shell(verify + "-purpose sslserver -verify_hostname vigil.example " + dir + "/server.pem").code, 0);
  EXPECT_EQ(shell(verify + "-purpose sslclient " + dir + "/client.pem").code, 0);
  EXPECT_NE(shell(verify + "-purpose sslclient " + dir + "/server.pem").code, 0);  // no server may pass for a client
  EXPECT_NE(shell(verify + "-purpose sslserver " + dir + "/client.pem").code, 0);
  for (const char* key : {"ca.key", "server.key", "client.key"}) {
    EXPECT_EQ(shell("stat -c %a " + dir + "/" + key).text.substr(1), "00\n") << key;
  }
  EXPECT_THAT(lines_of(shell("ls -A " + dir).text),
              ElementsAre("ca.key", "ca.pem", "client.key", "client.pem", "server.key", "server.pem", ""));
}

TEST(Deploy, TheScriptRunAgainKeepsTheAuthority) {
  const TestFolder folder;
  const std::string dir = folder.path("tls"), script = kRoot + "deploy/certificates.sh ";
  const std::string sums = "cd " + dir + " && sha256sum ca.pem ca.key server.pem server.key";
  ASSERT_EQ(shell(script + dir + " 10.0.0.50").code, 0);
  const std::string before = shell(sums).text;
  ASSERT_EQ(shell("CLIENT=prod DAYS=30 " + script + dir + " 10.0.0.51").code, 0);
  const std::string after = shell(sums).text;
  EXPECT_EQ(lines_of(before)[0], lines_of(after)[0]);
  EXPECT_EQ(lines_of(before)[1], lines_of(after)[1]);
  EXPECT_NE(lines_of(before)[2], lines_of(after)[2]);
  EXPECT_THAT(subject_of(dir + "/client.pem"), HasSubstr("CN=prod"));
}

TEST(Deploy, TheScriptRefusesWhatItCannotMake) {
  const TestFolder folder;
  const std::string script = kRoot + "deploy/certificates.sh ";
  const std::string dir = "'" + folder.path("x") + "'";
  const std::vector<std::string> wrong = {"", "/nowhere", dir + " 'a b'", dir + " ''", "/dev/null/x 10.0.0.1"};
  for (const std::string& arguments : wrong) {
    EXPECT_NE(shell(script + arguments).code, 0) << arguments;
  }
  EXPECT_NE(shell("ls " + folder.path("x")).code, 0);
}

// --- Containers and Kubernetes.

TEST(Deploy, TheImageRunsAsNobodyAndHoldsLittle) {
  const std::string text = text_of("deploy/Containerfile");
  EXPECT_THAT(text, HasSubstr("\nUSER 65532:65532\n"));
  EXPECT_THAT(text, HasSubstr("RUN make build-release"));
  EXPECT_THAT(text, HasSubstr("ENTRYPOINT [\"/usr/bin/kubevigil\"]\n"));
  EXPECT_EQ(text.find(":latest"), text.npos);
  EXPECT_EQ(text.find("USER"), text.rfind("USER"));
}

std::map<std::string, YamlNode> kubernetes_objects() {
  std::map<std::string, YamlNode> objects;
  for (YamlNode& node : documents_in(text_of("deploy/kubernetes.yaml"), "kubernetes")) {
    const std::string name = says(node, "kind") + "/" + says(node, "metadata/name");
    EXPECT_NE(says(node, "apiVersion"), "") << name;
    EXPECT_FALSE(objects.contains(name)) << name;
    objects[name] = std::move(node);
  }
  return objects;
}

TEST(Deploy, ThePodIsRestricted) {
  const YamlNode set = kubernetes_objects().at("StatefulSet/kubevigil");
  const YamlNode& pod = at(set, "spec/template/spec");
  EXPECT_EQ(says(pod, "automountServiceAccountToken"), "false");
  EXPECT_EQ(says(pod, "securityContext/runAsNonRoot"), "true");
  EXPECT_EQ(says(pod, "securityContext/runAsUser"), "65532");
  EXPECT_EQ(says(pod, "securityContext/fsGroup"), "65532");
  EXPECT_EQ(says(pod, "securityContext/seccompProfile/type"), "RuntimeDefault");
  const YamlNode& container = at(pod, "containers/0");
  EXPECT_EQ(says(container, "securityContext/allowPrivilegeEscalation"), "false");
  EXPECT_EQ(says(container, "securityContext/readOnlyRootFilesystem"), "true");
  EXPECT_EQ(says(container, "securityContext/capabilities/drop/0"), "ALL");
  EXPECT_NE(says(container, "resources/limits/memory"), "");
  EXPECT_EQ(says(set, "spec/replicas"), "1");
}

// Every path of the configuration lies in a mount, every port is the container's and the Service's.
TEST(Deploy, ThePodsPathsAndPortsAreThoseOfItsConfiguration) {
  const auto objects = kubernetes_objects();
  const YamlNode& pod = at(objects.at("StatefulSet/kubevigil"), "spec/template/spec");
  const YamlNode config =
      documents_in(says(objects.at("ConfigMap/kubevigil"), "data/kubevigil.yaml"), "kubevigil.yaml").front();
  std::set<std::string> mounts;
  for (const YamlNode& mount : at(pod, "containers/0/volumeMounts").items) mounts.insert(says(mount, "mountPath"));
  const auto is_mounted = [&](const std::string& path) {
    return std::any_of(mounts.begin(), mounts.end(),
                       [&](const std::string& m) { return path == m || path.starts_with(m + "/"); });
  };
  for (const char* key : {"data", "inputs/webhook/listen/0/tls/certificate", "inputs/webhook/listen/0/tls/key",
                          "inputs/webhook/listen/0/tls/client-authorities", "inputs/webhook/credentials/0/authorities",
                          "admin/token-file"}) {
    EXPECT_TRUE(is_mounted(says(config, key))) << key << ": " << says(config, key);
  }
  EXPECT_TRUE(is_mounted(says(pod, "containers/0/args/2")));
  const std::string ports[] = {"0.0.0.0:" + says(pod, "containers/0/ports/0/containerPort"),
                               "0.0.0.0:" + says(pod, "containers/0/ports/1/containerPort")};
  EXPECT_EQ(says(config, "inputs/webhook/listen/0/address"), ports[0]);
  EXPECT_EQ(says(config, "admin/listen"), ports[1]);
  const YamlNode& service = objects.at("Service/kubevigil");
  EXPECT_EQ("0.0.0.0:" + says(service, "spec/ports/0/port"), ports[0]);
  EXPECT_EQ(says(service, "spec/type"), "NodePort");
  EXPECT_EQ(says(service, "spec/publishNotReadyAddresses"), "true");  // events are taken during recovery
  EXPECT_EQ(says(service, "spec/clusterIP"), "10.96.0.50");           // known before there is any DNS
  for (const char* object : {"Service/kubevigil", "Service/kubevigil-admin"}) {
    const YamlNode* selector = objects.at(object).find("spec")->find("selector");
    EXPECT_EQ(selector->find("app.kubernetes.io/name")->text, "kubevigil");
  }
}

}  // namespace
}  // namespace kubevigil
