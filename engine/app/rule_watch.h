// RuleWatch: notices that the rules of a selection are others than those in use, and makes them ready beside the
// running ones: texts, parsed, linked, compiled. Whoever takes them swaps a pointer between two batches
// (engine/run/live_pipeline.h).
//
// What counts is the content that the selection resolves to (files, lists, through all links; the date, for exceptions
// that expire), not times or inodes: a rename by an editor, `git pull`, or the ..data link of a mounted ConfigMap are
// one thing here. A change is taken when two polls one after the other saw the same, so that files half written and
// folders half copied are waited for; when somebody asked (SIGHUP), at once.
//
// Rejected, and the rules in use stay: a path that cannot be read, any error in any rule, with `strict` any warning
// too, no rule left. (At a start a broken rule is left out and said, since the choice is then between the rest and
// nothing.) Each rejection is said once, with the place, the line and a caret; again when somebody asks. Rules that
// nobody could take (no space to keep them) are said the same, and offered again at each poll.
//
// poll() does all the work, in the thread that calls it: parsing and compiling take a second for thousands of rules, so
// never a thread of the pipeline. Clock: the caller's, as an argument.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/app/rule_selection.h"
#include "engine/base/log.h"
#include "engine/match/program.h"
#include "engine/run/rule_bundle.h"

namespace kubevigil {

// Rules ready to run, and all that it takes to make them again.
struct ReadyRules {
  RuleBundle bundle;
  std::string hash;  // bundle_hash: RuleStore::keep() it before anything on the disk names it
  std::shared_ptr<const Program> program;
  LoadedRules loaded;  // diagnostics, skipped rules; its `rules` have moved to the program
};

// Loads and compiles what the selection resolves to now, as at a start: broken rules are left out. Errors: a path that
// cannot be read, no rule left, with `strict` any problem.
Result<ReadyRules> ready_rules(const RuleSelection& selection, std::map<std::string, std::string> settings,
                               Timestamp now);
// The same of a bundle that was kept.
Result<ReadyRules> ready_rules(RuleBundle bundle);

class RuleWatch {
 public:
  struct Options {
    RuleSelection selection;
    std::map<std::string, std::string> settings;  // RuleBundle::settings of every bundle made here
    // In use from its return on. Error: the old ones stay in use, and the next poll tries again.
    std::function<Result<void>(ReadyRules)> take;
    std::function<void(const std::string& detail)> rejected;  // raises the self-alert
    std::function<void()> mended = {};  // behind a rejection: what is on the disk is in use again; ends it
  };
  struct Counters {
    uint64_t taken = 0, rejected = 0;
    bool behind = false;  // what is on the disk was rejected: something older runs
  };

  // `in_use`: what runs now. When the disk says something else already, that is a change like any other.
  RuleWatch(Options options, const ReadyRules& in_use, Log& log);

  // Every few seconds, and when `asked`. `now` gives the date for exceptions that expire.
  void poll(Timestamp now, bool asked = false);
  const Counters& counters() const { return counters_; }  // poll's thread

 private:
  void try_bundle(RuleBundle bundle, const std::string& state, bool asked);
  void hold_back(const std::string& why, const std::string& state, bool asked);
  void reject(const Diagnostics& problems, const SourceTexts& texts);
  void set_mended();

  const Options options_;
  Log& log_;
  std::string in_use_;        // hash of the bundle
  std::string in_use_texts_;  // the same without its date
  std::string in_use_rules_;  // RuleSet::hash
  std::string seen_;          // what the last poll saw
  std::string settled_;       // what was taken or rejected last
  std::string held_back_;     // what could not be taken, and that was said
  Counters counters_;
};

}  // namespace kubevigil
