#include "engine/base/overlay_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/text.h"

namespace kubevigil {

struct OverlayDisk::Node {
  std::mutex mutex;
  std::unique_ptr<DiskFile> below;  // may be null
  uint64_t kept = 0;                // of its bytes
  std::string added;
};

namespace {

class OverlayFile final : public DiskFile {
 public:
  explicit OverlayFile(std::shared_ptr<OverlayDisk::Node> node) : node_(std::move(node)) {}

  uint64_t size() const override {
    const std::lock_guard hold(node_->mutex);
    return node_->kept + node_->added.size();
  }
  void reread() override {
    const std::lock_guard hold(node_->mutex);
    if (node_->below) node_->below->reread();
  }
  bool has_name(const std::string&) const override { return true; }  // nobody else sees the overlay

 protected:
  DiskResult<size_t> write_some(std::string_view bytes) override {
    const std::lock_guard hold(node_->mutex);
    node_->added += bytes;
    return bytes.size();
  }
  DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const override {
    const std::lock_guard hold(node_->mutex);
    if (offset < node_->kept) {
      return node_->below->read_at(offset, out.first(std::min<uint64_t>(out.size(), node_->kept - offset)));
    }
    if (offset - node_->kept >= node_->added.size()) return size_t{0};
    return node_->added.copy(out.data(), out.size(), offset - node_->kept);
  }
  DiskResult<void> sync_once(std::source_location) override { return {}; }
  DiskResult<void> truncate_once(uint64_t size) override {
    const std::lock_guard hold(node_->mutex);
    node_->added.resize(size > node_->kept ? size - node_->kept : 0);
    node_->kept = std::min(node_->kept, size);
    return {};
  }
  DiskResult<void> allocate_once(uint64_t bytes) override {
    const std::lock_guard hold(node_->mutex);
    node_->added.append(bytes, '\0');
    return {};
  }

 private:
  const std::shared_ptr<OverlayDisk::Node> node_;
};

tl::unexpected<DiskError> missing(const std::string& path) {
  return disk_fail(DiskFault::Missing, "there is no " + printable(path));
}

}  // namespace

DiskResult<std::shared_ptr<OverlayDisk::Node>> OverlayDisk::find(const std::string& path) {
  const auto known = names_.find(path);
  if (known != names_.end() && known->second == nullptr) return missing(path);
  if (known != names_.end()) return known->second;
  auto file = below_.open(path);
  if (!file) return tl::unexpected(file.error());
  auto node = std::make_shared<Node>();
  node->kept = (*file)->size();
  node->below = std::move(*file);
  names_[path] = node;
  return node;
}

DiskResult<std::unique_ptr<DiskFile>> OverlayDisk::create(const std::string& path) {
  const std::lock_guard hold(mutex_);
  const auto there = find(path);
  if (there) return disk_fail(DiskFault::Exists, fmt::format("{} is there already", printable(path)));
  if (there.error().fault != DiskFault::Missing) return tl::unexpected(there.error());
  return std::make_unique<OverlayFile>(names_[path] = std::make_shared<Node>());
}

DiskResult<std::unique_ptr<DiskFile>> OverlayDisk::open(const std::string& path) {
  const std::lock_guard hold(mutex_);
  const auto node = find(path);
  if (!node) return tl::unexpected(node.error());
  return std::make_unique<OverlayFile>(*node);
}

DiskResult<void> OverlayDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard hold(mutex_);
  const auto node = find(from);
  if (!node) return tl::unexpected(node.error());
  names_[from] = nullptr;
  names_[to] = *node;
  return {};
}

DiskResult<void> OverlayDisk::remove(const std::string& path) {
  const std::lock_guard hold(mutex_);
  if (const auto node = find(path); !node) return tl::unexpected(node.error());
  names_[path] = nullptr;
  return {};
}

DiskResult<std::vector<std::string>> OverlayDisk::list(const std::string& folder) {
  const std::lock_guard hold(mutex_);
  const auto below = below_.list(folder);
  if (!below && below.error().fault != DiskFault::Missing) return below;
  std::set<std::string> names;
  if (below) names.insert(below->begin(), below->end());
  const std::string begin = folder + "/";
  for (const auto& [path, node] : names_) {
    if (!path.starts_with(begin) || path.find('/', begin.size()) != std::string::npos) continue;
    if (node != nullptr) {
      names.insert(path.substr(begin.size()));
    } else {
      names.erase(path.substr(begin.size()));
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

DiskResult<void> OverlayDisk::make_folder(const std::string&) { return {}; }
DiskResult<void> OverlayDisk::sync_folder(const std::string&, std::source_location) { return {}; }
DiskResult<uint64_t> OverlayDisk::free_bytes(const std::string&) { return uint64_t{1} << 62; }
DiskResult<std::unique_ptr<DiskLock>> OverlayDisk::lock(const std::string& path) { return below_.lock(path); }

}  // namespace kubevigil
