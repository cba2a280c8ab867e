#include "tests/soak/soak_folder.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "tests/support/daemon.h"

namespace kubevigil::test {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCertificateLife = 90 * 86'400;  // seconds; of one that soon expires the program complains
constexpr const char* kDiskSize = "size=1g,mode=0700";

// One alert for each object, so that each accepted event that makes one can be found; and two counts over them.
constexpr const char* kRules = R"(
title: An object of the soak was created
id: 0c4b1a5e-58a0-4c7e-9d43-6fb5b0a8a0d1
name: soak_object
status: test
level: low
logsource: {product: kubernetes, service: audit}
detection:
  created: {verb: create, objectRef.resource: configmaps, objectRef.name|startswith: soak-}
  condition: created
kubevigil:
  dedup: {by: [objectRef.name], period: 5s}
---
title: One user created many objects of the soak
id: 5b4f1d0e-9a0b-4d55-8a34-2f4de2a1c0d2
name: soak_many_objects
status: test
level: medium
correlation:
  type: event_count
  rules: [soak_object]
  group-by: [user.username]
  timespan: 10m
  condition: {gte: 20}
  generate: true
---
title: One user created objects of the soak in many namespaces
id: 5b4f1d0e-9a0b-4d55-8a34-2f4de2a1c0d3
name: soak_many_namespaces
status: test
level: medium
correlation:
  type: value_count
  rules: [soak_object]
  group-by: [user.username]
  timespan: 5m
  condition: {field: objectRef.namespace, gte: 10}
  generate: true
)";

constexpr const char* kChangingRule = R"(
title: A rule that changes
id: 77777777-7777-4777-8777-777777777777
name: soak_changing
status: test
level: low
logsource: {{product: kubernetes, service: audit}}
detection:
  sel: {{verb: delete, user.username: "user-{0}"}}
  condition: {1}
)";

constexpr const char* kConfig = R"(data: {data}
instance: soak
threads: 2
rules: {{builtin: true, paths: [{files}/rules]}}
inputs:
  webhook:
    listen:
      - address: 127.0.0.1:{webhook}
        tls: {{certificate: {files}/server.pem, key: {files}/server.key, client-authorities: {files}/ca.pem}}
    credentials:
      - {{name: prod, common-name: kube-apiserver, authorities: {files}/ca.pem, clusters: [prod]}}
      - {{name: lab, token-file: {files}/token, clusters: [lab]}}
  tail: [{{path: {log}, cluster: edge}}]
state: {{snapshot-every: {snapshot}s}}
outputs:
  - name: out
    transport: file
    encoding: jsonl
    file: {{path: {files}/alerts/out.jsonl, rotate: 20MB, keep: 1000, sync: always}}
  - name: far
    transport: http
    encoding: jsonl
    retry: {{first: 200ms, most: 5s}}
    http: {{url: "http://127.0.0.1:{receiver}/"}}
  - name: nowhere
    transport: http
    encoding: jsonl
    retry: {{first: 1s, most: 5s, give-up-after: {give_up}s}}
    dead-letter: {files}/nowhere/dead.jsonl
    http: {{url: "http://127.0.0.1:9/"}}
admin: {{listen: "127.0.0.1:{admin}"}}
)";

}  // namespace

SoakFolder::SoakFolder()
    : disk_(files_.path("disk")),
      mounted_(mount_disk()),
      webhook_port_(free_port()),
      admin_port_(free_port()),
      receiver_port_(free_port()),
      authorities_{make_certificate({.common_name = "first authority", .authority = true}),
                   make_certificate({.common_name = "second authority", .authority = true})} {
  fs::create_directory(path("rules"));
  files_.write("rules/soak.yaml", kRules);
  files_.write("token", std::string(kToken) + "\n");
  files_.write("ca.pem", authorities_[0].certificate + authorities_[1].certificate);
  files_.write("ca-0.pem", authorities_[0].certificate);
  files_.write("ca-1.pem", authorities_[1].certificate);
  CertificateSpec sender{.common_name = "kube-apiserver"};
  sender.ends_in = kCertificateLife;
  const TestCertificate client = make_certificate(sender, &authorities_[0]);
  files_.write("client.pem", client.certificate);
  files_.write("client.key", client.key);
  change_rules(0, false);
  write_certificate(authorities_[0]);
}

SoakFolder::~SoakFolder() {
  if (mounted_) ::umount2(disk_.c_str(), MNT_DETACH);
}

bool SoakFolder::mount_disk() const {
  fs::create_directory(disk_);
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", disk_.c_str(), "tmpfs", 0, kDiskSize) == 0;
}

void SoakFolder::configure(const std::string& log, const SoakSettings& settings) {
  files_.write("kubevigil.yaml",
               fmt::format(fmt::runtime(kConfig), fmt::arg("data", data()), fmt::arg("files", path(".")),
                           fmt::arg("log", log), fmt::arg("webhook", webhook_port_), fmt::arg("admin", admin_port_),
                           fmt::arg("receiver", receiver_port_),
                           fmt::arg("snapshot", settings.snapshot_every.micros / 1'000'000),
                           fmt::arg("give_up", settings.give_up_after.micros / 1'000'000)));
}

uint64_t SoakFolder::data_bytes() const {
  uint64_t sum = 0;
  std::error_code gone;  // files go while we look
  for (auto entry = fs::recursive_directory_iterator(data(), gone); entry != fs::recursive_directory_iterator();
       entry.increment(gone)) {
    const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) sum += size;
  }
  return sum;
}

void SoakFolder::change_rules(int number, bool broken) {
  files_.write("rules/new", fmt::format(fmt::runtime(kChangingRule), number, broken ? "nothing" : "sel"));
  fs::rename(path("rules/new"), path("rules/changing.yaml"));
}

std::string SoakFolder::change_certificate() {
  const int authority = ++certificates_ % 2;
  write_certificate(authorities_[authority]);
  return path(fmt::format("ca-{}.pem", authority));
}

void SoakFolder::write_certificate(const TestCertificate& authority) {
  CertificateSpec spec{.common_name = "server", .alternative_names = {"IP:127.0.0.1"}};
  spec.ends_in = kCertificateLife;
  const TestCertificate made = make_certificate(spec, &authority);
  files_.write("server.pem", made.certificate);
  files_.write("server.key", made.key);
}

void SoakFolder::fill_disk() const {
  std::ofstream ballast(disk_ + "/ballast", std::ios::binary);
  for (std::string piece(1u << 20, 'x'); !piece.empty(); piece.resize(piece.size() / 2)) {
    while (ballast.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) continue;
    ballast.clear();
  }
}

void SoakFolder::free_disk() const { fs::remove(disk_ + "/ballast"); }

bool SoakFolder::is_full() const { return fs::exists(disk_ + "/ballast"); }

}  // namespace kubevigil::test
