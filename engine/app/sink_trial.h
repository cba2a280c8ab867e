// One marked test alert through exactly one output: its encoding, its transport, its credentials; and what the consumer
// said, in plain words. Filter, rate limit and the running program are not touched. Of a file output the alert goes to
// PATH.test, which is removed again with the folders that were made for it: the file itself belongs to the program that
// runs. Nothing that is there is touched.
#pragma once

#include <string>

#include "engine/app/config.h"
#include "engine/base/disk.h"
#include "engine/base/env.h"
#include "engine/run/output.h"

namespace kubevigil {

inline constexpr std::string_view kTrialRuleId = "0b8e6a55-6f38-4a57-9d0b-9a8f3c1f7a11";
inline constexpr std::string_view kTrialRuleName = "kubevigil_test_alert";

// Says in every text a person could read that it is a test. Its id is new each time.
Alert trial_alert(const std::string& instance, Level level, const Env& env);

struct Trial {
  bool delivered = false;
  std::string words;  // printable lines, the first one says how it ended; no secrets
};
Trial try_output(const OutputConfig& output, const std::string& instance, Level level, Disk& disk, const Env& env);

// "https://collector:9200", "syslog tls://host:6514", a path: where an output goes, without what may be secret.
std::string destination(const OutputConfig& output);

}  // namespace kubevigil
