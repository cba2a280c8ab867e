#include "tests/support/simulated_disk.h"

#include <algorithm>
#include <cstring>

namespace kubevigil::test {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSector = 512;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string text_of(std::source_location place) {
  const std::string file = place.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(place.line());
}
tl::unexpected<DiskError> power_is_off() { return disk_fail(DiskFault::Failed, "power is off"); }

}  // namespace

class SimulatedFile final : public DiskFile {
 public:
  SimulatedFile(SimulatedDisk& disk, std::shared_ptr<SimulatedDisk::Node> node)
      : disk_(disk), node_(std::move(node)), life_(disk.life_) {}

  uint64_t size() const override {
    const std::lock_guard hold(disk_.mutex_);
    return node_->memory.size();
  }
  bool has_name(const std::string& path) const override {
    const std::lock_guard hold(disk_.mutex_);
    const auto found = disk_.names_.find(path);
    return found != disk_.names_.end() && found->second == node_;
  }
  void reread() override {  // what is dirty stays in memory
    const std::lock_guard hold(disk_.mutex_);
    std::string fresh = node_->disk;
    fresh.resize(node_->memory.size());
    for (const size_t page : node_->dirty) {
      const size_t n = std::min(kPage, node_->memory.size() - page * kPage);
      fresh.replace(page * kPage, n, node_->memory, page * kPage, n);
    }
    node_->memory = std::move(fresh);
  }

 protected:
  DiskResult<size_t> write_some(std::string_view bytes) override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ != disk_.life_) return power_is_off();
    return disk_.write(*node_, bytes);
  }
  DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ != disk_.life_ || disk_.off_) return power_is_off();
    if (offset >= node_->memory.size()) return size_t{0};
    const size_t n = std::min<size_t>(out.size(), node_->memory.size() - offset);
    std::memcpy(out.data(), node_->memory.data() + offset, n);
    return n;
  }
  DiskResult<void> sync_once(std::source_location place) override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ != disk_.life_) return power_is_off();
    return disk_.sync(*node_, place);
  }
  DiskResult<void> truncate_once(uint64_t size) override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ != disk_.life_) return power_is_off();
    if (auto ok = disk_.plain("truncate"); !ok) return ok;
    node_->memory.resize(size);
    node_->dirty.erase(node_->dirty.lower_bound((size + kPage - 1) / kPage), node_->dirty.end());
    return {};
  }
  DiskResult<void> allocate_once(uint64_t bytes) override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ != disk_.life_) return power_is_off();
    if (auto ok = disk_.plain("allocate"); !ok) return ok;
    if (disk_.used() + bytes > disk_.capacity_) return disk_fail(DiskFault::Full, "no space left on device");
    node_->memory.resize(node_->memory.size() + bytes);
    return {};
  }

 private:
  SimulatedDisk& disk_;
  std::shared_ptr<SimulatedDisk::Node> node_;
  uint64_t life_;
};

class SimulatedLock final : public DiskLock {
 public:
  SimulatedLock(SimulatedDisk& disk, std::string path) : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
  ~SimulatedLock() override {
    const std::lock_guard hold(disk_.mutex_);
    if (life_ == disk_.life_) disk_.locks_.erase(path_);
  }
  SimulatedLock(const SimulatedLock&) = delete;
  SimulatedLock& operator=(const SimulatedLock&) = delete;

 private:
  SimulatedDisk& disk_;
  std::string path_;
  uint64_t life_;
};

void SimulatedDisk::fault_at(uint64_t operation, Fault fault) {
  const std::lock_guard hold(mutex_);
  faults_[operations_ + operation] = fault;
}

uint64_t SimulatedDisk::operations() const {
  const std::lock_guard hold(mutex_);
  return operations_;
}

void SimulatedDisk::set_capacity(uint64_t bytes) {
  const std::lock_guard hold(mutex_);
  capacity_ = bytes;
}

void SimulatedDisk::ignore_sync(const std::string& place) { ignored_.insert(place); }

std::set<std::string> SimulatedDisk::sync_places() const {
  const std::lock_guard hold(mutex_);
  return places_;
}

DiskResult<std::optional<Fault>> SimulatedDisk::begin() {
  if (off_) return power_is_off();
  const auto found = faults_.find(++operations_);
  if (found == faults_.end()) return std::optional<Fault>();
  const Fault fault = found->second;
  faults_.erase(found);
  if (fault == Fault::PowerOff) off_ = true;
  return std::optional(fault);
}

