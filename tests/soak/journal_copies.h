// JournalCopies: data folders as kill -9 left them, each run again with `replay --journal` beside the soak.
//
//   copies.take();          between kill and restart
//   copies.problems()       waits; what is wrong, one a line. The alerts that came out the same: copies.same()
#pragma once

#include <future>
#include <string>
#include <vector>

#include "tests/soak/soak_folder.h"

namespace kubevigil::test {

class JournalCopies {
 public:
  JournalCopies(std::string program, const SoakFolder& folder) : program_(std::move(program)), folder_(folder) {}

  void take();
  std::vector<std::string> problems();
  size_t same() const { return same_; }
  size_t taken() const { return taken_; }

 private:
  struct Outcome {
    int code = 0;
    std::string said;  // on stderr
  };
  Outcome replay(const std::string& copy) const;

  const std::string program_;
  const SoakFolder& folder_;
  size_t taken_ = 0, same_ = 0;
  std::vector<std::future<Outcome>> running_;
};

}  // namespace kubevigil::test
