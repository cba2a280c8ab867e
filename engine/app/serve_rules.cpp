#include "engine/app/serve_rules.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "engine/app/private_file.h"
#include "engine/app/redact_option.h"
#include "engine/app/setting_words.h"
#include "engine/event/formats.h"
#include "engine/run/spool_input.h"
#include "inputs/tail_live.h"

namespace kubevigil {
namespace {

constexpr std::string_view kTail = "tail/";

std::string reading(Duration slack, Duration idle_after, const std::vector<std::string>& formats) {
  return fmt::format("{} {} {}", slack.micros, idle_after.micros, format_word(formats));
}

std::string setting(const BundleSettings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

}  // namespace

Result<Redactor> redactor_of(const Config& config) {
  return make_redactor({config.redact ? "on" : "off", config.redact_key_file});
}

BundleSettings bundle_settings(const Config& config) {
  BundleSettings out;
  std::string print;
  if (!config.redact_key_file.empty()) {
    if (const auto bytes = read_whole_file(config.redact_key_file)) print = sha256_hex(sha256_hex(*bytes));
  }
  out["redact"] = fmt::format("{} {}", config.redact ? "on" : "off", print);
  out["state"] = std::to_string(config.state.memory);
  if (const auto& webhook = config.inputs.webhook) {
    out["webhook"] = reading(webhook->slack, webhook->idle_after, webhook->formats);
  }
  for (const TailConfig& tail : config.inputs.tail) {
    out[std::string(kTail) + tail.path] = fmt::format("{} {} {}", reading(tail.slack, tail.idle_after, tail.formats),
                                                      static_cast<int>(tail.start), tail.cluster);
  }
  for (const KafkaInputConfig& kafka : config.inputs.kafka) add_kafka_settings(kafka, out);
  return out;
}

RuleSelection selection_of(const RulesConfig& config) {
  RuleSelection selection;
  selection.paths = config.paths;
  selection.no_builtin = !config.builtin;
  selection.preset = config.preset;
  selection.strict = config.strict;
  selection.trusted_proxies = config.trusted_proxies;
  return selection;
}

LiveInputs open_inputs(const BundleSettings& settings, Spool& spool, const Env& env, const KafkaClients& kafka) {
  LiveInputs out;
  for (const auto& [name, value] : settings) {
    std::string_view text = value;
    if (name == "webhook") {
      SpoolInputOptions options;
      read_waiting(text, options);
      out.push_back(std::make_unique<SpoolInput>(spool, options));
    } else if (name.starts_with(kTail)) {
      TailLiveOptions options{.path = name.substr(kTail.size())};
      read_waiting(text, options);
      options.start = static_cast<TailStart>(number_of(next_word(text)));
      options.cluster = text;
      out.push_back(std::make_unique<TailLive>(std::move(options), env));
    } else if (name.starts_with(kKafkaSetting)) {
      if (auto input = open_kafka_input(name, settings, kafka, env)) out.push_back(std::move(input));
    }
  }
  return out;
}

LiveRules ServeRules::make(const ReadyRules& ready) const {
  LiveRules rules;
  rules.hash = ready.hash;
  rules.program = ready.program;
  const BundleSettings& settings = ready.bundle.settings;
  rules.detector.key = key_;
  const bool redacted_then = !setting(settings, "redact").starts_with("off");
  rules.detector.redactor = redactor_.switched(redacted_then || redactor_.enabled());
  rules.as_then = redacted_then || !redactor_.enabled();
  rules.detector.state_bytes = static_cast<size_t>(number_of(setting(settings, "state")));
  rules.open_inputs = [settings, &spool = spool_, &env = env_, &kafka = kafka_] {
    return kubevigil::open_inputs(settings, spool, env, kafka);
  };
  return rules;
}

std::shared_ptr<const LiveRules> ServeRules::live(const ReadyRules& ready) const {
  return std::make_shared<const LiveRules>(make(ready));
}

DiskResult<void> ServeRules::keep(const ReadyRules& ready, DiskReserve* reserve) {
  if (const auto kept = store_.keep(ready.bundle, reserve); !kept) return tl::unexpected(kept.error());
  return {};
}

Result<LiveRules> ServeRules::load(const std::string& hash) {
  auto bundle = store_.load(hash);
  if (!bundle) return fail(bundle.error().message);
  auto ready = ready_rules(std::move(*bundle));
  if (!ready) return tl::unexpected(ready.error());
  return make(*ready);
}

void ServeRules::remove_unused(const std::set<std::string>& needed) {
  (void)store_.remove_unused(needed);  // what stays is looked at again behind the next snapshot
}

}  // namespace kubevigil
