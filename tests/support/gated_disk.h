// GatedDisk: another Disk whose files sync only while the gate is open; a disk that hangs, and comes back.
#pragma once

#include <condition_variable>
#include <mutex>

#include "engine/base/disk.h"

namespace kubevigil::test {

class GatedDisk final : public Disk {
 public:
  explicit GatedDisk(Disk& disk) : disk_(disk) {}
  ~GatedDisk() override { open_gate(); }

  void close_gate() {
    const std::lock_guard hold(gate_.mutex);
    gate_.open = false;
  }
  void open_gate() {
    const std::lock_guard hold(gate_.mutex);
    gate_.open = true;
    gate_.changed.notify_all();
  }
  // Syncs that wait at the gate now.
  int waiting() const {
    const std::lock_guard hold(gate_.mutex);
    return gate_.waiting;
  }

  DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) override { return gated(disk_.create(path)); }
  DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) override { return gated(disk_.open(path)); }
  DiskResult<void> rename(const std::string& from, const std::string& to) override { return disk_.rename(from, to); }
  DiskResult<void> remove(const std::string& path) override { return disk_.remove(path); }
  DiskResult<std::vector<std::string>> list(const std::string& folder) override { return disk_.list(folder); }
  DiskResult<void> make_folder(const std::string& folder) override { return disk_.make_folder(folder); }
  DiskResult<void> sync_folder(const std::string& folder, std::source_location place) override {
    return disk_.sync_folder(folder, place);
  }
  DiskResult<uint64_t> free_bytes(const std::string& folder) override { return disk_.free_bytes(folder); }
  DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override { return disk_.lock(path); }

 private:
  struct Gate {
    mutable std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    int waiting = 0;
  };

  class File final : public DiskFile {
   public:
    File(std::unique_ptr<DiskFile> file, Gate& gate) : file_(std::move(file)), gate_(gate) {}
    void reread() override { file_->reread(); }
    uint64_t size() const override { return file_->size(); }
    bool has_name(const std::string& path) const override { return file_->has_name(path); }

   protected:
    DiskResult<size_t> write_some(std::string_view bytes) override {
      if (auto done = file_->append(bytes); !done) return tl::unexpected(done.error());
      return bytes.size();
    }
    DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const override {
      return file_->read_at(offset, out);
    }
    DiskResult<void> sync_once(std::source_location place) override {
      {
        std::unique_lock hold(gate_.mutex);
        ++gate_.waiting;
        gate_.changed.wait(hold, [&] { return gate_.open; });
        --gate_.waiting;
      }
      return file_->sync(place);
    }
    DiskResult<void> truncate_once(uint64_t size) override { return file_->truncate(size); }
    DiskResult<void> allocate_once(uint64_t bytes) override { return file_->allocate(bytes); }

   private:
    const std::unique_ptr<DiskFile> file_;
    Gate& gate_;
  };

  DiskResult<std::unique_ptr<DiskFile>> gated(DiskResult<std::unique_ptr<DiskFile>> file) {
    if (!file) return file;
    return std::make_unique<File>(std::move(*file), gate_);
  }

  Disk& disk_;
  Gate gate_;
};

}  // namespace kubevigil::test