DiskResult<void> SimulatedDisk::plain(const std::string& what) {
  const auto fault = begin();
  if (!fault) return tl::unexpected(fault.error());
  if (*fault == Fault::PowerOff) return power_is_off();
  if (*fault == Fault::Broken) return disk_fail(DiskFault::Failed, what + ": input/output error");
  if (*fault == Fault::Full) return disk_fail(DiskFault::Full, what + ": no space left on device");
  return {};
}

uint64_t SimulatedDisk::used_bytes() const {
  const std::lock_guard hold(mutex_);
  return used();
}

uint64_t SimulatedDisk::used() const {
  uint64_t sum = 0;
  for (const auto& [name, node] : names_) sum += node->memory.size();
  return sum;
}

DiskResult<size_t> SimulatedDisk::write(Node& node, std::string_view bytes) {
  const auto fault = begin();
  if (!fault) return tl::unexpected(fault.error());
  if (*fault == Fault::Interrupt) return size_t{0};
  const uint64_t in_use = used();
  const uint64_t room = in_use < capacity_ ? capacity_ - in_use : 0;
  const size_t stored = std::min<uint64_t>(fault->has_value() ? (bytes.size() + 1) / 2 : bytes.size(), room);
  const size_t from = node.memory.size();
  node.memory += bytes.substr(0, stored);
  for (size_t page = from / kPage; stored > 0 && page <= (node.memory.size() - 1) / kPage; ++page) {
    node.dirty.insert(page);
  }
  if (*fault == Fault::PowerOff) return power_is_off();
  if (*fault == Fault::Broken) return disk_fail(DiskFault::Failed, "write: input/output error");
  if (*fault == Fault::Full || stored == 0) return disk_fail(DiskFault::Full, "write: no space left on device");
  return stored;
}

bool SimulatedDisk::ignored(std::source_location place) {
  places_.insert(text_of(place));
  return ignored_.contains(text_of(place));
}

DiskResult<void> SimulatedDisk::sync(Node& node, std::source_location place) {
  if (ignored(place)) return {};
  const auto fault = begin();
  if (!fault) return tl::unexpected(fault.error());
  if (*fault == Fault::PowerOff) return power_is_off();
  if (*fault == Fault::Broken || *fault == Fault::Full) {
    node.dirty.clear();
    return disk_fail(DiskFault::Failed, "sync: input/output error");
  }
  node.disk.resize(node.memory.size());
  for (const size_t page : node.dirty) {
    const size_t n = std::min(kPage, node.memory.size() - page * kPage);
    node.disk.replace(page * kPage, n, node.memory, page * kPage, n);
  }
  node.dirty.clear();
  return {};
}

void SimulatedDisk::apply(Names& names, const NameChange& change) {
  if (!change.gone.empty()) names.erase(change.gone);
  if (!change.name.empty()) names[change.name] = change.node;
}

void SimulatedDisk::lose(Node& node, double kept, std::mt19937_64& random) {
  const auto coin = [&](double p) { return std::uniform_real_distribution<>(0, 1)(random) < p; };
  const size_t small = std::min(node.disk.size(), node.memory.size());
  const size_t large = std::max(node.disk.size(), node.memory.size());
  size_t size = coin(kept) ? node.memory.size() : node.disk.size();
  if (coin(0.2)) size = std::uniform_int_distribution<size_t>(small, large)(random);
  std::string after = node.disk;
  const bool rubbish = coin(0.25);
  while (after.size() < large) after += rubbish ? static_cast<char>(random()) : '\0';
  for (const size_t page : node.dirty) {
    if (!coin(kept)) continue;
    size_t n = std::min(kPage, node.memory.size() - page * kPage);
    if (coin(0.3)) n = std::min(n, kSector * std::uniform_int_distribution<size_t>(0, kPage / kSector)(random));
    after.replace(page * kPage, n, node.memory, page * kPage, n);
  }
  after.resize(size);
  node.disk = node.memory = std::move(after);
  node.dirty.clear();
}

void SimulatedDisk::lose_power(uint64_t seed) {
  const std::lock_guard hold(mutex_);
  std::mt19937_64 random(seed);
  const double kKept[] = {0, 0.3, 0.5, 0.8, 1};
  const double kept = kKept[random() % std::size(kKept)];
  const double kept_names = kKept[random() % std::size(kKept)];
  for (const auto& [folder, changes] : pending_) {
    for (const NameChange& change : changes) {
      if (std::uniform_real_distribution<>(0, 1)(random) < kept_names) apply(disk_names_, change);
    }
  }
  pending_.clear();
  names_ = disk_names_;
  std::set<Node*> done;  // a node may have two names now
  for (const auto& [name, node] : names_) {
    if (done.insert(node.get()).second) lose(*node, kept, random);
  }
  locks_.clear();
  faults_.clear();
  ++life_;
  off_ = false;
}

