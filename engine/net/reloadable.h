// Reloadable: a value made from files, replaced when their contents change. Readers keep what they took; a reload that
// fails changes nothing. All threads; one reload at a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/base/result.h"

namespace kubevigil {

template <typename T>
class Reloadable {
 public:
  std::shared_ptr<const T> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  struct Made {
    std::string hash;  // of all that was read
    std::shared_ptr<const T> value;
  };
  // `make(hash in use)` gives a Result<Made>; with the hash in use its value may be null. True: the value was replaced.
  template <typename Make>
  Result<bool> reload(const Make& make) {
    const std::lock_guard one_at_a_time(reloading_);
    Result<Made> made = make(std::as_const(hash_));
    if (!made) return tl::unexpected(made.error());
    if (made->hash == hash_) return false;
    hash_ = std::move(made->hash);
    const std::lock_guard lock(mutex_);
    current_ = std::move(made->value);
    return true;
  }

 private:
  std::mutex reloading_;
  std::string hash_;  // under reloading_
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
};

}  // namespace kubevigil
