// Alerts for the encodings: hostile ones by hand, and random ones that draw texts from everything an attacker may
// write.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/alert/alert.h"

namespace kubevigil::test {

// Texts that break media: terminal escapes, markup, mentions, quotes, separators of CEF, CSV and syslog, ill-formed
// UTF-8, bidirectional controls, long ones, empty ones.
const std::vector<std::string>& hostile_texts();
// Every member set, each text one of the hostile ones.
Alert hostile_alert(size_t which);
// Any member may be missing or hostile; the same seed gives the same alert.
Alert random_alert(uint64_t seed);

}  // namespace kubevigil::test