void SimulatedDisk::kill_process() {
  const std::lock_guard hold(mutex_);
  locks_.clear();
  faults_.clear();
  ++life_;
  off_ = false;
}

std::string SimulatedDisk::content(const std::string& path) const {
  const std::lock_guard hold(mutex_);
  return names_.at(path)->memory;
}

void SimulatedDisk::set_content(const std::string& path, std::string bytes) {
  const std::lock_guard hold(mutex_);
  auto& node = names_[path];
  if (!node) node = std::make_shared<Node>();
  disk_names_[path] = node;
  node->memory = node->disk = std::move(bytes);
  node->dirty.clear();
}

std::vector<std::string> SimulatedDisk::paths() const {
  const std::lock_guard hold(mutex_);
  std::vector<std::string> all;
  for (const auto& [name, node] : names_) all.push_back(name);
  return all;
}

DiskResult<std::unique_ptr<DiskFile>> SimulatedDisk::create(const std::string& path) {
  const std::lock_guard hold(mutex_);
  if (auto ok = plain("create"); !ok) return tl::unexpected(ok.error());
  if (names_.contains(path)) return disk_fail(DiskFault::Exists, path + " is there");
  const NameChange change{"", path, std::make_shared<Node>()};
  apply(names_, change);
  pending_[folder_of(path)].push_back(change);
  return std::make_unique<SimulatedFile>(*this, change.node);
}

DiskResult<std::unique_ptr<DiskFile>> SimulatedDisk::open(const std::string& path) {
  const std::lock_guard hold(mutex_);
  if (off_) return power_is_off();
  const auto found = names_.find(path);
  if (found == names_.end()) return disk_fail(DiskFault::Missing, "no file " + path);
  return std::make_unique<SimulatedFile>(*this, found->second);
}

DiskResult<void> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard hold(mutex_);
  if (auto ok = plain("rename"); !ok) return ok;
  const auto found = names_.find(from);
  if (found == names_.end()) return disk_fail(DiskFault::Missing, "no file " + from);
  const NameChange change{from, to, found->second};
  apply(names_, change);
  pending_[folder_of(to)].push_back(change);
  return {};
}

DiskResult<void> SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard hold(mutex_);
  if (auto ok = plain("remove"); !ok) return ok;
  if (!names_.contains(path)) return disk_fail(DiskFault::Missing, "no file " + path);
  const NameChange change{path, "", nullptr};
  apply(names_, change);
  pending_[folder_of(path)].push_back(change);
  return {};
}

DiskResult<std::vector<std::string>> SimulatedDisk::list(const std::string& folder) {
  const std::lock_guard hold(mutex_);
  if (off_) return power_is_off();
  std::vector<std::string> names;
  for (const auto& [path, node] : names_) {
    if (folder_of(path) == folder) names.push_back(path.substr(folder.size() + 1));
  }
  return names;
}

DiskResult<void> SimulatedDisk::make_folder(const std::string&) {
  const std::lock_guard hold(mutex_);
  return plain("make folder");
}

DiskResult<void> SimulatedDisk::sync_folder(const std::string& folder, std::source_location place) {
  const std::lock_guard hold(mutex_);
  if (ignored(place)) return {};
  if (auto ok = plain("sync folder"); !ok) return ok;
  for (const NameChange& change : pending_[folder]) apply(disk_names_, change);
  pending_[folder].clear();
  return {};
}

DiskResult<uint64_t> SimulatedDisk::free_bytes(const std::string&) {
  const std::lock_guard hold(mutex_);
  if (off_) return power_is_off();
  const uint64_t in_use = used();
  return in_use < capacity_ ? capacity_ - in_use : 0;
}

DiskResult<std::unique_ptr<DiskLock>> SimulatedDisk::lock(const std::string& path) {
  const std::lock_guard hold(mutex_);
  if (off_) return power_is_off();
  if (!locks_.insert(path).second) return disk_fail(DiskFault::Locked, path + " is locked");
  return std::make_unique<SimulatedLock>(*this, path);
}

}  // namespace kubevigil::test
