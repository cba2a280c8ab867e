// TailLive: a tailed log (tail_input.h) as a LiveInput. Its name, its stream and its files' name in alerts are
// "tail/PATH"; positions are those of tail_position.h, "" is TailLiveOptions::start. One thread; interrupt by all.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/run/live_input.h"
#include "inputs/tail_input.h"

namespace kubevigil {

struct TailLiveOptions {
  std::string path;
  std::string cluster = {};
  TailStart start = TailStart::Oldest;
  Duration slack = Duration::seconds(2);
  Duration idle_after = Duration::seconds(15);
  FormatsPtr formats = native_formats();
  size_t batch_bytes = 1u << 20;
};

class TailLive final : public LiveInput {
 public:
  // `env` gives the time of arrival and outlives the input.
  TailLive(TailLiveOptions options, const Env& env);

  const std::string& name() const override { return name_; }
  LiveStep poll(LiveBatch& batch, size_t most_pieces = SIZE_MAX, std::string_view only = {}) override;
  void wait(Duration most) override { tail_->wait(most); }
  void interrupt() override { stop_.store(1); }
  bool seek(std::string_view source, std::string_view position) override;
  std::string problem() const override { return tail_->problem(); }

  LiveInputCounts counts() const override;
  std::string position() const;  // the `from` of the next batch

 private:
  void open(std::optional<TailPosition> from);

  const TailLiveOptions options_;
  const Env& env_;
  const std::string name_;
  std::atomic<int> stop_ = 0;
  std::unique_ptr<TailInput> tail_;
  TailBatch scratch_;
};

}  // namespace kubevigil
