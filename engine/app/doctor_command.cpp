// `kubevigil doctor`: options, and the order of the checks.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/doctor.h"

namespace kubevigil {
namespace {

struct DoctorFlags {
  std::string config, url, kubeconfig, policy, manifest, format = "text";
};

void run_doctor(const DoctorFlags& flags, Context& context) {
  Result<LoadedConfig> loaded = load_config(flags.config, environment());
  if (!loaded) return context.fail(kExitUsage, loaded.error().message);
  Findings found;
  examine_config(*loaded, found, context.env);
  const bool readable = loaded->is_yaml;
  const Config& config = loaded->config;
  if (readable && !config.data.empty()) examine_data(config, found, context.env);
  examine_clock(found);
  if (readable) examine_listeners(config, flags.url, found, context.env);
  if (!flags.kubeconfig.empty()) examine_sender(flags.kubeconfig, found, context.env);
  if (!flags.manifest.empty()) examine_api_server(flags.manifest, readable ? &config : nullptr, found);
  if (!flags.policy.empty()) examine_policy(flags.policy, config.rules, context, found);
  if (!loaded->diagnostics.has_errors()) examine_inputs(config, found, context.env);
  if (readable) examine_running(config, found, context.env);
  if (!loaded->diagnostics.has_errors()) examine_outputs(config, found, context.env);
  context.console.data(flags.format == "json" ? findings_as_json(found) : findings_as_text(found, context.color_out()));
  if (found.failed()) context.exit_code = kExitGate;
}

}  // namespace

void add_doctor(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("doctor", "Check a set-up from end to end; exit 1 when something fails");
  command->footer(
      "Examples:\n  kubevigil doctor -c /etc/kubevigil/kubevigil.yaml\n"
      "  kubevigil doctor -c kubevigil.yaml --kubeconfig webhook-kubeconfig.yaml --policy policy.yaml \\\n"
      "    --apiserver-manifest /etc/kubernetes/manifests/kube-apiserver.yaml");
  auto flags = std::make_shared<DoctorFlags>();
  command->add_option("-c,--config", flags->config, "The configuration of serve")->required()->type_name("FILE");
  command->add_option("--url", flags->url, "Under which API servers know us: is the certificate for it")
      ->type_name("URL");
  command
      ->add_option("--kubeconfig", flags->kubeconfig,
                   "File of --audit-webhook-config-file: posts an empty list with it")
      ->type_name("FILE");
  command->add_option("--policy", flags->policy, "Audit policy: what loaded rules cannot see under it")
      ->type_name("FILE");
  command->add_option("--apiserver-manifest", flags->manifest, "kube-apiserver.yaml: its audit flags")
      ->type_name("FILE");
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  command->callback([flags, &context] { run_doctor(*flags, context); });
}

}  // namespace kubevigil
