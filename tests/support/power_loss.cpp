#include "tests/support/power_loss.h"

#include <map>
#include <random>

#include "engine/run/snapshot_store.h"
#include "engine/run/spool_reader.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil::test {
namespace {

class Program {
 public:
  Program(uint64_t seed, const std::string& ignored) : random_(seed) {
    if (!ignored.empty()) disk_.ignore_sync(ignored);
  }

  PowerLossRun run() {
    const size_t lives = 3 + below(4);
    for (size_t life = 0; life < lives && result_.broken.empty(); ++life) {
      plan_faults();
      live();
      open_.clear();
      spool_.reset();
      snapshots_.reset();
      end_life();
    }
    if (result_.broken.empty()) start();
    spool_.reset();
    result_.sync_places = disk_.sync_places();
    return result_;
  }

 private:
  struct OpenBody {
    std::unique_ptr<SpoolBody> body;
    std::string bytes;
  };

  size_t below(size_t n) { return random_() % n; }
  void broken(const std::string& what) {
    if (result_.broken.empty()) result_.broken = what;
  }

  void plan_faults() {
    off_ = below(5) != 0;
    if (off_) disk_.fault_at(1 + below(60), Fault::PowerOff);
    const Fault kOther[] = {Fault::Broken, Fault::Full, Fault::Short, Fault::Interrupt};
    if (below(3) == 0) disk_.fault_at(1 + below(60), kOther[below(4)]);
  }

  void end_life() {
    result_.lives_cut += off_;
    if (below(3) == 0) {
      disk_.kill_process();
    } else {
      disk_.lose_power(random_());
    }
  }

  void live() {
    if (!start()) return;
    const size_t steps = below(80);
    for (size_t i = 0; i < steps && result_.broken.empty(); ++i) step();
  }

  // Recovery, and the check of everything. False: the disk stopped in between.
  bool start() {
    SpoolOptions options;
    options.folder = "/spool";
    options.segment_bytes = 6000;
    options.block_bytes = 1500;
    options.secret = random_();
    options.commit.own_thread = false;
    auto spool = Spool::open(disk_, options);
    if (!spool) return false;
    spool_ = std::move(*spool);
    for (const LogDamage& damage : spool_->damage()) {
      if (damage.kind != LogDamage::Kind::TornTail) broken("recovery reports " + to_text(damage));
    }
    return check_snapshots() && check_spool();
  }

  bool check_snapshots() {
    auto store = SnapshotStore::open(disk_, "/snapshots", "state");
    if (!store) return false;
    snapshots_ = std::move(*store);
    auto loaded = snapshots_->load();
    if (!loaded) return false;
    for (const std::string& problem : snapshots_->problems()) broken(problem);
    const uint64_t number = *loaded ? (*loaded)->info.number : 0;
    if (number < snapshot_answered_) broken("snapshot " + std::to_string(snapshot_answered_) + " is gone");
    if (*loaded && !snapshot_states_.contains({number, (*loaded)->state})) broken("a snapshot that nobody wrote");
    return true;
  }

  bool check_spool() {
    SpoolReader reader(*spool_, trimmed_);
    std::map<uint64_t, std::string> there;
    for (;;) {
      const auto step = reader.next();
      if (!step) return false;
      if (*step == SpoolReader::Step::End) break;
      if (*step == SpoolReader::Step::Gap) {
        broken("gap: " + to_text(reader.gap()));
        continue;
      }
      if (!take(reader.body())) return false;
      there[reader.body().sequence] = given_[reader.body().sequence];
    }
    for (const auto& [sequence, bytes] : answered_) {
      if (sequence > trimmed_.after && !there.contains(sequence)) {
        broken("body " + std::to_string(sequence) + " was answered and is gone");
      }
    }
    for (const auto& [sequence, bytes] : given_) {
      if (sequence > trimmed_.after && !there.contains(sequence)) {
        broken("body " + std::to_string(sequence) + " was read once and is gone");
      }
    }
    follower_.emplace(*spool_, reader.position());
    return true;
  }

