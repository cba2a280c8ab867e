// The environment variables that are for tests. Programs that a test starts do not get them: `kubevigil` would warn of
// a variable that names no key.
#pragma once

#include <cstdlib>

namespace kubevigil::test {

inline constexpr const char* kTestVariables[] = {"KUBEVIGIL_CORPUS",        "KUBEVIGIL_SEED",
                                                 "KUBEVIGIL_SOAK",          "KUBEVIGIL_KAFKA",
                                                 "KUBEVIGIL_KAFKA_VERSION", "KUBEVIGIL_UPDATE_GOLDEN"};

// In a child, before it becomes the program.
inline void unset_test_variables() {
  for (const char* ours : kTestVariables) ::unsetenv(ours);
}

}  // namespace kubevigil::test
