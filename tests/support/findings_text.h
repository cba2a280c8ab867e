// Findings of `kubevigil doctor` as lines that tests compare: "fail sender: what -> mend".
#pragma once

#include <string>
#include <vector>

#include "engine/app/doctor.h"

namespace kubevigil::test {

inline std::vector<std::string> lines_of(const Findings& findings) {
  std::vector<std::string> out;
  for (const Finding& f : findings.all()) {
    const std::string verdict = f.verdict == Verdict::Ok ? "ok " : f.verdict == Verdict::Warn ? "warn " : "fail ";
    out.push_back(verdict + f.check + ": " + f.what + (f.mend.empty() ? "" : " -> " + f.mend));
  }
  return out;
}

}  // namespace kubevigil::test
