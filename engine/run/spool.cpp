#include "engine/run/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "engine/base/hash.h"
#include "engine/codec/crc32c.h"
#include "engine/codec/zstd_block.h"

namespace kubevigil {
namespace {

constexpr uint64_t kUnknownLength = 1u << 20;  // announced at a time by a body that does not say how long it is

// The refusal, counted.
tl::unexpected<SpoolError> refused(SpoolAccount& account, SpoolError error) {
  const std::lock_guard hold(account.mutex);
  SpoolCounts& counts = account.counts;
  switch (error.reason) {
    case SpoolRefusal::Budget:
      ++counts.refused_budget;
      break;
    case SpoolRefusal::DiskFull:
      ++counts.refused_disk;
      break;
    case SpoolRefusal::TooLong:
      ++counts.refused_long;
      break;
    case SpoolRefusal::Broken:
      ++counts.refused_broken;
      break;
  }
  return tl::unexpected<SpoolError>(std::move(error));
}

constexpr uint64_t kSegmentsInBudget = 8;  // at least
constexpr std::string_view kReserveInUse = "the disk is full, only alerts are still written";

}  // namespace

SpoolError spool_error(const DiskError& error) {
  return {error.fault == DiskFault::Full ? SpoolRefusal::DiskFull : SpoolRefusal::Broken, error.message};
}

DiskResult<std::unique_ptr<Spool>> Spool::open(Disk& disk, SpoolOptions options) {
  std::unique_ptr<Spool> spool(new Spool(disk, std::move(options)));
  SegmentLogOptions log;
  log.folder = spool->options_.folder;
  log.name = "spool";
  // The newest segment is never trimmed, so it must leave most of the budget to others.
  log.segment_bytes = std::min(spool->options_.segment_bytes, spool->options_.budget / kSegmentsInBudget);
  log.secret = spool->options_.secret;
  auto opened = SegmentLog::open(disk, std::move(log));
  if (!opened) return tl::unexpected(opened.error());
  spool->log_ = std::move(*opened);
  spool->first_id_ = siphash("spool body", {spool->options_.secret, spool->log_->durable_end()}).low;
  spool->next_id_ = spool->first_id_;
  spool->commit_ = std::make_unique<GroupCommit>(*spool->log_, spool->options_.commit);
  return spool;
}

// On success the bytes are announced.
SpoolResult<void> Spool::admit(uint64_t bytes) {
  if (const auto broken = commit_->broken()) return refused(*account_, {SpoolRefusal::Broken, broken->message});
  const uint64_t announced = account_->announced.fetch_add(bytes) + bytes;
  const auto refuse = [&](SpoolRefusal reason, std::string message) {
    account_->announced -= bytes;
    return refused(*account_, {reason, std::move(message)});
  };
  const uint64_t used = log_->bytes() + commit_->queued_bytes() + announced;
  if (used > options_.budget) {
    return refuse(SpoolRefusal::Budget,
                  fmt::format("the spool would hold {} bytes, its budget is {}", used, options_.budget));
  }
  if (options_.reserve != nullptr && !options_.reserve->held()) {
    return refuse(SpoolRefusal::DiskFull, std::string(kReserveInUse));
  }
  const auto free = disk_.free_bytes(options_.folder);
  if (!free) return refuse(SpoolRefusal::Broken, free.error().message);
  if (*free < announced) {
    return refuse(SpoolRefusal::DiskFull, fmt::format("{} bytes are free on the disk, {} may come", *free, announced));
  }
  return {};
}

SpoolResult<std::unique_ptr<SpoolBody>> Spool::begin(SpoolSource source, std::optional<uint64_t> expected) {
  const uint64_t bytes = expected.value_or(kUnknownLength);
  if (expected && *expected > options_.body_bytes) {
    return refused(*account_, {SpoolRefusal::TooLong, fmt::format("a body of {} bytes, {} at most are taken", *expected,
                                                                  options_.body_bytes)});
  }
  if (account_->open >= limits::kSpoolOpenBodies) {
    return refused(*account_, {SpoolRefusal::Budget, "too many bodies are on their way"});
  }
  if (auto admitted = admit(bytes); !admitted) return tl::unexpected(admitted.error());
  submit_overdue();
  return std::unique_ptr<SpoolBody>(new SpoolBody(*this, next_id_++, std::move(source), bytes));
}

// What must be in the log before the next body: the start record, and aborts that found the disk full.
void Spool::submit_overdue() {
  std::vector<uint64_t> aborts;
  bool start = false;
  {
    const std::lock_guard hold(account_->mutex);
    start = !account_->started;
    account_->started = true;
    aborts.swap(account_->aborts);
  }
  if (start) {
    submit(
        SpoolKind::Start, encode_body_number(first_id_),
        [account = account_](const DiskResult<uint64_t>& result) {
          const std::lock_guard hold(account->mutex);
          account->started = result.has_value();
        },
        nullptr);
  }
  for (const uint64_t body : aborts) abort(body);
}

void Spool::abort(uint64_t body) {
  submit(
      SpoolKind::Abort, encode_body_number(body),
      [account = account_, body](const DiskResult<uint64_t>& result) {
        if (result || result.error().fault != DiskFault::Full) return;
        const std::lock_guard hold(account->mutex);
        account->aborts.push_back(body);
      },
      nullptr);
}

void Spool::submit(SpoolKind kind, std::string payload, GroupCommit::Done done, std::shared_ptr<CommitChain> chain) {
  commit_->submit(static_cast<uint32_t>(kind), std::move(payload), std::move(done), std::move(chain));
}

SpoolCounts Spool::counts() const {
  const std::lock_guard hold(account_->mutex);
  SpoolCounts counts = account_->counts;
  counts.open = account_->open;
  return counts;
}

SpoolBody::SpoolBody(Spool& spool, uint64_t id, SpoolSource source, uint64_t announced)
    : spool_(spool), id_(id), source_(std::move(source)), announced_(announced) {
  ++spool_.account_->open;
}

SpoolBody::~SpoolBody() {
  if (finished_) return;
  state_->failed = true;  // blocks that are still queued need not be written
  if (blocks_ > 0) spool_.abort(id_);
  --spool_.account_->open;
  spool_.account_->announced -= announced_;
  const std::lock_guard hold(spool_.account_->mutex);
  ++spool_.account_->counts.aborted;
}

SpoolResult<void> SpoolBody::announce(uint64_t bytes) {
  if (bytes > spool_.options_.body_bytes) {
    return refused(*spool_.account_, {SpoolRefusal::TooLong, fmt::format("a body of at least {} bytes, {} at most are "
                                                                         "taken",
                                                                         bytes, spool_.options_.body_bytes)});
  }
  while (announced_ < bytes) {
    if (auto admitted = spool_.admit(kUnknownLength); !admitted) return admitted;
    announced_ += kUnknownLength;
  }
  return {};
}

SpoolResult<void> SpoolBody::write(std::string_view chunk) {
  if (auto announced = announce(raw_bytes_ + chunk.size()); !announced) return announced;
  const size_t block = std::clamp<size_t>(spool_.options_.block_bytes, 1, kSpoolBlockBytes);
  raw_bytes_ += chunk.size();
  raw_crc_ = crc32c(chunk, raw_crc_);
  while (!chunk.empty()) {
    if (buffer_.size() == block) {  // the last block waits for the commit
      if (auto written = write_block(); !written) return written;
    }
    const size_t n = std::min(chunk.size(), block - buffer_.size());
    buffer_ += chunk.substr(0, n);
    chunk.remove_prefix(n);
  }
  return {};
}

SpoolResult<std::string> SpoolBody::compressed() {
  std::string frame;
  if (auto done = zstd_compress_block(buffer_, frame); !done) {
    return tl::unexpected(SpoolError{SpoolRefusal::Broken, done.error().message});
  }
  return frame;
}

// The reserve that is given back is for journal and alerts, not for bodies that were let in before.
SpoolResult<void> SpoolBody::check_reserve() {
  const DiskReserve* reserve = spool_.options_.reserve;
  if (reserve == nullptr || reserve->held()) return {};
  return refused(*spool_.account_, {SpoolRefusal::DiskFull, std::string(kReserveInUse)});
}

SpoolResult<void> SpoolBody::write_block() {
  if (auto room = check_reserve(); !room) return room;
  if (state_->failed) {
    const std::lock_guard hold(state_->mutex);
    const DiskError error = state_->error.value_or(DiskError{DiskFault::Full, "the disk is full"});
    return refused(*spool_.account_, spool_error(error));
  }
  const auto frame = compressed();
  if (!frame) return tl::unexpected(frame.error());
  const SpoolBlock block{id_, blocks_++, static_cast<uint32_t>(buffer_.size()), *frame};
  spool_.submit(
      SpoolKind::Block, encode_block(block),
      [state = state_](const DiskResult<uint64_t>& result) {
        if (result) return;
        const std::lock_guard hold(state->mutex);
        if (!state->error) state->error = result.error();
      },
      state_);
  buffer_.clear();
  return {};
}

void SpoolBody::commit(Done done) {
  if (const auto room = check_reserve(); !room) return done(tl::unexpected(room.error()));
  const auto frame = compressed();
  if (!frame) return done(tl::unexpected(frame.error()));
  finished_ = true;
  const SpoolCommit record{
      id_, blocks_, raw_bytes_, raw_crc_, std::move(source_), static_cast<uint32_t>(buffer_.size()), *frame};
  spool_.submit(
      SpoolKind::Commit, encode_commit(record),
      [account = spool_.account_, announced = announced_, bytes = raw_bytes_, id = id_, blocks = blocks_,
       done = std::move(done)](const DiskResult<uint64_t>& result) {
        --account->open;
        account->announced -= announced;
        if (!result) {
          if (blocks > 0) {
            const std::lock_guard hold(account->mutex);
            account->aborts.push_back(id);
          }
          return done(refused(*account, spool_error(result.error())));
        }
        {
          const std::lock_guard hold(account->mutex);
          ++account->counts.bodies;
          account->counts.raw_bytes += bytes;
        }
        done(*result);
      },
      state_);
}

SpoolResult<uint64_t> SpoolBody::commit() {
  const auto answer = std::make_shared<std::promise<SpoolResult<uint64_t>>>();
  auto future = answer->get_future();
  commit([answer](const SpoolResult<uint64_t>& result) { answer->set_value(result); });
  while (!spool_.options_.commit.own_thread && spool_.commit_->pump()) {
  }
  return future.get();
}

}  // namespace kubevigil
