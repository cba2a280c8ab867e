// Archive: saving and loading state through one function per type, so that the two can never disagree.
// Format: little-endian, LEB128 lengths; engine/state/README.md has the bytes. No versions inside: the container
// (snapshot, baseline) carries one and a checksum.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

class Archive {
 public:
  static Archive saving() { return Archive(true, {}); }
  // `bytes` must outlive the archive.
  static Archive loading(std::string_view bytes) { return Archive(false, bytes); }

  bool is_saving() const { return saving_; }
  bool failed() const { return failed_; }  // loading ran out of bytes or met an impossible length
  void fail() { failed_ = true; }
  const std::string& bytes() const& { return out_; }
  std::string bytes() && { return std::move(out_); }
  bool at_end() const { return in_.empty(); }

  void operator()(bool& v);
  void operator()(double& v);
  void operator()(std::string& v);
  void operator()(Hash128& v);
  void operator()(Timestamp& v);
  template <typename T>
    requires(std::is_integral_v<T> || std::is_enum_v<T>)
  void operator()(T& v) {
    uint64_t wide = static_cast<uint64_t>(v);
    number(wide);
    v = static_cast<T>(wide);
  }
  // A length; loading checks it against the bytes that are left (each element takes at least one).
  void size(uint64_t& n);
  template <typename T, typename F>
  void each(std::vector<T>& items, F&& archive_one) {
    uint64_t n = items.size();
    size(n);
    if (!saving_) items.resize(failed_ ? 0 : n);
    for (T& item : items) archive_one(item);
  }

 private:
  Archive(bool saving, std::string_view in) : saving_(saving), in_(in) {}
  void number(uint64_t& v);   // LEB128
  void fixed64(uint64_t& v);  // eight bytes, little-endian

  bool saving_;
  bool failed_ = false;
  std::string out_;
  std::string_view in_;
};

}  // namespace kubevigil
