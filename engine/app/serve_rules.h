// What `serve` runs with, as values that are kept: the settings beside the rules of a bundle (how inputs are read, how
// state is kept), and LiveRules made of a bundle, the present one or one that a journal names.
//
// Settings, by name (durations in microseconds):
//   redact          on or off, and the print of the key file, "" without one
//   state           bytes
//   webhook         slack, idle-after, native or any
//   kafka.../NAME   as serve_kafka.h says
//   tail/PATH       slack, idle-after, native or any, start (0 oldest, 1 live, 2 end), cluster up to the end
// words with a blank between them. What is not named there does not change an alert.
//
// A bundle of an earlier life is run with the key of redaction of today, which may not be its own: ids and revisions do
// not depend on it, and texts that the journal holds stay. It redacts when redaction was on then or is on now: what
// recovery has to add leaves in plain words only where it would have then and would now. Alerts that are open keep the
// texts that they opened with.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/app/config.h"
#include "engine/app/rule_watch.h"
#include "engine/app/serve_kafka.h"
#include "engine/base/env.h"
#include "engine/run/live_rules.h"
#include "engine/run/rule_bundle.h"
#include "engine/run/spool.h"

namespace kubevigil {

using BundleSettings = std::map<std::string, std::string>;

// The error names the redact key file.
Result<Redactor> redactor_of(const Config& config);
BundleSettings bundle_settings(const Config& config);
RuleSelection selection_of(const RulesConfig& config);

// The inputs that settings name, but for those of Kafka that no client reads. Spool and env outlive them.
LiveInputs open_inputs(const BundleSettings& settings, Spool& spool, const Env& env, const KafkaClients& kafka = {});

// Bundles in use and kept. All threads. What it is given outlives it, and the rules that it makes.
class ServeRules {
 public:
  // `redactor`: of today.
  ServeRules(RuleStore& store, Spool& spool, const Env& env, HashKey key, Redactor redactor, KafkaClients kafka = {})
      : store_(store), spool_(spool), env_(env), key_(key), redactor_(std::move(redactor)), kafka_(std::move(kafka)) {}

  // Ready to run; before anything on the disk names their hash, keep() them.
  std::shared_ptr<const LiveRules> live(const ReadyRules& ready) const;
  // As RuleStore::keep.
  DiskResult<void> keep(const ReadyRules& ready, DiskReserve* reserve = nullptr);
  // Of the store.
  Result<LiveRules> load(const std::string& hash);
  // Removes the bundles that are not among these, but for those on their way into the journal (RuleStore).
  void remove_unused(const std::set<std::string>& needed);

 private:
  LiveRules make(const ReadyRules& ready) const;

  RuleStore& store_;
  Spool& spool_;
  const Env& env_;
  const HashKey key_;
  const Redactor redactor_;
  const KafkaClients kafka_;
};

}  // namespace kubevigil
