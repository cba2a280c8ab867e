// `kubevigil doctor`: does a set-up work from end to end, and if not, what to mend. Each check says one line or a few,
// in this order; all of them run, whatever the first found; only inputs and outputs are left out when the configuration
// has errors.
//
//   config       the configuration as `config check` sees it
//   data         rights and room of the data folder, time of an fdatasync
//   clock        whether the machine's clock is kept
//   listener     each listener: somebody answers, names and end of its certificate
//   sender       --kubeconfig: the webhook's kubeconfig posts an empty list and gets 200
//   api-server   --apiserver-manifest: flags of the audit webhook
//   policy       --policy: what the audit policy does not show to loaded rules
//   input        each Kafka input's topics can be read, and hold events
//   running      the instance at the admin listener: ready, rules, sinks
//   events       whether events come, from whom, how late
//   output       each output's receiver can be connected to
//
// Nothing is changed, but for a file of 120 KiB that is written, synced and removed in the data folder, and an empty
// list that is posted. What is found is for people: texts are printed through printable().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/app/config_load.h"
#include "engine/app/context.h"
#include "engine/base/env.h"

namespace kubevigil {

enum class Verdict : uint8_t { Ok, Warn, Fail };

struct Finding {
  Verdict verdict = Verdict::Ok;
  std::string check;  // "listener"
  std::string what;   // what was found and where
  std::string mend;   // what to do; empty for Ok
};

class Findings {
 public:
  void ok(std::string_view check, std::string what) { add(Verdict::Ok, check, std::move(what), {}); }
  void warn(std::string_view check, std::string what, std::string mend) {
    add(Verdict::Warn, check, std::move(what), std::move(mend));
  }
  void fail(std::string_view check, std::string what, std::string mend) {
    add(Verdict::Fail, check, std::move(what), std::move(mend));
  }
  const std::vector<Finding>& all() const { return all_; }
  bool failed() const;

 private:
  void add(Verdict verdict, std::string_view check, std::string what, std::string mend) {
    all_.push_back({verdict, std::string(check), std::move(what), std::move(mend)});
  }
  std::vector<Finding> all_;
};

std::string findings_as_text(const Findings& findings, bool color);
std::string findings_as_json(const Findings& findings);

// doctor_data.cpp
void examine_config(LoadedConfig& loaded, Findings& out, const Env& env);
void examine_data(const Config& config, Findings& out, const Env& env);
void examine_clock(Findings& out);
// doctor_listener.cpp; `url`: under which senders know us, or ""
void examine_listeners(const Config& config, const std::string& url, Findings& out, const Env& env);
// doctor_sender.cpp
void examine_sender(const std::string& kubeconfig, Findings& out, const Env& env);
// doctor_inputs.cpp
void examine_inputs(const Config& config, Findings& out, const Env& env);
// doctor_running.cpp
void examine_running(const Config& config, Findings& out, const Env& env);
// doctor_outputs.cpp
void examine_outputs(const Config& config, Findings& out, const Env& env);
// doctor_apiserver.cpp; `config`: for its slack, or null
void examine_api_server(const std::string& manifest, const Config* config, Findings& out);

// doctor_policy.cpp
void examine_policy(const std::string& file, const RulesConfig& config, const Context& context, Findings& out);

// A mend for what keeps a Kafka input from being read.
inline constexpr const char* kKafkaAdvice =
    "look at brokers, topics, properties and secrets, and at the brokers' ACLs: Describe and Read on the topics, "
    "Describe "
    "and Read on the group";

// A mend for the problem that OpenSSL has with a server's certificate, as ServerLook::why has it.
std::string certificate_advice(const std::string& why, const std::string& host);

}  // namespace kubevigil
