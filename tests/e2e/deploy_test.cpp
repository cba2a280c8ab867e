// deploy/ with the real program: certificates of the script, the smallest configuration, an API server's post through
// the webhook kubeconfig's path; and an image that has the libraries that the program needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/program.h"
#include "tests/support/daemon.h"
#include "tests/support/source_file.h"

namespace kubevigil::e2e {
namespace {

using testing::HasSubstr;

const std::string kDeploy = test::source_file("deploy/");

// What a command prints; its exit code in the last line.
std::string shell(const std::string& command) {
  std::string out;
  std::FILE* pipe = ::popen(("{ " + command + "; } 2>&1; echo \"exit $?\"").c_str(), "r");
  for (char buffer[4096]; const size_t n = std::fread(buffer, 1, sizeof buffer, pipe);) out.append(buffer, n);
  ::pclose(pipe);
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_NE(text.find(from), text.npos) << from;
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Deploy, TheServiceGetsToItsCertificatesWhateverRootsUmaskIs) {
  const Folder folder;
  ASSERT_THAT(shell("umask 077; " + kDeploy + "certificates.sh " + folder.path("etc/kubevigil/tls") + " 127.0.0.1"),
              HasSubstr("exit 0"));
  EXPECT_THAT(shell("stat -c %a " + folder.path("etc") + " " + folder.path("etc/kubevigil")), HasSubstr("755\n755\n"));
  EXPECT_THAT(shell("stat -c %a " + folder.path("etc/kubevigil/tls/server.key")),
              testing::AnyOf(HasSubstr("600"), HasSubstr("640")));
}

TEST(Deploy, TheSmallestConfigurationTakesAnApiServersPost) {
  const Folder folder;
  const std::string port = std::to_string(test::free_port()), admin = std::to_string(test::free_port());
  ASSERT_THAT(shell(kDeploy + "certificates.sh " + folder.path("tls") + " 127.0.0.1"), HasSubstr("exit 0"));
  std::string config = read_file(kDeploy + "kubevigil-minimal.yaml");
  config = replaced(config, "/var/lib/kubevigil", folder.path("data"));
  config = replaced(config, "0.0.0.0:9443", "127.0.0.1:" + port);
  config = replaced(config, "127.0.0.1:9442", "127.0.0.1:" + admin);
  const std::string file = folder.write("kubevigil.yaml", config);
  const Result checked = run({"config", "check", file});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;

  const std::string events = demo_events();
  std::string list = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)" + events;
  for (size_t at = list.find('\n'); at + 1 < list.size(); at = list.find('\n', at + 1)) list[at] = ',';
  folder.write("body.json", list + "]}");
  const test::Daemon serve({KUBEVIGIL_BINARY, "serve", "-c", file}, folder.path("serve.log"));
  const std::string curl = "curl -s -o /dev/null -w '%{http_code} ' --cacert " + folder.path("tls/ca.pem");
  const std::string client = " --cert " + folder.path("tls/client.pem") + " --key " + folder.path("tls/client.key");
  const std::string url = " https://127.0.0.1:" + port + "/k8s-audit/";
  const std::string post = " -H 'Content-Type: application/json' --data-binary @" + folder.path("body.json");
  ASSERT_TRUE(test::becomes([&] { return shell(curl + client + post + url + "prod").starts_with("200 "); }))
      << read_file(folder.path("serve.log"));
  EXPECT_THAT(shell(curl + client + " -d '{}'" + url + "other"), HasSubstr("401 "));
  EXPECT_THAT(
      shell("curl -s http://127.0.0.1:" + admin + "/metrics | grep ^kubevigil_certificate_expiry"),
      testing::AllOf(HasSubstr("use=\"listener\"} "), HasSubstr("{cluster=\"prod\",name=\"prod\",use=\"sender\"} ")));
  EXPECT_THAT(shell(curl + " -d '{}'" + url + "prod"), HasSubstr("000 "));  // no certificate: no connection
  EXPECT_TRUE(test::becomes([&] {
    return shell("cat " + folder.path("data/alerts.jsonl")).find("attack_chain") != std::string::npos;
  })) << read_file(folder.path("serve.log"));
}

TEST(Deploy, TheImageHasTheLibrariesOfTheProgram) {
  const std::string file = read_file(kDeploy + "Containerfile");
  const size_t stage = file.rfind("\nFROM ");
  std::set<std::string> missing;
  const std::string libraries = shell(
      "ldd " KUBEVIGIL_BINARY " | grep -o '/[^ ]*' | xargs -n1 readlink -f | xargs dpkg -S 2>/dev/null | cut -d: -f1");
  for (size_t begin = 0, end; (end = libraries.find('\n', begin)) != libraries.npos; begin = end + 1) {
    const std::string package = libraries.substr(begin, end - begin);
    const std::set<std::string> always = {"libc6", "libgcc-s1", "libstdc++6", "exit 0", "exit 123"};
    if (always.contains(package) || package.find("asan") != package.npos || package.find("san") != package.npos)
      continue;
    if (file.find(" " + package + " ", stage) == file.npos) missing.insert(package);
  }
  EXPECT_EQ(missing, std::set<std::string>{});
  EXPECT_NE(libraries.find("libre2"), libraries.npos) << libraries;
}

}  // namespace
}  // namespace kubevigil::e2e