  // Reads and checks one body. False: the disk stopped in between.
  bool take(SpooledBody& body) {
    std::string bytes, piece(1000, '\0');
    while (const size_t n = body.bytes->read(piece)) bytes.append(piece, 0, n);
    if (body.bytes->status().end != StreamEnd::Complete) {
      if (body.bytes->status().message.find("power is off") != std::string::npos) return false;
      broken(body.bytes->status().message);
    }
    const std::string name = "body " + std::to_string(body.sequence);
    if (!committed_.contains(bytes)) broken(name + " was never committed");
    const auto answered = answered_.find(body.sequence);
    if (answered != answered_.end() && answered->second != bytes) broken(name + " is another one than was answered");
    const auto [before, fresh] = given_.emplace(body.sequence, bytes);
    if (!fresh && before->second != bytes) broken(name + " is another one than was read before");
    return true;
  }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        begin();
        break;
      case 3:
      case 4:
      case 5:
        if (!open_.empty()) write(open_[below(open_.size())]);
        break;
      case 6:
      case 7:
        if (!open_.empty()) finish(below(open_.size()), below(5) != 0);
        break;
      case 8:
      case 9:
        spool_->commit().pump();
        break;
      case 10:
        read_on();
        break;
      default:
        below(2) == 0 ? snapshot() : trim();
    }
  }

  void begin() {
    auto body = spool_->begin({"c", "t", "p", Timestamp{}}, std::nullopt);
    if (!body) return;
    open_.push_back({std::move(*body), {}});
    write(open_.back());
  }

  void write(OpenBody& open) {
    std::string chunk = "body " + std::to_string(++chunks_) + ' ';
    const size_t size = below(4) == 0 ? below(5000) : below(500);
    while (chunk.size() < size) chunk += static_cast<char>(random_());
    if (open.body->write(chunk))
      open.bytes += chunk;
    else
      finish(static_cast<size_t>(&open - open_.data()), false);
  }

  void finish(size_t which, bool commit) {
    OpenBody open = std::move(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    if (!commit) return;
    committed_.insert(open.bytes);
    open.body->commit([this, bytes = open.bytes](const SpoolResult<uint64_t>& sequence) {
      if (!sequence) return;
      ++result_.answered;
      answered_[*sequence] = bytes;
    });
  }

  void read_on() {
    for (;;) {
      const auto step = follower_->next();
      if (!step || *step == SpoolReader::Step::End) return;
      if (*step == SpoolReader::Step::Gap) return broken("gap: " + to_text(follower_->gap()));
      if (!take(follower_->body())) return;
    }
  }

  // What the follower has read is done with; somebody else remembers that.
  void trim() {
    trimmed_ = follower_->position();
    if (spool_->trim(trimmed_)) return;
  }

  void snapshot() {
    std::string state = "state " + std::to_string(random_());
    while (state.size() < 5000 && below(20) != 0) state += std::string(400, static_cast<char>(random_()));
    auto writer = snapshots_->begin("note");
    if (!writer || !(*writer)->append(state)) return;
    const uint64_t next = snapshots_->kept().empty() ? 0 : snapshots_->kept().back().number;
    for (uint64_t number = next + 1; number <= next + 3; ++number) snapshot_states_.insert({number, state});
    const auto info = snapshots_->commit(std::move(*writer));
    if (info) snapshot_answered_ = info->number;
  }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  PowerLossRun result_;
  bool off_ = false;
  uint64_t chunks_ = 0;

  std::unique_ptr<Spool> spool_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::optional<SpoolReader> follower_;
  std::vector<OpenBody> open_;

  std::set<std::string> committed_;           // contents, commit() called
  std::map<uint64_t, std::string> answered_;  // by sequence: commits that returned
  std::map<uint64_t, std::string> given_;     // by sequence: bodies that a reader gave
  SpoolPosition trimmed_;
  std::set<std::pair<uint64_t, std::string>> snapshot_states_;
  uint64_t snapshot_answered_ = 0;
};

}  // namespace

PowerLossRun run_power_loss(uint64_t seed, const std::string& ignored) { return Program(seed, ignored).run(); }

}  // namespace kubevigil::test
