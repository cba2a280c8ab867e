// Bodies that a client would write to mislead a reader: members named like the envelope's, brackets and quotes in
// strings, runs of backslashes, texts outside ASCII, and events of 100 KiB.
#pragma once

#include <string>

#include "bench/random.h"

namespace kubevigil::bench {

// One valid JSON object. Every tenth is about 100 KiB, the others 1-8 KB.
std::string hostile_body(Random& random);

}  // namespace kubevigil::bench
