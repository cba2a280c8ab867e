// Batches of live streams written down by hand, judged, and handed to a Detector; what comes out as text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/run/batch_judge.h"
#include "engine/run/detector.h"
#include "tests/run/replay_stream.h"

namespace kubevigil {

inline constexpr int64_t kTaken = kStart + 100'000;  // arrival, unless told; behind every event of the tests

// Records as one batch of a stream.
inline LiveBatch live_batch(const std::string& stream, const std::vector<std::string>& records,
                            Duration slack = Duration::seconds(2)) {
  LiveBatch live;
  MemoryInput input(stream, 0, records, size_t{1} << 30);
  if (!records.empty()) input.next(live.batch);
  live.stream = stream;
  live.taken = Timestamp{kTaken * 1'000'000};
  live.slack = slack;
  return live;
}

class LiveScript {
 public:
  explicit LiveScript(std::shared_ptr<const Program> program, DetectorOptions options = {})
      : options_(options), detector_(std::make_unique<Detector>(program, options)) {
    use(std::move(program));
  }

  void batch(LiveBatch live) {
    JudgedBatch judged;
    judged.batch = std::move(live.batch);
    judge_->judge(judged);
    names_.push_back(detector_->process(live, judged, out_));
  }
  void batch(const std::string& stream, const std::vector<EventText>& events, Duration slack = Duration::seconds(2)) {
    std::vector<std::string> records;
    for (const EventText& event : events) records.push_back(json_of(event));
    batch(live_batch(stream, records, slack));
  }
  void idle(const std::string& stream) { detector_->idle(stream, out_); }

  void save_and_load() {
    const std::string bytes = detector_->save();
    detector_ = std::make_unique<Detector>(program_, options_);
    const auto loaded = detector_->load(bytes);
    EXPECT_TRUE(loaded.has_value());
    EXPECT_EQ(detector_->save(), bytes);
  }
  void reload(std::shared_ptr<const Program> next) {
    auto swapped = std::make_unique<Detector>(next, options_);
    use(std::move(next));
    swapped->take_over(*detector_, out_);
    detector_ = std::move(swapped);
  }

  // Another run with the same past.
  static LiveScript copy_of(LiveScript& script) {
    LiveScript copy(script.program_, script.options_);
    EXPECT_TRUE(copy.detector_->load(script.saved()).has_value());
    copy.out_ = script.out_;
    return copy;
  }

  Detector& detector() { return *detector_; }
  DetectorCounters counters() const { return detector_->counters(); }
  std::string saved() const { return detector_->save(); }
  const std::vector<Alert>& alerts() const { return out_; }
  const std::string& last_name() const { return names_.back(); }
  // "open 1 secret_read": status, revision, rule.
  std::string log() const {
    std::string text;
    for (const Alert& a : out_) text += fmt::format("{} {} {}\n", to_text(a.status), a.revision, a.rule_name);
    return text;
  }
  std::string json() const {
    std::string text;
    for (const Alert& a : out_) text += to_json(a) + "\n";
    return text;
  }

 private:
  void use(std::shared_ptr<const Program> program) {
    program_ = std::move(program);
    judge_ = std::make_unique<BatchJudge>(program_, JudgeOptions{.range = {}, .cluster = {}, .key = options_.key});
  }

  std::shared_ptr<const Program> program_;
  std::unique_ptr<BatchJudge> judge_;
  DetectorOptions options_;
  std::unique_ptr<Detector> detector_;
  std::vector<Alert> out_;
  std::vector<std::string> names_;
};

// Somebody reads a secret.
inline EventText secret(int64_t second, const std::string& id, const std::string& ns = "a",
                        const std::string& user = "alice") {
  EventText event;
  event.second = second;
  event.id = id;
  event.ns = ns;
  event.user = user;
  return event;
}

// No rule is about it: time passes.
inline EventText tick(int64_t second) {
  EventText event = secret(second, fmt::format("tick {}", second));
  event.resource = "nodes";
  return event;
}

// Who reads a secret must have made one of `resource` within two minutes. `more`: further members of the last rule's
// extension.
inline std::string absence_rules(const std::string& resource, const std::string& more = "") {
  return R"(
title: Asked
id: 11111111-1111-4111-8111-111111111111
name: asked
status: test
level: informational
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: get, objectRef.resource: secrets}, condition: sel}
---
title: Answered
id: 22222222-2222-4222-8222-222222222222
name: answered
status: test
level: informational
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: create, objectRef.resource: )" +
         resource + R"(}, condition: sel}
---
title: Unanswered
id: 33333333-3333-4333-8333-333333333333
name: unanswered
status: test
level: high
correlation: {type: absence, rules: [asked], group-by: [user.username], timespan: 2m}
kubevigil: {absence: {expect: [answered]})" +
         more + "}\n";
}

}  // namespace kubevigil
