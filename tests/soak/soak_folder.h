// SoakFolder: everything that a soak keeps on disks: configuration, certificates, rules, what the file sink wrote; and
// the data folder of `serve` on a disk of its own that can be filled.
//
// The disk is a tmpfs, mounted where only this process and its children see it. That takes root and a kernel that
// allows it; otherwise the data folder is a plain one, can_fill() is false, and the full disk is left out of the soak.
// REQUIRES: made before there are threads.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/timestamp.h"
#include "tests/support/certificates.h"

namespace kubevigil::test {

struct SoakSettings {
  Duration snapshot_every, give_up_after;  // the latter of the output that leads nowhere
};

class SoakFolder {
 public:
  SoakFolder();
  ~SoakFolder();
  SoakFolder(const SoakFolder&) = delete;
  SoakFolder& operator=(const SoakFolder&) = delete;

  std::string path(const std::string& name) const { return files_.path(name); }
  std::string config() const { return files_.path("kubevigil.yaml"); }
  std::string data() const { return disk_ + "/data"; }
  uint64_t data_bytes() const;
  static constexpr const char* kToken = "0123456789abcdef";

  // `log`: the file that is followed.
  void configure(const std::string& log, const SoakSettings& settings);
  uint16_t webhook_port() const { return webhook_port_; }
  uint16_t admin_port() const { return admin_port_; }
  uint16_t receiver_port() const { return receiver_port_; }

  // Rules of another meaning each time; `broken`: with an error in them.
  void change_rules(int number, bool broken);
  // A server certificate by the other one of two authorities; the path of the authority's.
  std::string change_certificate();

  bool can_fill() const { return mounted_; }
  void fill_disk() const;  // to the last byte
  void free_disk() const;
  bool is_full() const;  // between the two

 private:
  void write_certificate(const TestCertificate& authority);
  bool mount_disk() const;

  const TestFolder files_;
  const std::string disk_;
  const bool mounted_;
  const uint16_t webhook_port_, admin_port_, receiver_port_;
  const TestCertificate authorities_[2];
  int certificates_ = 0;
};

}  // namespace kubevigil::test
